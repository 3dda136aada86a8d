#!/usr/bin/env python3
"""Feeds the service example the same trades in three ways: at once, slowly, and while its process is
stopped for seconds with trades waiting in its socket. Its final records are each time what a batch
computation gives: neither a pause nor silence makes anything late.
Usage: pauses.py PROGRAM
"""

import json
import os
import random
import signal
import sys
import time

import websocket
from service import Service

SECOND, LATENESS = 1000, 250


def make_trades(seed, count=1500):
    """In milliseconds: some 15 s of event time, a tenth of the trades too late."""
    source = random.Random(seed)
    begin = int(time.time()) * 1000 - 120_000
    trades = []
    for i in range(count):
        back = source.randrange(1800) if source.random() < 0.2 else source.randrange(60)
        trades.append((source.choice("AB"), source.randrange(1, 100), begin + 10 * i - back))
    # Behind these all windows are over.
    return trades + [(key, 1, begin + 10 * count + 60_000) for key in "AB"]


def batch(trades):
    watermark, late, windows = None, 0, {}
    for key, size, at in trades:
        start = at // SECOND * SECOND
        watermark = at if watermark is None else max(watermark, at)
        if start + SECOND + LATENESS <= watermark:
            late += 1
        else:
            windows[key, start] = windows.get((key, start), 0) + size
    last = trades[-1][2] // SECOND * SECOND
    return {at: volume for at, volume in windows.items() if at[1] != last}, late


def connect(port, path):
    return websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=30)


def millis(text):
    head, fraction = text.rstrip("Z").partition(".")[::2]
    whole = time.strptime(head, "%Y-%m-%dT%H:%M:%S")
    return (int(time.mktime(whole)) - time.timezone) * 1000 + int((fraction + "000")[:3])


def feed(program, trades, expected, between):
    service = Service(program, PRICES_PORT=0)
    port = service.port()
    prices, sender = connect(port, "/prices"), connect(port, "/trades")
    for number, (key, size, at) in enumerate(trades):
        between(service.process, number)
        sender.send(json.dumps({"symbol": key, "price": 1, "size": size,
                                "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000))
                                + f".{at % 1000:03}Z"}))
    finals = {}
    while len(finals) < len(expected):
        record = json.loads(prices.recv())
        if record["final"]:
            at = (record["symbol"], millis(record["start"]))
            assert at not in finals, record
            finals[at] = record["volume"]
    late = record["late"]
    status, log = service.end()
    assert status == 0, log
    return finals, late


def main(program):
    os.environ["TZ"] = "UTC"
    time.tzset()
    seed = int(os.environ.get("MILLRACE_SEED", time.time_ns() % 1_000_000))
    print("seed", seed)
    trades = make_trades(seed)
    expected, late = batch(trades)
    assert late > 20

    def at_once(_process, _number):
        pass

    def slowly(_process, number):
        if number % 300 == 299:
            time.sleep(0.7)

    def stopped(process, number):
        if number % 500 == 100:
            process.send_signal(signal.SIGSTOP)
        elif number % 500 == 300:
            time.sleep(2.5)
            process.send_signal(signal.SIGCONT)

    for way in at_once, slowly, stopped:
        finals, said_late = feed(program, trades, expected, way)
        assert finals == expected, way.__name__
        assert said_late <= late, (way.__name__, said_late, late)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
