"""The conformance cases against an echo_client: client_cases.py ECHO_CLIENT [--full] [NUMBER]...

Numbers may be patterns, such as 6.4.*. With --full those of compression send all that the public
suite sends. Each case has a client of its own, which must end well.
"""
import socket
import subprocess
import sys

import cases
import frames
import suite
from connection import Connection

program, *arguments = sys.argv[1:]
NOT_BUILT = 2  # the exit status of a client without zlib that is to compress


def code_of(case):
    """What the client is to tell of the end; 1006 when it has failed the connection itself."""
    sent = [frame.payload[:2] for frame in case.sends if frame.op == frames.CLOSE]
    if case.fails:
        return 1006
    return (int.from_bytes(sent[0], "big") or 1005) if sent else 1000


def main():
    without_connection = subprocess.run([program, "ws://127.0.0.1:1/", "--deflate"], capture_output=True)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"

    def play(case):
        command = [program, url, "--max-message-bytes", str(16 * cases.MIB), *["--deflate"] * bool(case.offers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            try:
                with listener.accept()[0] as stream:
                    connection = Connection(stream, is_client=False)
                    if connection.answer(case.offers and case.offers.accept) is None and case.offers:
                        return suite.FAILED, "no compression was offered"
                    verdict, note = suite.play(case, connection)
                output, _ = client.communicate(timeout=10)
            finally:
                client.kill()
        told = f"closed {code_of(case)}\n"
        if client.returncode or verdict == suite.OK and output != told:
            return suite.FAILED, f"the client ended with status {client.returncode}: {output.strip()}"
        return verdict, note

    return suite.run(play, arguments, can_compress=without_connection.returncode != NOT_BUILT)


if __name__ == "__main__":
    sys.exit(main())
