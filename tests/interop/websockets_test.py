"""Python's websockets as the client of an echo_server: websockets_test.py ECHO_SERVER"""
import logging
import random
import subprocess
import sys
import unittest

try:
    import websockets  # Debian: python3-websockets
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate
except ModuleNotFoundError:
    print("SKIPPED: no Python module websockets (Debian: python3-websockets)")
    sys.exit(77)

logging.getLogger("asyncio").setLevel(logging.ERROR)  # it also says which steps were slow
SERVER = sys.argv.pop(1)
TOKEN = {"Authorization": "Bearer secret"}


class WebsocketsTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([SERVER], stdout=subprocess.PIPE, text=True)
        port, *can = cls.server.stdout.readline().split()
        cls.port, cls.can_deflate = int(port), "deflate" in can

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.stdout.close()
        assert cls.server.wait(30) == 0

    def connect(self, path="/echo", headers=None, **options):
        return websockets.connect(f"ws://127.0.0.1:{self.port}{path}", max_size=None,
                                  extra_headers=TOKEN if headers is None else headers, **options)

    async def check_echo(self, connection, message):
        await connection.send(message)
        whole = message if isinstance(message, (str, bytes)) else type(message[0])().join(message)
        self.assertEqual(await connection.recv(), whole)

    async def test_text_and_binary_of_every_length_class(self):
        for compression in (None, "deflate"):
            async with self.connect(compression=compression) as connection:
                for size in (0, 1, 125, 126, 127, 65535, 65536, 1_000_000):
                    await self.check_echo(connection, " ".join(map(str, range(size)))[:size])
                    await self.check_echo(connection, random.Random(size).randbytes(size))
                for text in ("\0", "κόσμε", "日本語", "🌾🌊" * 1000, "\U0010ffff"):
                    await self.check_echo(connection, text)
                await self.check_echo(connection, bytes(range(256)))

    async def test_messages_come_back_in_order(self):
        async with self.connect() as connection:
            messages = [str(i) * (i % 50) for i in range(2000)]
            for message in messages:
                await connection.send(message)
            self.assertEqual([await connection.recv() for _ in messages], messages)

    async def test_fragments_are_one_message(self):
        for compression in (None, "deflate"):
            async with self.connect(compression=compression) as connection:
                await self.check_echo(connection, ["Hel", "lo", "", ", wörld"])
                await self.check_echo(connection, [b"\xff", b"", random.Random(1).randbytes(70_000)])

    async def test_each_parameter_of_compression(self):
        if not self.can_deflate:
            self.skipTest("built without zlib")
        windows = {"server_max_window_bits": 9, "client_max_window_bits": 10}
        fresh = {"server_no_context_takeover": True, "client_no_context_takeover": True}
        for asked in ({}, windows, fresh, windows | fresh, *({name: value} for name, value in (windows | fresh).items())):
            offer = Deflate(**({"client_max_window_bits": True} | asked))
            async with self.connect(compression=None, extensions=[offer]) as connection:
                agreed, = connection.extensions
                self.assertEqual(
                    (agreed.remote_max_window_bits, agreed.local_max_window_bits,
                     agreed.remote_no_context_takeover, agreed.local_no_context_takeover),
                    (asked.get("server_max_window_bits", 15), asked.get("client_max_window_bits", 15),
                     "server_no_context_takeover" in asked, "client_no_context_takeover" in asked))
                # What repeats lies 600 bytes to 40 KB back, within one message and from one to the next.
                for size in (600, 20_000, 40_000):
                    part = random.Random(size).randbytes(size)
                    for message in (part * 3, part, part[:100], part):
                        await self.check_echo(connection, message)

    async def test_a_message_that_inflates_too_much_ends_the_connection(self):
        if not self.can_deflate:
            self.skipTest("built without zlib")
        async with self.connect() as connection:
            await connection.send("x" * 1_000_000)
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                await connection.recv()
            self.assertEqual(closed.exception.rcvd.code, 1009)

    async def test_pings_are_answered_with_their_payload(self):
        async with self.connect() as connection:
            for payload in (b"", b"hello", bytes(125)):
                answered = await connection.ping(payload)
                await self.check_echo(connection, "a message behind it")
                await answered

    async def test_the_client_closes(self):
        for code, reason in ((1000, ""), (1001, "away"), (3000, "library"), (4999, "ä" * 61)):
            connection = await self.connect()
            await connection.close(code, reason)
            self.assertEqual(connection.close_code, code)

    async def test_the_server_closes(self):
        for code, reason in ((1000, "done"), (1012, "restart"), (4000, "ä" * 61)):
            async with self.connect("/close") as connection:
                await connection.send(f"{code} {reason}")
                with self.assertRaises(websockets.ConnectionClosed) as closed:
                    await connection.recv()
                self.assertEqual((closed.exception.rcvd.code, closed.exception.rcvd.reason), (code, reason))

    async def test_a_message_too_big_ends_the_connection(self):
        async with self.connect(compression=None) as connection:
            await self.check_echo(connection, b"x" * 4 * 1024 * 1024)
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                await connection.send(b"x" * (4 * 1024 * 1024 + 1))
                await connection.recv()
            self.assertEqual(closed.exception.rcvd.code, 1009)

    async def test_guards(self):
        async with self.connect("/who") as connection:
            await connection.send("who am I?")
            self.assertEqual(await connection.recv(), "alice")
        async with self.connect("/echo?token=secret", headers={}, origin="https://app.example") as connection:
            await self.check_echo(connection, "by the query")
        for status, arguments in ((401, {"headers": {}}),
                                  (401, {"headers": {"Authorization": "Bearer wrong"}}),
                                  (403, {"origin": "https://evil.example"}),
                                  (404, {"path": "/nothing"})):
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await self.connect(**arguments)
            self.assertEqual(refused.exception.status_code, status, arguments)


if __name__ == "__main__":
    unittest.main(verbosity=2)
