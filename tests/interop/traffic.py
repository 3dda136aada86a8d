"""The traffic example's programs, run for a test: each at a free port and with a database of its own."""
import contextlib
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


def wait_until(condition, what, seconds=60):
    """Asks again and again, for `seconds` at most, and gives the first answer that is true."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)
    return answer


class Server:
    def __init__(self, database, port=0):
        self.process = subprocess.Popen(
            [PROGRAMS / "traffic_server", "--port", str(port), "--db", database],
            stdout=subprocess.PIPE, text=True)
        address = self.process.stdout.readline().strip()
        assert address.startswith("http://localhost:"), f"the server said {address!r}"
        self.port = int(address.rsplit(":", 1)[1])

    def url(self, path):
        return f"ws://localhost:{self.port}{path}"

    def get(self, path):
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def json(self, path):
        return json.loads(self.get(path))

    def metric(self, name):
        for line in self.get("/metrics").splitlines():
            if line.startswith(f"millrace_{name}"):
                return float(line.split()[-1])
        raise AssertionError(f"no metric {name}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Ends it in good order."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        assert status == 0, f"the server ended with {status}"


def replay(port, *options):
    return subprocess.Popen([PROGRAMS / "traffic_replay", "--port", str(port), *options],
                            stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="traffic-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def query(database, sql):
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as db:
        return db.execute(sql).fetchall()
