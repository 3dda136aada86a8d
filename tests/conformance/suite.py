"""Plays cases, judges them, and prints a table of the outcome."""
import collections
import fnmatch
import subprocess
import time

import cases
import frames

OK, INFORMATIONAL, NON_STRICT, FAILED = "OK", "INFORMATIONAL", "NON-STRICT", "FAILED"
END = ("end",)


def play(case, connection):
    """Returns a verdict and what there is to say of it."""
    if case.play:
        complaint = case.play(connection)
        if complaint == cases.NON_STRICT:
            return NON_STRICT, complaint
        if complaint:
            return FAILED, complaint
    else:
        connection.send(case.sends, case.chop)
    has_closed = any(frame.op == frames.CLOSE for frame in case.sends)
    events = collect(case, connection, has_closed)
    *others, closing, end = [None, None, *events][-max(2, len(events)):]

    seen = ", ".join(describe(event) for event in events) or "nothing"
    if case.informational and end == END:
        return INFORMATIONAL, f"got {seen}"
    allowed = (case.fails,) if case.fails else case.codes
    if end == END and closing and closing[0] == "close" and closing[1] in allowed:
        if others == list(case.ok):
            return OK, ""
        if case.non_strict is not None and others == list(case.non_strict):
            return NON_STRICT, f"got {seen}"
    return FAILED, f"got {seen}"


def collect(case, connection, has_closed):
    """All events to the end of the stream, or to one too many, or until nothing comes any more."""
    events = []
    if not case.fails and not has_closed:
        while len(events) < len(case.ok) and not any(event[0] in ("close", "end", "broken") for event in events):
            event = connection.next(cases.PATIENCE)
            if event is None:
                return events
            events.append(event)
        connection.send([frames.close(1000)])
        has_closed = True
    while not events or events[-1][0] not in ("end", "broken"):
        event = connection.next(cases.PATIENCE)
        if event is None:
            break
        events.append(event)
        if event[0] == "close":
            if not has_closed:
                connection.send([frames.close(event[1] if event[1] != 1005 else None)])
            connection.finish()
        elif len(events) > len(case.ok):
            break
    return events


def describe(event):
    name, *details = event
    if name == "message":
        payload, is_binary = details
        kind = "binary" if is_binary else "text"
        return f"{kind} {payload!r}" if len(payload) <= 40 else f"{kind} of {len(payload)} bytes"
    return " ".join([name, *(repr(each) if isinstance(each, bytes) else str(each) for each in details if each != b"")])


def run(play_one, arguments, can_compress):
    """`play_one(case)` gives a verdict and a note. Returns the exit status."""
    patterns = [each for each in arguments if each != "--full"]
    if not can_compress:
        print("SKIPPED: sections 12 and 13: built without zlib")
    began = time.monotonic()
    table = collections.defaultdict(collections.Counter)
    for case in cases.all_cases(is_full="--full" in arguments):
        if patterns and not any(fnmatch.fnmatch(case.number, pattern) for pattern in patterns):
            continue
        if case.offers and not can_compress:
            continue
        try:
            verdict, note = play_one(case)
        except (OSError, ValueError, subprocess.SubprocessError, frames.Broken) as error:
            verdict, note = FAILED, f"{type(error).__name__}: {error}"
        table[int(case.number.split(".")[0])][verdict] += 1
        if verdict != OK:
            print(f"{case.number:8} {verdict}  {note}".rstrip(), flush=True)

    verdicts = (OK, INFORMATIONAL, NON_STRICT, FAILED)
    print(f"\n{'section':30}" + "".join(f"{verdict:>15}" for verdict in verdicts))
    for section, counts in table.items():
        print(f"{section:>2}  {cases.SECTIONS[section]:26}" + "".join(f"{counts[each]:15}" for each in verdicts))
    total = sum(table.values(), collections.Counter())
    print(f"    {'all':26}" + "".join(f"{total[each]:15}" for each in verdicts))
    print(f"{time.monotonic() - began:.1f} s", flush=True)
    return 1 if total[NON_STRICT] or total[FAILED] or not total else 0

