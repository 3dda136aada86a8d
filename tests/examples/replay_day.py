#!/usr/bin/env python3
"""Runs the example that records a day and replays it. Usage: replay_day.py PROGRAM"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PRINTED = (r"(\d+) readings of a day gave (\d+) means and (\d+) alarms, the loudest (.*)\n"
           r"(\d+) came back in [-+.e\d]+ s and gave the same\n")


def run(program, *arguments, **environment):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=50,
                          env={**os.environ, **environment})


def numbers(done):
    assert done.returncode == 0, done
    printed = re.fullmatch(PRINTED, done.stdout)
    assert printed, done.stdout
    readings, means, alarms, loudest, again = printed.groups()
    return int(readings), int(means), int(alarms), json.loads(loudest), int(again)


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        readings, means, alarms, loudest, again = numbers(run(program, folder))
        assert readings == again == 6 * 24 * 900, (readings, again)
        # Of each room a mean every ten minutes, and one of what was measured before midnight.
        assert means == 6 * (24 * 6 + 1), means
        assert 0 < alarms < means / 10, alarms
        # When the fish begins to be warm.
        assert loudest["room"] == "fish" and loudest["start"] == "2025-03-03T15:00:00Z", loudest
        journals = list(pathlib.Path(folder).iterdir())
        assert len(journals) == 1 and journals[0].stat().st_size > readings, journals

    with tempfile.TemporaryDirectory() as folder:
        numbers(run(program, TMPDIR=folder))
        assert not os.listdir(folder), "the journal in the temporary folder is still there"
        nowhere = run(program, folder + "/none")
        assert nowhere.returncode == 1 and "/none/" in nowhere.stderr, nowhere


if __name__ == "__main__":
    main(sys.argv[1])
