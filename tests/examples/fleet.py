#!/usr/bin/env python3
"""Sends the fleet example's simulated positions to its server, and compares every number that it
publishes with what a batch computation says over the same positions. The batch shares nothing with
the server: it sorts, and looks at all again. Usage: fleet.py SERVER FEEDER DIRECTORY_OF_THE_EXAMPLE
"""

import bisect
import collections
import contextlib
import csv
import datetime
import json
import math
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

import websocket

MINUTES = 240
BATCH = 500
DISORDER, LATENESS, GAP = 60, 30 * 60, 10 * 60  # seconds
TOPICS = ("trucks", "crossings", "stays", "hourly")


def seconds(text):
    whole, fraction = re.fullmatch(r"(.{19})(\.\d+)?Z", text).groups()
    time = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return time.timestamp() + float(fraction or 0)


def is_near(a, b, by=1e-6):
    return a is None and b is None or a is not None and b is not None and abs(a - b) <= by


# --- The batch ------------------------------------------------------------------------------------


class Depots:
    def __init__(self, directory):
        self.all = json.loads((directory / "data/depots.json").read_text())

    def at(self, latitude, longitude):
        """By the angle between the two vectors from the earth's centre."""
        def vector(lat, lon):
            lat, lon = math.radians(lat), math.radians(lon)
            return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
        here = vector(latitude, longitude)
        for one in self.all:
            there = vector(one["latitude"], one["longitude"])
            if 2 * 6371 * math.asin(math.dist(here, there) / 2) <= one["radius"]:
                return one["depot"]
        return ""


def crossings_of(track):
    """All of a truck's, as (depot, entered, time), of its sorted (time, depot)."""
    found, before = set(), ""
    for time, depot in track:
        if depot != before:
            found |= {(before, False, time)} if before else set()
            found |= {(depot, True, time)} if depot else set()
        before = depot
    return found


def sessions_of(times):
    """The (start, end, minutes) of sorted times."""
    found = []
    for time in times:
        if found and time < found[-1][1]:
            found[-1] = (found[-1][0], time + GAP, (time - found[-1][0]) / 60)
        else:
            found.append((time, time + GAP, 0))
    return frozenset(found)


class Batch:
    def __init__(self, directory, events):
        with open(directory / "data/routes.csv", encoding="utf-8") as file:
            self.routes = {row["route"]: row for row in csv.DictReader(file)}
        self.depots = Depots(directory)
        self.sightings = []                              # what is to be published of each position
        self.newest = {}
        self.tracks = collections.defaultdict(list)      # truck -> [(time, depot)]
        self.crossings = collections.defaultdict(list)   # truck -> what changes, in turn
        self.sessions = collections.defaultdict(list)    # (depot, truck) -> sorted times
        self.session_states = collections.defaultdict(list)  # -> [(watermark, sessions)]
        self.hours = collections.defaultdict(lambda: collections.defaultdict(set))
        self.hour_states = collections.defaultdict(list)  # (depot, hour) -> [(watermark, count)]
        self.corrected = self.too_late = self.late_stays = self.late_hours = 0
        self.watermark = -math.inf
        for event in events:
            self.take(event)

    def take(self, event):
        time = seconds(event["time"])
        self.watermark = max(self.watermark, time - DISORDER)
        truck, depot = event["truck"], self.depots.at(event["latitude"], event["longitude"])
        if truck not in self.newest or time >= seconds(self.newest[truck]["time"]):
            self.newest[truck] = self.sight(event, time, depot)
        self.sightings.append((truck, self.newest[truck]))
        self.corrected += time < self.watermark
        if time >= self.watermark - LATENESS:
            self.follow(truck, time, depot)
            if depot:
                times = self.sessions[depot, truck]
                bisect.insort(times, time)
                self.session_states[depot, truck].append((self.watermark, sessions_of(times)))
        else:
            self.too_late += 1
            self.late_stays += depot != ""
        hour = time // 3600 * 3600
        if not depot:
            return
        if hour + 3600 + LATENESS <= self.watermark:
            self.late_hours += 1
        else:
            self.hours[depot][hour].add(truck)
            self.hour_states[depot, hour].append((self.watermark, len(self.hours[depot][hour])))

    def sight(self, event, time, depot):
        seen = {name: event[name] for name in ("route", "latitude", "longitude", "heading", "speed", "time")}
        seen |= {"depot": depot, "destination": "", "left": None, "delay": None, "arrival": None}
        if event["route"]:
            route = self.routes[event["route"]]
            length, speed = float(route["length"]), float(route["speed"])
            left = max(0, length - event["driven"])
            planned = seconds(event["departed"]) + 3600 * length / speed
            arrival = time + 3600 * left / speed
            seen |= {"destination": route["destination"], "left": left, "arrival": arrival,
                     "delay": (arrival - planned) / 60}
        return seen

    def follow(self, truck, time, depot):
        track = self.tracks[truck]
        is_as_before = bool(track) and track[-1][0] < time and track[-1][1] == depot
        before = set() if is_as_before else crossings_of(track)
        bisect.insort(track, (time, depot))
        if not is_as_before:
            after = crossings_of(track)
            if before != after:
                self.crossings[truck].append((before - after, after - before))


# --- The server -----------------------------------------------------------------------------------


class Server:
    def __init__(self, program, *options):
        self.process = subprocess.Popen([program, "--port", "0", *options], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[-1])

    def connect(self, path):
        return websocket.create_connection(f"ws://127.0.0.1:{self.port}/{path}", timeout=30)

    def stored(self, topic):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/topics/{topic}?limit=5000", timeout=30) as answer:
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0


def collect(socket, into):
    with contextlib.suppress(websocket.WebSocketConnectionClosedException):
        while message := socket.recv():
            into.append(json.loads(message))


# --- What was published ---------------------------------------------------------------------------


def check_sighting(record, truck, expected):
    assert record["truck"] == truck, record
    for name, value in expected.items():
        if name == "arrival":
            got = record[name] and seconds(record[name])
            assert is_near(got, value, 1e-3), (record, expected)
        elif name in ("left", "delay"):
            assert is_near(record[name], value), (name, record, expected)
        else:
            assert record[name] == value, (name, record, expected)


def check_trucks(records, batch):
    revisions = collections.Counter()
    for record, (truck, expected) in zip(records, batch.sightings, strict=True):
        check_sighting(record, truck, expected)
        assert record["revision"] == revisions[truck]
        assert record["change"] == ("update" if revisions[truck] else "insert")
        revisions[truck] += 1


def check_crossings(records, batch):
    by_truck = collections.defaultdict(list)
    for record in records:
        by_truck[record["truck"]].append(record)
    assert by_truck.keys() == batch.crossings.keys()
    withdrawals = 0
    for truck, changes in batch.crossings.items():
        got = iter(by_truck[truck])
        assert [said["number"] for said in by_truck[truck]] == list(range(len(by_truck[truck])))
        for gone, new in changes:
            said = [next(got) for _ in range(len(gone) + len(new))]
            as_set = lambda withdrawn: {(s["depot"], s["entered"], seconds(s["time"]))  # noqa: E731
                                        for s in said if s["withdrawn"] == withdrawn}
            # One that is said anew for the same instant is withdrawn first.
            assert as_set(True) == gone and as_set(False) == new, (truck, said, gone, new)
            withdrawals += len(gone)
        assert next(got, None) is None
    return withdrawals


def check_windows(records, key_of, states, value_of, is_session, late):
    """Each record says what the batch did at that watermark; what is left is what it ends with."""
    standing, revisions, is_final = {}, {}, set()
    for record in records:
        key, start = key_of(record), seconds(record["start"])
        place = (key, start)
        assert place not in is_final, record
        if record["change"] == "insert":
            assert place not in standing, record
            revisions[place] = 0 if place not in revisions else revisions[place] + 1
        else:
            assert place in standing, record
            revisions[place] += 1
        if record["change"] == "remove":
            del standing[place]
            continue
        assert is_session or record["revision"] == revisions[place], (record, revisions[place])
        standing[place] = (start, seconds(record["end"]), value_of(record))
        if record["trigger"] == "stop":
            assert record["final"] and record["late"] == late, (record, late)
            continue  # what is left is compared as a whole
        if record["final"]:
            is_final.add(place)
            # A position comes each second or so, and moves time on.
            assert 0 <= seconds(record["watermark"]) - seconds(record["end"]) - LATENESS < 60, record
        history = states[key if is_session else place]
        known = states_at(history, seconds(record["watermark"]))
        if is_session:
            assert any(is_in(standing[place], state) for state in known), (record, known)
        else:
            assert record["distinct"] in known, (record, known)
    return standing, is_final


def states_at(history, watermark):
    """Those that there were while time stood at the watermark, the one that it began with included."""
    first = bisect.bisect_left(history, watermark, key=lambda each: each[0])
    last = bisect.bisect_right(history, watermark, key=lambda each: each[0])
    return [state for _, state in history[max(0, first - 1):last]]


def is_in(one, sessions):
    return any(one[0] == s and one[1] == e and is_near(one[2], m) for s, e, m in sessions)


def check_stays(records, batch):
    standing, finals = check_windows(records, lambda r: (r["depot"], r["truck"]), batch.session_states,
                                     lambda r: r["minutes"], True, batch.late_stays)
    expected = {(key, session[0]): session for key, times in batch.sessions.items() for session in sessions_of(times)}
    assert standing.keys() == expected.keys(), standing.keys() ^ expected.keys()
    for place, session in expected.items():
        assert is_in(standing[place], {session}), (place, standing[place], session)
        assert (place in finals) == (session[1] + LATENESS <= batch.watermark), (place, session)
    return len(expected)


def check_hours(records, batch):
    standing, finals = check_windows(records, lambda r: r["depot"], batch.hour_states, lambda r: r["distinct"],
                                     False, batch.late_hours)
    expected = {(depot, hour): len(trucks) for depot, hours in batch.hours.items() for hour, trucks in hours.items()}
    assert {place: value for place, (_, _, value) in standing.items()} == expected
    for depot, hour in expected:
        assert standing[depot, hour][1] == hour + 3600
        assert ((depot, hour) in finals) == (hour + 3600 + LATENESS <= batch.watermark), (depot, hour)
    return len(expected)


def check_stored(server, batch):
    rows = {row["truck"]: row for row in server.stored("trucks")}
    assert rows.keys() == batch.newest.keys()
    for truck, row in rows.items():
        check_sighting(row, truck, batch.newest[truck])
    said = {}
    for row in sorted(server.stored("crossings"), key=lambda row: row["number"]):
        said[row["truck"], row["depot"], row["entered"], seconds(row["time"])] = not row["withdrawn"]
    standing = {what for what, holds in said.items() if holds}
    expected = {(truck, depot, entered, time) for truck, track in batch.tracks.items()
                for depot, entered, time in crossings_of(track)}
    assert standing == expected


# --- What is tested -------------------------------------------------------------------------------


def check_day(server_program, events, directory):
    batch = Batch(directory, events)
    server = Server(server_program, "--files", str(directory))
    try:
        records = {topic: [] for topic in TOPICS}
        sockets = {topic: server.connect(topic) for topic in TOPICS}
        readers = [threading.Thread(target=collect, args=(sockets[topic], records[topic]), daemon=True)
                   for topic in TOPICS[1:]]
        for reader in readers:
            reader.start()
        positions = server.connect("positions")
        for at in range(0, len(events), BATCH):
            part = events[at:at + BATCH]
            positions.send(json.dumps(part))
            for _ in part:
                records["trucks"].append(json.loads(sockets["trucks"].recv()))
        check_trucks(records["trucks"], batch)
        check_stored(server, batch)
        server.stop()
        for reader in readers:
            reader.join(30)
            assert not reader.is_alive()
    finally:
        server.process.kill()
        server.process.wait()
    withdrawals = check_crossings(records["crossings"], batch)
    stays, hours = check_stays(records["stays"], batch), check_hours(records["hourly"], batch)
    removals = sum(record["change"] == "remove" for record in records["stays"])
    print(f"{len(events)} positions, {batch.corrected} late, {batch.too_late} too late; "
          f"{sum(map(len, records.values()))} records: {stays} stays, {removals} of them joined, "
          f"{hours} hours, {withdrawals} crossings withdrawn")
    assert batch.corrected > 100 and batch.too_late > 10 and removals > 0 and withdrawals > 0, "a tame day"


def check_input(server_program, directory):
    """A route that the table gets, and what is no position."""
    server = Server(server_program, "--files", str(directory))
    try:
        trucks, positions, routes = (server.connect(path) for path in ("trucks", "positions", "routes"))
        one = {"truck": "X", "route": "X-Y", "latitude": 46.5, "longitude": -30.5, "heading": 0, "speed": 50,
               "driven": 25, "departed": "2025-06-02T04:00:00Z", "time": "2025-06-02T04:30:00Z"}
        positions.send(json.dumps([one, {"truck": 5}]))
        record = json.loads(trucks.recv())
        assert record["arrival"] is None and record["destination"] == "" and record["route"] == "X-Y", record
        error = json.loads(positions.recv())["error"]
        assert error["index"] == 1 and error["code"] == "wrong type", error

        def arrival_by(length, speed):
            routes.send(json.dumps([{"route": "X-Y", "destination": "Yonder", "length": length, "speed": speed},
                                    {"no": "route"}]))
            assert json.loads(routes.recv())["error"]["index"] == 1  # and the one before it is taken
            positions.send(json.dumps(one))
            return json.loads(trucks.recv())
        record = arrival_by(100, 50)
        assert record["arrival"] == "2025-06-02T06:00:00Z" and record["left"] == 75, record
        assert record["delay"] == 0 and record["destination"] == "Yonder", record
        assert arrival_by(100, 0)["arrival"] is None
        assert arrival_by(1e300, 1e-300)["arrival"] is not None
        server.stop()
    finally:
        server.process.kill()
        server.process.wait()


def check_table(server_program, directory):
    """A broken table stops the start, and says where it is broken."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(directory, folder, dirs_exist_ok=True)
        table = pathlib.Path(folder) / "data/routes.csv"
        table.write_text(re.sub(r"(?m)^(COR-SAL,\w+,\w+),[\d.]+", r"\1,far", table.read_text()))
        broken = subprocess.run([server_program, "--port", "0", "--files", folder], capture_output=True,
                                text=True, timeout=30, check=False)
        assert broken.returncode == 1 and re.search(r"routes\.csv:20: .*field length", broken.stderr), broken
        (pathlib.Path(folder) / "data/depots.json").write_text("[]")
        broken = subprocess.run([server_program, "--port", "0", "--files", folder], capture_output=True,
                                text=True, timeout=30, check=False)
        assert broken.returncode == 1 and "no depots" in broken.stderr, broken


def main(server_program, feeder, directory):
    directory = pathlib.Path(directory)
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/positions"
        subprocess.run([feeder, "--to", file, "--minutes", str(MINUTES), "--files", str(directory)],
                       check=True, timeout=60)
        with open(file, encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines]
    check_day(server_program, events, directory)
    check_input(server_program, directory)
    check_table(server_program, directory)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
