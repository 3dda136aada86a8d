"""A Python client against a real traffic_server: client_test.py BUILD_DIRECTORY_OF_THE_EXAMPLE"""
import json
import pathlib
import statistics
import subprocess
import time
import unittest

import traffic
import websocket

import client


def hours_of(readings):
    """What the server is to make of readings, by another way."""
    values = {}
    for reading in readings:
        values.setdefault(reading["time"][:13], []).append(reading["value"])
    return {
        f"{hour}:00:00Z": {
            "count": len(of_hour),
            "mean": statistics.fmean(of_hour),
            "low": min(of_hour),
            "high": max(of_hour),
            "stddev": statistics.stdev(of_hour) if len(of_hour) > 1 else None,
        } for hour, of_hour in values.items()
    }


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(traffic.directory())
        self.server = traffic.Server(self.directory / "traffic.db")
        self.addCleanup(self.server.kill)

    def connect(self, path="/ws"):
        connection = websocket.create_connection(self.server.url(path), timeout=30)
        self.addCleanup(connection.shutdown)
        return connection

    def receive(self, connection):
        """The next message; the server's pings do not prolong the wait for it."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            opcode, payload = connection.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_TEXT:
                return json.loads(payload)
        self.fail("no message in 30 s")

    def assert_hour(self, record, expected):
        for name, value in expected.items():
            if value is None:
                self.assertIsNone(record[name], name)
            else:
                self.assertAlmostEqual(record[name], value, delta=1e-12 * max(1, abs(value)), msg=name)

    def test_the_client_gets_its_hours_and_answers_with_processed_data(self):
        output = subprocess.run(
            ["/usr/bin/python3", pathlib.Path(__file__).with_name("client.py"), self.server.url("/ws")],
            check=True, timeout=60, stdout=subprocess.PIPE, text=True).stdout
        results = [json.loads(line) for line in output.splitlines()]

        expected = hours_of(client.readings())
        first = [r for r in results if r["sensor"] == "thermometer"]
        self.assertEqual([r["start"] for r in first], sorted(expected)[:24])
        for record in first:
            self.assert_hour(record, expected[record["start"]])
            self.assertEqual((record["trigger"], record["revision"]), ("watermark", 0))

        second = [r for r in results if r["sensor"] == "thermometer_range"]
        self.assertEqual([r["start"] for r in second], sorted(expected)[:23])
        for record in second:
            of = expected[record["start"]]
            self.assert_hour(record, {"count": 1, "mean": of["high"] - of["low"], "stddev": None})

        self.assertEqual(self.server.json("/api/topics/hourly?key=thermometer"), first)

    def test_garbage_in_between_is_answered_and_harms_nothing(self):
        good = list(client.readings("good"))
        bad = [
            ("no JSON at all", None),
            ('{"sensor":"bad","kind":"other","value":1', None),
            ('{"sensor":"bad","kind":"other","time":"2024-05-01T00:00:00Z"}', "value"),
            ('{"sensor":"bad","kind":"other","value":"1","time":"2024-05-01T00:00:00Z"}', "value"),
            ('{"sensor":"bad","kind":"other","value":1e999,"time":"2024-05-01T00:00:00Z"}', "value"),
            ('{"sensor":"bad","kind":5,"value":1,"time":"2024-05-01T00:00:00Z"}', "kind"),
            ('{"sensor":"bad","kind":"other","value":1,"time":"yesterday"}', "time"),
            ('{"sensor":"bad","sensor":"b","kind":"other","value":1,"time":"2024-05-01T00:00:00Z"}', "sensor"),
            ('{"sensor":"ba\0d","kind":"other","value":1,"time":"2024-05-01T00:00:00Z"}', None),
            ("[" * 10000, None),
        ]
        connection = self.connect("/ws?key=good")
        records = []

        def receive():
            """The next answer that is no record."""
            while "sensor" in (message := self.receive(connection)):
                records.append(message)
            return message

        for i, reading in enumerate(good):
            connection.send(json.dumps(reading))
            if i < len(bad):
                text, field = bad[i]
                connection.send(text)
                error = receive()["error"]
                self.assertEqual(error["index"], 0, text)
                self.assertTrue(error["code"], text)
                self.assertEqual(error.get("field"), field, text)

        # In an array a bad event harms none of its neighbours.
        sibling = dict(good[-1], time="2024-05-02T00:10:00Z")
        connection.send(json.dumps([sibling, {"sensor": "good"}, dict(sibling, time="2024-05-02T01:00:00Z")]))
        self.assertEqual(receive()["error"]["index"], 1)

        while len(records) < 25:
            records.append(self.receive(connection))
        expected = hours_of(good + [sibling])
        self.assertEqual([r["start"] for r in records], sorted(expected))
        for record in records:
            self.assert_hour(record, expected[record["start"]])
        self.assertEqual(self.server.metric("events_rejected_total"), len(bad) + 1)

    def test_a_binary_message_ends_its_connection_alone(self):
        other, wrong = self.connect(), self.connect()
        wrong.send_binary(b"\x00\x01")
        opcode, payload = wrong.recv_data()
        self.assertEqual((opcode, int.from_bytes(payload[:2], "big")), (websocket.ABNF.OPCODE_CLOSE, 1003))
        other.send("?")
        self.assertIn("error", self.receive(other))

    def test_a_clock_of_its_own_closes_no_other_sensors_hours(self):
        connection = self.connect("/ws")
        for sensor, time in [("slow", "2015-09-01T00:00:00Z"), ("fast", "2025-01-01T00:00:00Z"),
                             ("fast", "2025-01-01T01:00:00Z"), ("slow", "2015-09-01T00:30:00Z"),
                             ("slow", "2135-01-01T00:00:00Z"), ("slow", "2015-09-01T01:00:00Z")]:
            connection.send(json.dumps({"sensor": sensor, "kind": "other", "value": 1, "time": time}))
        fast, refused, slow = (self.receive(connection) for _ in range(3))
        self.assertEqual(refused["error"]["code"], "event time too far ahead of the clock")
        self.assertEqual((fast["sensor"], fast["count"]), ("fast", 1))
        self.assertEqual((slow["sensor"], slow["count"]), ("slow", 2))
        self.assertEqual(self.server.metric("events_late_total"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
