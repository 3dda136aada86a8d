"""A connection with the implementation under test: frames out, events in."""
import base64
import hashlib
import os
import select
import socket
import struct
import time
import zlib

import deflate
import frames

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


class Connection:
    """Events are ("message", payload, is_binary), ("ping" or "pong", payload), ("close", code,
    reason) with 1005 for no code, ("broken", why) for what the peer must not send, and ("end",) when
    it has ended the stream."""

    def __init__(self, stream, is_client):
        self.stream, self.is_client = stream, is_client
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream.settimeout(30)
        self.deflate = None
        self.compressed_messages = 0
        self.decoder = frames.Decoder(is_from_client=not is_client)
        self.parts, self.first = [], None
        self.has_ended = False
        self.seen = None

    # The handshake.

    def request(self, path, offer=None, extra=""):
        """As a client. Returns what the server agreed to, None for no compression."""
        key = base64.b64encode(os.urandom(16))
        extensions = f"Sec-WebSocket-Extensions: {offer}\r\n" if offer else ""
        self.stream.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n"
                            f"{extensions}{extra}\r\n".encode())
        status, fields = self._read_head()
        if " 101 " not in status or fields.get("sec-websocket-accept") != accept_key(key).decode():
            raise frames.Broken(f"the upgrade failed: {status}")
        return self._use(fields.get("sec-websocket-extensions"))

    def answer(self, accept=None):
        """As a server. `accept` makes an answer of each offer, or None."""
        request, fields = self._read_head()
        offers = [each.strip() for each in fields.get("sec-websocket-extensions", "").split(",") if each.strip()]
        answers = [accept(deflate.parse(offer)) for offer in offers] if accept else []
        chosen = next((deflate.format(each) for each in answers if each is not None), None)
        extensions = f"Sec-WebSocket-Extensions: {chosen}\r\n" if chosen else ""
        accepted = accept_key(fields["sec-websocket-key"].encode()).decode()
        self.stream.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Accept: {accepted}\r\n{extensions}\r\n".encode())
        return self._use(chosen)

    def _use(self, answer):
        agreed = None if answer is None else deflate.parse(answer)
        if agreed is not None:
            self.deflate = deflate.Deflate(agreed, self.is_client)
        return agreed

    def _read_head(self):
        received = b""
        while b"\r\n\r\n" not in received:
            more = self.stream.recv(65536)
            if not more:
                raise frames.Broken("no handshake")
            received += more
        head, _, rest = received.partition(b"\r\n\r\n")
        self.decoder.feed(rest)
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        return first, {name.strip().lower(): value.strip() for name, _, value in fields}

    # Sending.

    def send(self, sequence, chop=None):
        """In one piece, with "frames" each frame alone, with a number so many bytes at a time."""
        encoded = [frames.encode(frame, self.is_client) for frame in sequence]
        if chop == "frames":
            for each in encoded:
                self.send_bytes(each)
            return
        whole = b"".join(encoded)
        for at in range(0, len(whole), chop or len(whole)):
            self.send_bytes(whole[at:at + (chop or len(whole))])

    def send_message(self, op, payload, fragment_bytes=0):
        """Compressed, if that was agreed on."""
        if self.deflate is None:
            return self.send(frames.fragments(op, payload, fragment_bytes))
        first, *others = frames.fragments(op, self.deflate.compress(payload), fragment_bytes)
        self.send([first._replace(rsv=4), *others])

    def send_bytes(self, data):
        """Reads too, lest both ends wait for each other. What a peer that is gone does not take is lost."""
        rest = memoryview(data)
        while rest and not self.has_ended:
            try:
                rest = rest[self.stream.send(rest, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL):]
            except BlockingIOError:
                readable, *_ = select.select([self.stream], [self.stream], [], 30)
                if readable:
                    self._receive()
            except OSError:
                return

    def finish(self):
        """After the closing handshake a server ends the stream at once, a client leaves that to it."""
        if not self.is_client:
            self.stream.shutdown(socket.SHUT_WR)

    def _receive(self):
        try:
            data = self.stream.recv(1 << 18)
        except ConnectionError:
            data = b""
        self.has_ended = self.has_ended or not data
        self.decoder.feed(data)

    # Receiving.

    def peek(self, seconds):
        """The next event, which stays the next."""
        self.seen = self.next(seconds)
        return self.seen

    def next(self, seconds):
        """The next event; None if there is none in that time."""
        if self.seen is not None:
            seen, self.seen = self.seen, None
            return seen
        deadline = time.monotonic() + seconds
        while True:
            try:
                event = self._take_event()
            except (frames.Broken, zlib.error) as error:
                return "broken", str(error)
            if event:
                return event
            if self.has_ended:
                return ("end",)
            if not select.select([self.stream], [], [], max(0, deadline - time.monotonic()))[0]:
                return None
            self._receive()

    def _take_event(self):
        while (frame := self.decoder.next()) is not None:
            if frame.op == frames.PING:
                return "ping", frame.payload
            if frame.op == frames.PONG:
                return "pong", frame.payload
            if frame.op == frames.CLOSE:
                code = struct.unpack("!H", frame.payload[:2])[0] if frame.payload else 1005
                return "close", code, frame.payload[2:]
            if message := self._add(frame):
                return message
        return None

    def _add(self, frame):
        if (frame.op == frames.CONTINUATION) != (self.first is not None):
            raise frames.Broken("fragments out of order")
        if self.first is None:
            self.first = frame
        if frame.rsv and (frame.rsv != 4 or frame is not self.first or self.deflate is None):
            raise frames.Broken(f"reserved bits {frame.rsv}")
        self.parts.append(frame.payload)
        if not frame.fin:
            return None
        payload, first = b"".join(self.parts), self.first
        self.parts, self.first = [], None
        if first.rsv:
            self.compressed_messages += 1
            payload = self.deflate.restore(payload)
        return "message", payload, first.op == frames.BINARY
