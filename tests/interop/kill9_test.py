"""kill -9 of the server amid a replay: kill9_test.py BUILD_DIRECTORY_OF_THE_EXAMPLE"""
import unittest

import traffic

ALL = ("SELECT * FROM hourly ORDER BY sensor, start", "SELECT * FROM last_day ORDER BY sensor, start")
COUNT = "SELECT count(*) FROM hourly"
FIRST = "2015-07-10T00:00:00Z"


def everything(database):
    return [traffic.query(database, each) for each in ALL]


def uninterrupted(database):
    server = traffic.Server(database)
    try:
        assert traffic.replay(server.port, "--from", "2030-01-01T00:00:00Z").wait(60) == 0
        server.stop()
    finally:
        server.kill()
    return everything(database)


class Kill9Test(unittest.TestCase):
    def check(self, database):
        self.assertEqual(traffic.query(database, "PRAGMA integrity_check"), [("ok",)])
        twice = "SELECT sensor, start FROM hourly GROUP BY sensor, start HAVING count(*) > 1"
        self.assertEqual(traffic.query(database, twice), [])

    def test_every_window_is_there_once(self):
        with traffic.directory() as directory:
            expected = uninterrupted(directory / "uninterrupted.db")
            self.assertGreater(len(expected[0]), 2500)
            self.assertGreater(len(expected[1]), len(expected[0]))

            database = directory / "killed.db"
            server = traffic.Server(database)
            # Seventy days in about six seconds.
            replay = traffic.replay(server.port, "--from", FIRST, "--speed", "1000000")
            try:
                for share in (0.2, 0.5, 0.8):
                    traffic.wait_until(
                        lambda: traffic.query(database, COUNT)[0][0] > share * len(expected[0]),
                        f"{share} of the windows")
                    committed = set(traffic.query(database, "SELECT sensor, start FROM hourly"))
                    server.kill()
                    self.assertIsNone(replay.poll(), "the replay had ended before the kill")
                    self.assertLess(len(committed), len(expected[0]))
                    self.check(database)
                    left = set(traffic.query(database, "SELECT sensor, start FROM hourly"))
                    self.assertLessEqual(committed, left)

                    server = traffic.Server(database, server.port)
                    # Before the replay is back, the past is there.
                    stored = {(r["sensor"], r["start"]) for r in server.json("/api/topics/hourly?limit=10000")}
                    self.assertGreaterEqual(len(stored), len(left))
                self.assertEqual(replay.wait(60), 0)
                server.stop()
            finally:
                replay.kill()
                replay.wait()
                server.kill()
            self.check(database)
            self.assertEqual(everything(database), expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
