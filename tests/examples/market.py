#!/usr/bin/env python3
"""Gives the market example its made-up session, and computes every number that it publishes again,
naively, from the same events. Usage: market.py SERVER FEED

The events are posted, so that each message is taken before the next one is sent.
"""

import collections
import datetime
import http.client
import json
import math
import signal
import subprocess
import sys
import tempfile
import threading

import websocket

SECOND, MINUTE = 1_000, 60_000  # times are in milliseconds
DISORDER, LATENESS, WITHIN = 250, 3 * SECOND, 30 * SECOND
SESSION = 130  # seconds
BATCH = 150
TOPICS = ("seconds", "minutes", "volatility", "top", "fills", "spreads", "book", "late_trades")
NEVER = -10**18


def millis(text):
    date = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(date.timestamp() * 1000)


def close_to(got, wanted):
    if got is None or wanted is None:
        return got is wanted
    return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-12)


# --- What is sent ----------------------------------------------------------------------------------

def messages(feed):
    """The session in messages, each with the path that it goes to."""
    run = [feed, "print", str(SESSION)]
    lines = subprocess.run(run, check=True, capture_output=True, text=True).stdout.splitlines()
    assert lines == subprocess.run(run, check=True, capture_output=True, text=True
                                   ).stdout.splitlines(), "the session differs from run to run"
    events = [json.loads(line) for line in lines]
    # One that is never quoted.
    lone = {"symbol": "LONE", "price": 5.25, "size": 100, "time": "2026-01-05T14:30:20Z"}
    events.insert(next(i for i, e in enumerate(events) if e["time"] > lone["time"]), lone)
    for at in range(0, len(events), BATCH):
        part = events[at:at + BATCH]
        for path in ("/trades", "/quotes"):
            yield path, [e for e in part if ("price" in e) == (path == "/trades")]


def post(connection, path, events):
    connection.request("POST", path, json.dumps(events))
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def follow(port, topic, into):
    socket = websocket.create_connection(f"ws://127.0.0.1:{port}/{topic}", timeout=60)

    def read():
        while text := socket.recv():
            into.append(json.loads(text))
    thread = threading.Thread(target=read)
    thread.start()
    return thread


def play(server, sent, folder):
    """What the server published by topic, and what it had stored of each when it was stopped."""
    process = subprocess.Popen([server, "0", folder + "/market.db"], stdout=subprocess.PIPE,
                               text=True)
    published = {topic: [] for topic in TOPICS}
    try:
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        readers = [follow(port, topic, published[topic]) for topic in TOPICS]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number, (path, events) in enumerate(sent):
            status, answer = post(connection, path, events)
            assert (status, answer["accepted"]) == (200, len(events)), answer
            if number == 10:  # What is no event is refused alone.
                status, answer = post(connection, path, [{"symbol": "ALDR"}])
                assert answer["accepted"] == 0 and answer["rejected"] == 1, answer
        stored = {}
        for topic in ("seconds", "minutes", "volatility", "top", "spreads"):
            connection.request("GET", f"/api/topics/{topic}?limit=10000")
            stored[topic] = json.loads(connection.getresponse().read())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    for reader in readers:
        reader.join(60)
    return published, stored


# --- What is to come of it -------------------------------------------------------------------------

class Model:
    """The same by plain loops over all events."""

    def __init__(self, sent):
        self.trades, self.quotes = [], []
        latest = {"/trades": NEVER, "/quotes": NEVER}
        for path, events in sent:
            for event in events:
                event = event | {"at": millis(event["time"])}
                latest[path] = max(latest[path], event["at"])
                own = latest["/trades"] - DISORDER
                of_both = min(latest.values()) - DISORDER
                if path == "/quotes":
                    self.quotes.append(event)
                else:
                    # How far time had come: a window that is over for longer is as it is.
                    is_late = event["at"] < of_both - LATENESS
                    self.trades.append(event | {"watermark": own, "is_late": is_late})
        self.late = [trade for trade in self.trades if trade["is_late"]]
        self.watermark = latest["/trades"] - DISORDER
        self.watermark_of_both = min(latest.values()) - DISORDER

    def windows(self, events, size, slide, until):
        """The events of each window that is over, by symbol and start."""
        found = collections.defaultdict(list)
        for event in events:
            start = event["at"] // slide * slide
            while start > event["at"] - size:
                end = start + size
                if end <= until and event.get("watermark", NEVER) < end + LATENESS:
                    found[event["symbol"], start].append(event)
                start -= slide
        return found

    def bars(self, size):
        bars = {}
        for window, trades in self.windows(self.trades, size, size, self.watermark).items():
            by_time = sorted(trades, key=lambda t: t["at"])  # stable: then as they came
            prices = [t["price"] for t in by_time]
            volume = math.fsum(t["size"] for t in trades)
            bars[window] = {"open": prices[0], "high": max(prices), "low": min(prices),
                            "close": prices[-1], "volume": volume, "trades": len(trades),
                            "vwap": math.fsum(t["price"] * t["size"] for t in trades) / volume}
        return bars

    def volatility(self, seconds):
        until = self.watermark - LATENESS  # when a bar of a second is sure
        bars = [{"symbol": symbol, "at": start, "close": bar["close"]}
                for (symbol, start), bar in sorted(seconds.items()) if start + SECOND <= until]
        found = {}
        for window, inside in self.windows(bars, MINUTE, SECOND, until).items():
            closes = [bar["close"] for bar in inside]
            returns = [math.log(b / a) for a, b in zip(closes, closes[1:])]
            found[window] = {"volatility": math.sqrt(math.fsum(r * r for r in returns))
                             if returns else None}
        return found

    def volumes(self):
        found = collections.defaultdict(dict)
        inside = self.windows(self.trades, MINUTE, SECOND, self.watermark)
        for (symbol, start), trades in inside.items():
            found[start][symbol] = sum(t["size"] for t in trades)
        return found

    def fills(self):
        quotes = collections.defaultdict(list)
        for quote in self.quotes:
            quotes[quote["symbol"]].append(quote)
        found = []
        for trade in self.trades:
            if trade["is_late"]:
                continue
            best = None
            for quote in quotes[trade["symbol"]]:
                if trade["at"] - WITHIN <= quote["at"] <= trade["at"]:
                    if best is None or quote["at"] >= best["at"]:
                        best = quote
            fill = {key: trade[key] for key in ("symbol", "price", "size", "at")}
            fill |= {"bid": None, "ask": None, "spread": None}
            if best:
                middle = (best["bid"] + best["ask"]) / 2
                fill |= {"bid": best["bid"], "ask": best["ask"],
                         "spread": 2 * abs(trade["price"] - middle) / middle * 10_000}
            found.append(fill)
        return found

    def spreads(self, fills):
        found = {}
        until = self.watermark_of_both - LATENESS  # when a late fill cannot come any more
        for window, inside in self.windows(fills, MINUTE, SECOND, until).items():
            priced = [f for f in inside if f["spread"] is not None]
            weight = math.fsum(f["size"] for f in priced)
            found[window] = {"fills": len(inside), "spread": math.fsum(
                f["spread"] * f["size"] for f in priced) / weight if priced else None}
        return found


# --- Whether it did --------------------------------------------------------------------------------

def latest(records):
    """The last word on each window, of those that are over."""
    rows = {}
    for record in records:
        if record["trigger"] in ("stop", "idle"):
            continue
        window = record["symbol"], millis(record["start"])
        before = rows.get(window)
        if record["change"] == "remove":
            assert before, record
            del rows[window]
        else:
            assert (record["change"] == "update") == (before is not None), (before, record)
            rows[window] = record
    return rows


def check(topic, got, wanted):
    assert got.keys() == wanted.keys(), (topic, sorted(got.keys() ^ wanted.keys())[:10])
    for window, fields in wanted.items():
        for name, value in fields.items():
            assert close_to(got[window][name], value), (topic, window, name, got[window], fields)
    print(f"{topic}: {len(wanted)} rows of {len(next(iter(wanted.values())))} numbers")


def check_top(rows, volumes):
    by_window = collections.defaultdict(dict)
    for (symbol, start), row in rows.items():
        by_window[start][symbol] = row["volume"]
    assert by_window.keys() == volumes.keys()
    for start, all_volumes in volumes.items():
        highest = sorted(all_volumes.values(), reverse=True)[:10]
        got = by_window[start]
        assert sorted(got.values(), reverse=True) == highest, (start, got, all_volumes)
        assert all(all_volumes[symbol] == volume for symbol, volume in got.items()), start
    print(f"top: {len(volumes)} windows, {len(rows)} rows")


def check_events(topic, got, wanted, names):
    def sorted_rows(rows):
        return sorted(rows, key=lambda r: (r["symbol"], r["at"], r["price"], r["size"]))
    got = sorted_rows([row | {"at": millis(row["time"])} for row in got])
    wanted = sorted_rows(wanted)
    assert len(got) == len(wanted), (topic, len(got), len(wanted))
    for one, other in zip(got, wanted):
        assert (one["symbol"], one["at"]) == (other["symbol"], other["at"]), (topic, one, other)
        assert all(close_to(one[name], other[name]) for name in names), (topic, one, other)
    print(f"{topic}: {len(wanted)} events")


def main(server, feed):
    sent = list(messages(feed))
    model = Model(sent)
    with tempfile.TemporaryDirectory() as folder:
        published, stored = play(server, sent, folder)

    seconds, minutes, volumes = model.bars(SECOND), model.bars(MINUTE), model.volumes()
    fills = model.fills()
    expected = {"seconds": seconds, "minutes": minutes, "volatility": model.volatility(seconds),
                "spreads": model.spreads(fills)}
    for topic, rows in expected.items():
        check(topic, latest(published[topic]), rows)
        check(topic + ", stored", {(r["symbol"], millis(r["start"])): r for r in stored[topic]}, rows)
    top = latest(published["top"])
    check_top(top, volumes)
    newest = {(r["symbol"], millis(r["start"])): r for r in stored["top"]}
    assert newest and all(top[window]["volume"] == r["volume"] for window, r in newest.items())

    check_events("fills", published["fills"], fills, ("price", "size", "bid", "ask", "spread"))
    check_events("late_trades", published["late_trades"], model.late, ("price", "size"))
    newest = {quote["symbol"]: quote for quote in model.quotes}  # that of all others may be conflated
    book = {quote["symbol"]: quote for quote in published["book"]}
    assert len(book) == 20 and all(newest[symbol].items() >= q.items() for symbol, q in book.items())

    # The session has what it is to show.
    assert any(r["change"] == "update" and r["trigger"] == "late" for r in published["seconds"])
    assert any(r["change"] == "remove" for r in published["top"])
    assert model.late and any(f["spread"] is None for f in fills)


if __name__ == "__main__":
    main(*sys.argv[1:])
