"""The conformance cases against an echo_server: server_cases.py ECHO_SERVER [--full] [NUMBER]...

Numbers may be patterns, such as 6.4.*. With --full those of compression send all that the public
suite sends.
"""
import socket
import subprocess
import sys

import suite
from connection import Connection

TOKEN = "Authorization: Bearer secret\r\n"
program, *arguments = sys.argv[1:]


def main():
    with subprocess.Popen([program, str(16 * 1024 * 1024)], stdout=subprocess.PIPE, text=True) as server:
        port, *can = server.stdout.readline().split()

        def play(case):
            with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as stream:
                connection = Connection(stream, is_client=True)
                agreed = connection.request("/echo", case.offers and case.offers.offer, TOKEN)
                if case.offers and agreed is None:
                    return suite.FAILED, "no compression was agreed on"
                return suite.play(case, connection)

        try:
            status = suite.run(play, arguments, can_compress="deflate" in can)
        finally:
            server.terminate()
    return status or server.returncode


if __name__ == "__main__":
    sys.exit(main())
