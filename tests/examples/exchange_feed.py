#!/usr/bin/env python3
"""Runs the exchange_feed example against a stand-in for the exchange, whose second connection goes
on where the first was cut off: over ws, and over wss where the program has TLS. Whether it must have
it can be said. Usage: exchange_feed.py PROGRAM [tls | no_tls]
"""

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

FIRST = [
    '{"result":null,"id":1}',
    '{"e":"trade","s":"BTCUSDT","p":"100.5","q":"2","T":1700000000100}',
    '{"e":"trade","s":"ETHUSDT","p":"10.25","q":"4","T":1700000000200}',
    '{"e":"trade","s":"BTCUSDT","p":"101.5","q":"0.5","T":1700000000900}',
]
SECOND = [
    '{"e":"trade","s":"BTCUSDT","p":"99.75","q":"1","T":1700000000950}',
    '{"e":"trade","s":"BTCUSDT","p":"oops","q":"1","T":1700000000960}',
    '{"e":"trade","s":"BTCUSDT","p":"102","q":"1","T":1700000001100}',
]
BARS = [
    "BTCUSDT open 100.5 high 101.5 low 99.75 close 99.75 volume 3.5",
    "BTCUSDT open 102 high 102 low 102 close 102 volume 1",
    "ETHUSDT open 10.25 high 10.25 low 10.25 close 10.25 volume 4",
]


def read(peer, size):
    data = b""
    while len(data) < size:
        piece = peer.recv(size - len(data))
        assert piece, "the client has gone"
        data += piece
    return data


def upgrade(peer):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read(peer, 1)
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head).group(1)
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + base64.b64encode(digest) +
                 b"\r\n\r\n")


def read_short_frame(peer):
    first, second = read(peer, 2)
    assert second & 0x80 and second & 0x7F < 126
    mask = read(peer, 4)
    payload = read(peer, second & 0x7F)
    return first, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def play(listener, lines, close, tls):
    peer, _ = listener.accept()
    peer.settimeout(20)
    if tls:
        peer = tls.wrap_socket(peer, server_side=True)
    with peer:
        upgrade(peer)
        first, subscription = read_short_frame(peer)
        assert first == 0x81 and json.loads(subscription)["method"] == "SUBSCRIBE"
        for line in lines:
            peer.sendall(bytes([0x81, len(line)]) + line.encode())
        if close:
            peer.sendall(b"\x88\x02\x03\xe8")
            assert read_short_frame(peer) == (0x88, b"\x03\xe8")
        elif tls:  # says that it ends; the client leaves without a word
            with contextlib.suppress(OSError):
                peer.unwrap()


def check_feed(program, scheme, arguments=(), tls=None):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/ws"
        feed = subprocess.Popen([program, url, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        try:
            play(listener, FIRST, False, tls)
            play(listener, SECOND, True, tls)
            out, errors = feed.communicate(timeout=20)
        finally:
            feed.kill()
    assert feed.returncode == 0, errors
    assert errors == "connection lost\n", errors
    assert sorted(out.splitlines()) == BARS, out


def check_feed_over_tls(program):
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = os.path.join(folder, "server.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=exchange", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                        "-out", certificate], check=True, capture_output=True, timeout=20)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        check_feed(program, "wss", [certificate], tls)
        check_distrust(program, tls)


def check_distrust(program, tls):
    """Without the authority's file the same server is not believed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        feed = subprocess.Popen([program, f"wss://127.0.0.1:{listener.getsockname()[1]}/ws"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            peer, _ = listener.accept()
            peer.settimeout(20)
            with peer, tls.wrap_socket(peer, server_side=True) as secure:
                read(secure, 1)
            raise AssertionError("the client has spoken")
        except ssl.SSLError:
            assert "certificate" in feed.stderr.readline()
        finally:
            feed.kill()
            feed.communicate()


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20)


def main(program, expected=None):
    check_feed(program, "ws")

    wrong = run(program, "http://127.0.0.1/")
    assert wrong.returncode == 1 and "is no WebSocket URL" in wrong.stderr, wrong

    has_tls = "wss:// is there" in run(program, "--help").stdout
    assert expected is None or has_tls == (expected == "tls")
    if not has_tls:
        refused = run(program, "wss://127.0.0.1:1/ws")
        assert refused.returncode == 1 and "built without" in refused.stderr, refused
    elif shutil.which("openssl"):
        check_feed_over_tls(program)


if __name__ == "__main__":
    main(*sys.argv[1:])
