#!/usr/bin/env python3
"""Runs the README's program as it is printed and talks to it. Usage: quick_start.py PROGRAM

The program listens on port 8080. So that the test depends on no port of the machine, it runs in a
network namespace of its own, which has nothing but a loopback.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

import websocket

SKIPPED = 77
TRADES = [
    {"symbol": "ACME", "price": 101.25, "size": 100, "time": "2026-01-05T09:30:00.100Z"},
    {"symbol": "ACME", "price": 101.5, "size": 50, "time": "2026-01-05T09:30:00.700Z"},
    {"symbol": "ACME", "price": 250, "size": 0, "time": "2026-01-05T09:30:00.800Z"},
    {"symbol": "ACME", "price": 101, "size": 10, "time": "2026-01-05T09:30:01.100Z"},
    {"symbol": "ACME", "price": 102, "size": 5, "time": "2026-01-05T09:30:00.900Z"},
]
BAR = {"symbol": "ACME", "start": "2026-01-05T09:30:00Z", "end": "2026-01-05T09:30:01Z",
       "open": 101.25, "high": 101.5, "low": 101.25, "close": 101.5, "volume": 150,
       "change": "insert", "revision": 0, "final": False, "trigger": "watermark",
       "watermark": "2026-01-05T09:30:01.100Z", "late": 0}
CORRECTED = BAR | {"high": 102, "close": 102, "volume": 155, "change": "update", "revision": 1,
                   "trigger": "late"}


def enter_namespace(arguments):
    """Starts this script again where port 8080 is free, or says why not."""
    for how in (["--net"], ["--map-root-user", "--net"]):
        inside = ["unshare", *how, "--", sys.executable, __file__, *arguments, "inside"]
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run(["unshare", *how, "--", "true"], stderr=subprocess.DEVNULL,
                              check=False).returncode == 0:
                os.execvp("unshare", inside)
    print("SKIPPED: this machine gives no network namespace, and a fixed port is no place to test")
    return SKIPPED


def raise_loopback():
    get_flags, set_flags, is_up = 0x8913, 0x8914, 0x1
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", flags | is_up))


def connect(path):
    deadline = time.monotonic() + 20
    while True:
        try:
            return websocket.create_connection(f"ws://localhost:8080{path}", timeout=20)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise


def main(program):
    raise_loopback()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([program], cwd=folder)
        try:
            bars, trades = connect("/bars"), connect("/trades")
            for trade in TRADES:
                trades.send(json.dumps(trade))
            assert json.loads(bars.recv()) == BAR
            assert json.loads(bars.recv()) == CORRECTED
        finally:
            server.send_signal(signal.SIGTERM)
            status = server.wait(20)
        assert status == 0, status
        database = sqlite3.connect(pathlib.Path(folder) / "bars.db")
        rows = database.execute("select symbol, open, high, low, close, volume, revision "
                                "from bars order by start").fetchall()
        assert rows == [("ACME", 101.25, 102, 101.25, 102, 155, 2),
                        ("ACME", 101, 101, 101, 101, 10, 0)], rows
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if sys.argv[2:] else enter_namespace(sys.argv[1:]))
