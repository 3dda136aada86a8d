#!/usr/bin/env python3
"""Runs an example of a pipeline behind another library's server, and talks to both.
Usage: behind_server.py PROGRAM
"""

import contextlib
import json
import re
import signal
import socket
import struct
import subprocess
import sys

import websocket

SECONDS, STEP = 12000, 100


def trade(symbol, price, second, millisecond=0):
    minutes, seconds = divmod(second, 60)
    return {"symbol": symbol, "price": price, "size": 1,
            "time": f"2026-01-05T{9 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{millisecond:03}Z"}


def connect(port, path, **options):
    return websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=30, **options)


def close_code(peer):
    opcode, data = peer.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE, (opcode, data)
    peer.shutdown()  # `close` leaves the socket open where the server closed first
    return struct.unpack("!H", data[:2])[0]


def bars_until(peer, symbol, close):
    """What comes, up to the bar of that symbol and price."""
    bars = []
    while not bars or (bars[-1]["symbol"], bars[-1]["close"]) != (symbol, close):
        bars.append(json.loads(peer.recv()))
    return bars


def check_own_work(port):
    """The server does what it did before, and knows no other paths."""
    with contextlib.closing(connect(port, "/echo")) as peer:
        peer.send("as before")
        assert peer.recv() == "as before"


def check_bad_input(port):
    for path, send in (("/trades", lambda peer: peer.send_binary(b"{}")),
                       ("/bars", lambda peer: peer.send("{}"))):
        with contextlib.closing(connect(port, path)) as peer:
            send(peer)
            assert close_code(peer) == 1003
    with contextlib.closing(connect(port, "/trades")) as peer:
        peer.send(json.dumps([trade("BAD", "much", 0), {"symbol": "BAD"}]))
        errors = [json.loads(peer.recv())["error"] for _ in range(2)]
        assert [(e["index"], e["code"]) for e in errors] == [(0, "wrong type"), (1, "missing field")], errors


def check_bars(port):
    small = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)
    everything, acme, slow = (connect(port, path, sockopt=options) for path, options in
                              (("/bars", ()), ("/bars?key=ACME", ()), ("/bars", small)))
    sender = connect(port, "/trades")
    count = 0
    for begin in range(0, SECONDS, STEP):
        symbols = "B", "ACME"
        sender.send(json.dumps([trade(symbol, second, second)
                                for second in range(begin, begin + STEP) for symbol in symbols]))
        sender.send(json.dumps(trade("END", 0, begin + STEP - 1, 999)))
        # A bar closes when the next second begins.
        last = begin + STEP - 2
        bars = bars_until(everything, "ACME", last)
        assert {bar["symbol"] for bar in bars_until(acme, "ACME", last)} == {"ACME"}
        count += sum(bar["symbol"] != "END" for bar in bars)
    assert count == 2 * (SECONDS - 1), count

    # Who did not read held up nobody, has lost the oldest, and gets the newest.
    late = bars_until(slow, "ACME", SECONDS - 2)
    assert len(late) < count, "nothing was dropped"
    order = [bar["start"] for bar in late]
    assert order == sorted(order)
    for each in (acme, slow, sender):
        each.close()
    return everything


def main(program):
    server = subprocess.Popen([program, "0"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(re.fullmatch(r"port (\d+)\n", server.stdout.readline()).group(1))
        check_own_work(port)
        check_bad_input(port)
        follower = check_bars(port)
        check_own_work(port)
        server.send_signal(signal.SIGTERM)
        assert {json.loads(follower.recv())["symbol"] for _ in range(3)} == {"ACME", "B", "END"}
        assert close_code(follower) == 1001
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(sys.argv[1])
