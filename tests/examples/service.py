#!/usr/bin/env python3
"""Runs the service example as systemd does: readiness and watchdog over a notify socket, a socket
handed over, settings from the environment, the access log rotated, and the end in good order.
Usage: service.py PROGRAM
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

SYSTEMD = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID",
           "LISTEN_FDNAMES")


class Service:
    def __init__(self, program, handed_over=None, **settings):
        env = {k: v for k, v in os.environ.items() if k not in SYSTEMD}
        env.update({k: str(v) for k, v in settings.items()})
        command, fds = [program], ()
        if handed_over is not None:
            # systemd's file descriptors begin at 3, and are for one process alone.
            env.update(LISTEN_FDS="1", LISTEN_FDNAMES="prices")
            script = f'exec env LISTEN_PID=$$ "$0" 3<&{handed_over.fileno()}'
            command, fds = ["/bin/sh", "-c", script, program], (handed_over.fileno(),)
        self.process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True,
                                        pass_fds=fds)

    def port(self):
        for line in self.process.stderr:
            if found := re.search(r" started .*, port (\d+)", line):
                return int(found.group(1))
        raise AssertionError("it did not say where it listens")

    def end(self, with_signal=signal.SIGTERM):
        self.process.send_signal(with_signal)
        rest = self.process.stderr.read()
        return self.process.wait(20), rest


def get(port, path, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def wait_for(inbox, wanted):
    while (got := inbox.recv(1000)) != wanted:
        assert got in (b"READY=1", b"WATCHDOG=1", b"STOPPING=1"), got


def as_systemd_runs_it(program, folder):
    inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inbox.settimeout(20)
    inbox.bind(folder + "/notify")
    opened = socket.create_server(("127.0.0.1", 0))
    log = folder + "/access.log"
    service = Service(program, opened, NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC=100_000,
                      PRICES_ADDRESS="systemd:prices", PRICES_LOOPS=2, PRICES_ACCESS_LOG=log,
                      PRICES_TOKENS="desk:s3cret,other:t0ken")
    port = opened.getsockname()[1]
    wait_for(inbox, b"READY=1")
    for _ in range(3):
        wait_for(inbox, b"WATCHDOG=1")
    assert get(port, "/healthz") == 200
    assert get(port, "/api/topics") == 401
    assert get(port, "/api/topics?token=s3cret", {"User-Agent": "test"}) == 200

    os.rename(log, log + ".1")
    service.process.send_signal(signal.SIGHUP)
    while not os.path.exists(log):
        assert get(port, "/healthz") == 200
    assert get(port, "/api/topics", {"Authorization": "Bearer t0ken"}) == 200
    status, rest = service.end()
    wait_for(inbox, b"STOPPING=1")
    assert status == 0, rest
    assert " stopped " in rest, rest
    with open(log + ".1") as old, open(log) as new:
        lines = old.read() + new.read()
    assert re.search(r'127\.0\.0\.1 - desk .* "GET /api/topics\?token=\*\*\* HTTP/1\.1" 200 \d+ '
                     r'"-" "test"', lines), lines
    assert re.search(r'- other .* "GET /api/topics HTTP/1\.1" 200 ', lines), lines
    assert "s3cret" not in lines + rest


def by_hand(program):
    service = Service(program, PRICES_PORT=0)
    assert get(service.port(), "/api/topics") == 200
    assert service.end(signal.SIGINT)[0] == 0


def with_nonsense(program):
    for name, value, part in (("PRICES_PORT", "http", "not such a number"),
                              ("PRICES_TOKENS", "desk", "name:token"),
                              ("PRICES_ACCESS_LOG", "/no/such/folder/log", "/no/such/folder/log"),
                              ("PRICES_ADDRESS", "systemd:other", "systemd:other")):
        service = Service(program, **{name: value})
        error = service.process.stderr.read()
        assert service.process.wait(20) == 2 and part in error, (name, error)


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        as_systemd_runs_it(program, folder)
    by_hand(program)
    with_nonsense(program)


if __name__ == "__main__":
    main(sys.argv[1])
