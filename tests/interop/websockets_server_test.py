"""Python's websockets as the server of an echo_client: websockets_server_test.py ECHO_CLIENT"""
import sys
import unittest

try:
    import websockets  # Debian: python3-websockets
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory as Deflate
except ModuleNotFoundError:
    print("SKIPPED: no Python module websockets (Debian: python3-websockets)")
    sys.exit(77)

import contextlib

import client_checks


class WebsocketsServerTest(client_checks.ClientChecks):
    compressions = [
        {},
        {"server_no_context_takeover": True, "client_no_context_takeover": True},
        {"server_max_window_bits": 9, "client_max_window_bits": 10},
        {"server_max_window_bits": 15, "client_no_context_takeover": True},
    ]

    @contextlib.asynccontextmanager
    async def serve(self, conversation, compression=None, subprotocols=None, ssl=None):
        extensions = [] if compression is None else [Deflate(**compression)]
        async with websockets.serve(conversation, "localhost", 0, ssl=ssl, max_size=None, compression=None,
                                    extensions=extensions, subprotocols=subprotocols, family=2) as server:
            yield server.sockets[0].getsockname()[1]


if __name__ == "__main__":
    unittest.main(verbosity=2)
