"""What is asked of an echo_client, whatever server it talks to."""
import asyncio
import logging
import random
import shutil
import ssl
import sys
import tempfile
import unittest

import certificates

logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of each certificate refused
CLIENT = sys.argv.pop(1)
# echo_client without zlib or OpenSSL says so with this.
NOT_BUILT = 2
LARGE = 1024 * 1024

TEXTS = ["Hello", "", "\0", "κόσμε", "日本語 🌾", "\U0010ffff", *("ä" * n for n in (62, 63, 32768)),
         " ".join(map(str, range(LARGE)))[:LARGE]]
BINARIES = [b"Hello", b"", bytes(range(256)), b"\xff\xfe",
            *(random.Random(n).randbytes(n) for n in (125, 126, 65535, 65536, LARGE))]


class ClientChecks(unittest.IsolatedAsyncioTestCase):
    """A server's test derives from this and has

        serve(conversation, compression=None, subprotocols=None, ssl=None)

    an asynchronous context manager that gives the port. It awaits `conversation(connection)` for
    each connection, where a connection has `send(message)` with str, bytes or a list of fragments,
    `recv()`, `ping(payload)` which gives what waits for the pong, `close(code, reason)`,
    `close_code`, `subprotocol` and `extensions`. `compressions` lists what `serve` can be given.
    """

    compressions = ()

    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl"):
            cls.authority, cls.stranger = (
                certificates.Authority(cls.enterClassContext(tempfile.TemporaryDirectory())) for _ in range(2))
            cls.authority.issue("localhost", "localhost", "subjectAltName=DNS:localhost")
            cls.authority.issue("elsewhere", "elsewhere", "subjectAltName=DNS:elsewhere.example")

    async def run_client(self, url, *options):
        """Returns the exit status and what was printed."""
        process = await asyncio.create_subprocess_exec(
            CLIENT, url, "--max-message-bytes", str(2 * LARGE), *options, stdout=asyncio.subprocess.PIPE)
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        if process.returncode == NOT_BUILT:
            self.skipTest("built without zlib or OpenSSL")
        return process.returncode, output.decode().strip()

    async def converse(self, conversation, *options, expect="closed 1000", host=None, **server):
        """Has the client talk to a server until the conversation has ended."""
        ended = asyncio.get_running_loop().create_future()

        async def told(connection):
            try:
                ended.set_result(await conversation(connection))
            except BaseException as error:
                ended.set_exception(error)
                raise

        scheme = "wss" if server.get("ssl") else "ws"
        async with self.serve(told, **server) as port:
            outcome = await self.run_client(f"{scheme}://{host or 'localhost'}:{port}/", *options)
            if expect.startswith("closed"):
                await asyncio.wait_for(ended, 30)
            else:
                self.assertFalse(ended.done(), "a connection that the client refused was opened")
            self.assertEqual(outcome, (0 if expect.startswith("closed") else 1, expect))

    async def check_echo(self, connection, message):
        await connection.send(message)
        whole = type(message[0])().join(message) if isinstance(message, list) else message
        echo = await connection.recv()
        self.assertTrue(echo == whole, f"{echo[:50]!r} came back for {whole[:50]!r}")

    async def check_all_echoes(self, connection):
        for message in TEXTS + BINARIES:
            await self.check_echo(connection, message)
        for parts in (["Hel", "lo", "", ", wörld"], ["", ""], ["ä", TEXTS[-1], "ä"], [b"\xff", b"", BINARIES[-1]]):
            await self.check_echo(connection, parts)

    async def test_text_and_binary_whole_and_in_fragments(self):
        async def conversation(connection):
            self.assertEqual(list(connection.extensions), [])
            await self.check_all_echoes(connection)
        await self.converse(conversation)

    async def test_messages_come_back_in_order(self):
        async def conversation(connection):
            messages = [str(i) * (i % 50) for i in range(2000)]
            for message in messages:
                await connection.send(message)
            self.assertEqual([await connection.recv() for _ in messages], messages)
        await self.converse(conversation)

    async def test_pings_are_answered_with_their_payload(self):
        async def conversation(connection):
            for payload in (b"", b"hello", bytes(125)):
                answered = await connection.ping(payload)
                await self.check_echo(connection, "a message behind it")
                await answered
        await self.converse(conversation)

    async def test_the_server_closes(self):
        for code, reason in ((1000, "done"), (1001, ""), (1012, "restart"), (4000, "ä" * 61)):
            async def conversation(connection):
                await self.check_echo(connection, "Hello")
                await connection.close(code, reason)
                self.assertEqual(connection.close_code, code)
            await self.converse(conversation, expect=f"closed {code}")

    async def test_subprotocols(self):
        asked = ("--subprotocol", "chat.v2", "--subprotocol", "chat.v1")
        for spoken, agreed in ((["chat.v2"], "chat.v2"), (["chat.v1"], "chat.v1"), (["other"], None), (None, None)):
            async def conversation(connection):
                self.assertEqual(connection.subprotocol, agreed)
                await self.check_echo(connection, "Hello")
            with self.subTest(spoken):
                await self.converse(conversation, *asked, subprotocols=spoken,
                                    expect=f"closed 1000 {agreed}" if agreed else "closed 1000")

    async def test_compression(self):
        for compression in self.compressions:
            async def conversation(connection):
                self.assertEqual([each.name for each in connection.extensions], ["permessage-deflate"])
                await self.check_all_echoes(connection)
                # What repeats lies 600 bytes to 40 KB back, within one message and from one to the next.
                for size in (600, 20_000, 40_000):
                    part = random.Random(size).randbytes(size)
                    for message in (part * 3, part, part[:100], part):
                        await self.check_echo(connection, message)
            with self.subTest(compression):
                await self.converse(conversation, "--deflate", compression=compression)

    async def test_a_message_that_inflates_too_much_ends_the_connection(self):
        async def conversation(connection):
            await connection.send("x" * LARGE)
            await connection.wait_closed()
            self.assertEqual(connection.close_code, 1009)
        if self.compressions:
            await self.converse(conversation, "--deflate", compression={}, expect="closed 1006")

    async def test_a_message_too_big_ends_the_connection(self):
        async def conversation(connection):
            await self.check_echo(connection, b"x" * 2 * LARGE)
            await connection.send(b"x" * (2 * LARGE + 1))
            await connection.wait_closed()
            self.assertEqual(connection.close_code, 1009)
        await self.converse(conversation, expect="closed 1006")

    async def test_tls(self):
        if not hasattr(self, "authority"):
            self.skipTest("no openssl")
        ours, theirs = self.authority.file("ca.pem"), self.stranger.file("ca.pem")
        await self.converse(self.check_all_echoes, "--ca", ours, ssl=self.context("localhost"))

        stranger = "unable to get local issuer certificate"
        for options, host, certificate, reason in (
                (("--ca", theirs), "localhost", "localhost", stranger),
                ((), "localhost", "localhost", stranger),
                (("--ca", ours), "127.0.0.1", "localhost", "IP address mismatch"),
                (("--ca", ours), "localhost", "elsewhere", "hostname mismatch")):
            with self.subTest(reason, options=options):
                await self.converse(self.check_all_echoes, *options, host=host, ssl=self.context(certificate),
                                    expect=f"failed {reason}")

    def context(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority.file(certificate + ".pem"), self.authority.file(certificate + ".key"))
        return context
