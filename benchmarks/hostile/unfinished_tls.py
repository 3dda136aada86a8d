#!/usr/bin/env python3
"""How long a TLS server keeps connections whose handshake is never finished.

Usage: unfinished_tls.py TLS_SERVER [CONNECTIONS]

TLS_SERVER is tests/interop's tls_server. Each connection sends the begin of a ClientHello and then
nothing; half of them not even that. Prints when the first and the last was ended, at most 90 s, and
what another client gets meanwhile.
"""

import pathlib
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "interop"))
from certificates import Authority  # noqa: E402

server_program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
folder = tempfile.TemporaryDirectory()
authority = Authority(folder.name)
authority.issue("server", "server", "subjectAltName=DNS:localhost")
server = subprocess.Popen(
    [server_program, authority.file("server.pem"), authority.file("server.key"),
     authority.file("ca.pem")], stdout=subprocess.PIPE, text=True)
port = int(server.stdout.readline())


def health():
    """The status of an honest request, or the error."""
    context = ssl.create_default_context(cafile=authority.file("ca.pem"))
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=3) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as wire:
                wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return wire.recv(1000).split(b"\r\n")[0].decode()
    except OSError as error:
        return repr(error)


try:
    start = time.monotonic()
    waiting = {}
    for i in range(count):
        hostile = socket.create_connection(("127.0.0.1", port))
        if i % 2 == 0:
            hostile.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        waiting[hostile.fileno()] = hostile
    print(f"another client meanwhile: {health()}")
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    ended = []
    while waiting and time.monotonic() - start < 90:
        for descriptor, _ in poll.poll(1000):
            try:
                is_ended = not waiting[descriptor].recv(4096)
            except OSError:
                is_ended = True
            if is_ended:
                poll.unregister(descriptor)
                waiting.pop(descriptor).close()
                ended.append(time.monotonic() - start)
    print(f"{len(ended)} of {count} were ended, the first after {min(ended, default=0):.1f} s, "
          f"the last after {max(ended, default=0):.1f} s")
finally:
    server.terminate()
    server.wait()
