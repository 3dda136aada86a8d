#!/usr/bin/env python3
"""Writes the zones of this folder, and windows.txt: what Python's zoneinfo says of them.

Usage: make.py. Needs zic and the source form of the database, as in Debian's tzdata.
"""

import datetime
import pathlib
import random
import subprocess
import sys
import tempfile
import zoneinfo

HERE = pathlib.Path(__file__).parent
SOURCE = pathlib.Path("/usr/share/zoneinfo")

# Zones, and local dates around which their clocks do something of note.
ZONES = {
    "Africa/Cairo": ["2014-05-16", "2014-07-31", "2023-04-28", "2024-04-26"],
    "Africa/Casablanca": ["2026-02-15", "2026-03-22", "2080-05-19"],
    "Africa/Monrovia": ["1972-01-07"],
    "America/Havana": ["2026-03-08", "2026-11-01", "2100-03-14"],
    "America/Juneau": ["1867-10-18", "1900-08-20"],
    "America/New_York": ["2026-03-08", "2026-07-02", "2026-11-01", "2200-03-09"],
    "America/Nuuk": ["2026-03-28", "2026-10-24", "2150-10-24"],
    "America/Sao_Paulo": ["2017-02-19", "2017-10-15", "2018-11-04"],
    "America/St_Johns": ["2007-03-11", "2010-11-07"],
    "Asia/Beirut": ["2022-03-27", "2023-03-26", "2023-03-30", "2026-10-25"],
    "Asia/Gaza": ["2026-03-28", "2087-10-25", "2100-03-27"],
    "Asia/Kolkata": ["1945-10-15", "2026-01-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04", "2199-04-07"],
    "Europe/Berlin": ["1945-05-24", "2026-03-29", "2026-10-25", "2199-10-27"],
    "Europe/Dublin": ["1916-05-21", "1971-10-31", "2026-03-29", "2026-10-25"],
    "Pacific/Apia": ["1892-07-04", "2011-12-29", "2011-12-31"],
    "Pacific/Kwajalein": ["1969-09-30", "1993-08-21"],
}
DAY = 86400


def compile_zones(version):
    rules = (SOURCE / "tzdata.zi").read_text()
    assert rules.startswith(f"# version {version}"), "another version of the database"
    with tempfile.TemporaryDirectory() as scratch:
        for name, arguments in (("slim", ["-b", "slim"]), ("fat", ["-b", "fat"]),
                                ("right", ["-b", "fat", "-L", str(SOURCE / "leapseconds")])):
            subprocess.run(["zic", *arguments, "-d", f"{scratch}/{name}", str(SOURCE / "tzdata.zi")],
                           check=True, stderr=subprocess.DEVNULL)
        files = [("slim/" + zone, zone) for zone in ZONES]
        files += [("fat/Europe/Berlin", "fat/Berlin"), ("right/Europe/Berlin", "right/Berlin")]
        for source, target in files:
            path = HERE / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((pathlib.Path(scratch) / source).read_bytes())


def first_shown(offset_at, date):
    """The first second at which the clocks show the date's midnight or a later time."""
    midnight = (date - datetime.date(1970, 1, 1)).days * DAY
    # No excursion of the clocks lasts less than a minute.
    coarse = next(t for t in range(midnight - 27 * 3600, midnight + 27 * 3600, 60)
                  if t + offset_at(t) >= midnight)
    return next(t for t in range(coarse - 60, coarse + 1) if t + offset_at(t) >= midnight)


def month_after(date, months):
    return datetime.date(date.year + (date.month - 1 + months) // 12,
                         (date.month - 1 + months) % 12 + 1, 1)


def windows_of(offset_at, instant):
    starts = {}

    def start(date):
        if date not in starts:
            starts[date] = first_shown(offset_at, date)
        return starts[date]

    shown = datetime.date(1970, 1, 1) + datetime.timedelta((instant + offset_at(instant)) // DAY)
    dates = [shown + datetime.timedelta(days) for days in range(-2, 4)]
    date = max(each for each in dates if start(each) <= instant)
    monday = date - datetime.timedelta(date.weekday())
    month = date.replace(day=1)
    for first, after in ((date, date + datetime.timedelta(1)),
                         (monday, monday + datetime.timedelta(7)), (month, month_after(month, 1))):
        yield start(first)
        yield start(after)


def main():
    version = "2025b"
    compile_zones(version)
    random.seed(1)
    lines = [f"# By make.py: Python {sys.version.split()[0]}, tz database {version}.",
             "# zone instant offset day[start end) week[start end) month[start end), in seconds"]
    for name, dates in ZONES.items():
        with open(HERE / name, "rb") as file:
            zone = zoneinfo.ZoneInfo.from_file(file, key=name)

        def offset_at(instant):
            utc = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=instant)
            local = zone.fromutc(utc.replace(tzinfo=zone))
            return int(local.utcoffset().total_seconds())

        instants = [random.randrange(-2_208_988_800, 7_289_654_400) for _ in range(5)]
        for date in dates:
            midnight = first_shown(offset_at, datetime.date.fromisoformat(date))
            instants += [midnight - 1, midnight]
            changes = [t for t in range(midnight - DAY, midnight + 2 * DAY)
                       if offset_at(t) != offset_at(t - 1)]
            for change in changes:
                instants += [change - 1, change, change + 1800, change + 7200]
        for instant in sorted(set(instants)):
            numbers = [instant, offset_at(instant), *windows_of(offset_at, instant)]
            lines.append(" ".join([name, *map(str, numbers)]))
    (HERE / "windows.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
