"""Python's wsproto as the server of an echo_client: wsproto_server_test.py ECHO_CLIENT"""
import sys
import unittest

try:
    import wsproto.events as events  # Debian: python3-wsproto
    from wsproto import ConnectionType, WSConnection
    from wsproto.extensions import PerMessageDeflate
except ModuleNotFoundError:
    print("SKIPPED: no Python module wsproto (Debian: python3-wsproto)")
    sys.exit(77)

import asyncio
import contextlib

import client_checks


class Closed(Exception):
    pass


class Connection:
    """wsproto does no I/O: this gives it a stream."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.protocol = WSConnection(ConnectionType.SERVER)
        self.waiting = iter(())
        self.pongs = []
        self.close_code = self.subprotocol = None
        self.extensions = []

    async def accept(self, extensions, subprotocols):
        request = await self.next()
        common = [each for each in request.subprotocols if each in subprotocols]
        self.subprotocol = common[0] if common else None
        self.put(events.AcceptConnection(subprotocol=self.subprotocol, extensions=extensions))
        self.extensions = [each for each in extensions if each.enabled()]

    def put(self, event):
        self.writer.write(self.protocol.send(event))

    async def next(self):
        while True:
            for event in self.waiting:
                return event
            received = await self.reader.read(65536)
            self.protocol.receive_data(received or None)
            self.waiting = self.protocol.events()

    async def send(self, message):
        parts = message if isinstance(message, list) else [message]
        kind = events.TextMessage if isinstance(parts[0], str) else events.BytesMessage
        for at, part in enumerate(parts, 1):
            self.put(kind(data=part, message_finished=at == len(parts)))
        await self.writer.drain()

    async def recv(self):
        parts = []
        while True:
            event = await self.next()
            if isinstance(event, events.Message):
                parts.append(event.data)
                if event.message_finished:
                    return type(parts[0])().join(parts)
            elif isinstance(event, events.Pong):
                self.pongs.append(bytes(event.payload))
            elif isinstance(event, events.CloseConnection):
                self.close_code = event.code
                if self.protocol.state.name == "REMOTE_CLOSING":
                    self.put(event.response())
                raise Closed(event.code)

    async def ping(self, payload):
        self.put(events.Ping(payload=payload))

        async def answered():
            while payload not in self.pongs:
                await asyncio.wait_for(self.recv(), 30)
            self.pongs.clear()
        return answered()

    async def close(self, code=1000, reason=""):
        self.put(events.CloseConnection(code=code, reason=reason))
        await self.wait_closed()

    async def wait_closed(self):
        with contextlib.suppress(Closed):
            while True:
                await self.recv()


class WsprotoServerTest(client_checks.ClientChecks):
    compressions = [
        {},
        {"server_no_context_takeover": True, "client_no_context_takeover": True},
        {"server_max_window_bits": 9, "client_max_window_bits": 10},
    ]

    @contextlib.asynccontextmanager
    async def serve(self, conversation, compression=None, subprotocols=None, ssl=None):
        async def accepted(reader, writer):
            extensions = [] if compression is None else [PerMessageDeflate(**compression)]
            connection = Connection(reader, writer)
            await connection.accept(extensions, subprotocols or [])
            try:
                await conversation(connection)
                if connection.close_code is None:
                    await connection.close()
            finally:
                writer.close()

        server = await asyncio.start_server(accepted, "localhost", 0, ssl=ssl, family=2)
        async with server:
            yield server.sockets[0].getsockname()[1]


if __name__ == "__main__":
    unittest.main(verbosity=2)
