"""The demo as `./run demo` starts it: demo_test.py BUILD_DIRECTORY_OF_THE_EXAMPLE demo.sh"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest
import urllib.request

import traffic

DEMO = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


def running_with(text):
    """The processes in whose command line the text is."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if text in words and path.parent.name != str(os.getpid()):
            found.append(words)
    return found


class DemoTest(unittest.TestCase):
    def check(self, how_to_end, status):
        with traffic.directory() as directory:
            database = str(directory / "demo" / "traffic.db")
            demo = subprocess.Popen(
                ["sh", DEMO, traffic.PROGRAMS, "--port", "0", "--speed", "36000", "--db", database],
                stdout=subprocess.PIPE, text=True, start_new_session=True)
            try:
                line = ""
                while not line.startswith("http://localhost:"):
                    line = demo.stdout.readline()
                    self.assertTrue(line, "the demo ended without saying an address")
                address = line.strip()

                def get(path):
                    with urllib.request.urlopen(address + path, timeout=30) as answer:
                        return answer.read().decode()

                self.assertIn("<title>millrace", get("/"))
                self.assertIn("Dygraph", get("/dygraphs/dygraph.min.js"))
                traffic.wait_until(
                    lambda: len({r["sensor"] for r in json.loads(get("/api/topics/hourly?limit=5000"))}) == 7,
                    "records of each sensor")
                ours = running_with(database)
                self.assertEqual(len([o for o in ours if "traffic_server" in o]), 1, ours)

                how_to_end(demo.pid)
                self.assertEqual(demo.wait(30), status)
                self.assertEqual(demo.stdout.read(), "", "the address is not the last line")
                self.assertEqual(running_with(database), [])
                self.assertEqual(running_with(f"--port {address.rsplit(':', 1)[1]} "), [])
                self.assertEqual(traffic.query(database, "PRAGMA integrity_check"), [("ok",)])
            finally:
                demo.kill()
                demo.wait()
                demo.stdout.close()

    def test_ctrl_c_ends_all_of_it(self):
        # The terminal sends it to the whole foreground group.
        self.check(lambda pid: os.killpg(pid, signal.SIGINT), 130)

    def test_sigterm_to_the_script_ends_all_of_it(self):
        self.check(lambda pid: os.kill(pid, signal.SIGTERM), 143)

    def test_wrong_options_are_refused(self):
        with traffic.directory() as directory:
            for options in (["--speed", "x"], ["--speed", "0"], ["--port", "x"], ["--colour", "red"], ["--port"]):
                done = subprocess.run(
                    ["sh", DEMO, traffic.PROGRAMS, "--db", str(directory / "traffic.db"), "--port", "0", *options],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
                self.assertIn(done.returncode, (1, 2), options)
                self.assertTrue(done.stderr, options)
                self.assertNotIn("http://", done.stdout)
            self.assertEqual(running_with(str(directory)), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
