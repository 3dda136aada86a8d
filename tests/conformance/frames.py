"""Frames of RFC 6455, also such as must not be."""
import os
import struct
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Frame(NamedTuple):
    op: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0


def close(code=None, reason=b""):
    return Frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


def fragments(op, payload, size, ends_empty=False):
    """A message in frames of at most so many bytes; 0 for one frame. `ends_empty`: the last is empty
    where the others are all full, as the suite sends it."""
    size = size or max(1, len(payload))
    starts = range(0, max(1, len(payload) + ends_empty), size)
    return [Frame(CONTINUATION if at else op, payload[at:at + size], at == starts[-1]) for at in starts]


def mask(payload, key):
    size = len(payload)
    keys = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(keys, "little")).to_bytes(size, "little")


def header(frame, size, key=None):
    """A frame's header for so large a payload; with a masking key, a client's."""
    first = frame.fin << 7 | frame.rsv << 4 | frame.op
    masked = 0 if key is None else 0x80
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    return head + (key or b"")


def encode(frame, is_client):
    key = os.urandom(4) if is_client else None
    return header(frame, len(frame.payload), key) + (mask(frame.payload, key) if key else frame.payload)


class Broken(Exception):
    """The peer has sent what the protocol forbids."""


class Decoder:
    """Takes the peer's bytes and gives its frames, which it demands to be right."""

    def __init__(self, is_from_client):
        self.is_from_client = is_from_client
        self.buffer = bytearray()
        self.at = 0

    def feed(self, data):
        if self.at > 1 << 20 or self.at == len(self.buffer):
            del self.buffer[:self.at]
            self.at = 0
        self.buffer += data

    def next(self):
        """The next whole frame, or None."""
        have = len(self.buffer) - self.at
        if have < 2:
            return None
        first, second = self.buffer[self.at], self.buffer[self.at + 1]
        size, head = second & 0x7f, 2
        if size > 125:
            wide = 2 if size == 126 else 8
            if have < head + wide:
                return None
            size = int.from_bytes(self.buffer[self.at + 2:self.at + 2 + wide], "big")
            head += wide
            if size < (126 if wide == 2 else 65536):
                raise Broken("a length is not in its shortest form")
        is_masked = second > 0x7f
        if is_masked != self.is_from_client:
            raise Broken("a frame is masked" if is_masked else "a frame is not masked")
        whole = head + 4 * is_masked + size
        if have < whole:
            return None
        payload = bytes(memoryview(self.buffer)[self.at + whole - size:self.at + whole])
        if is_masked:
            payload = mask(payload, bytes(self.buffer[self.at + head:self.at + head + 4]))
        self.at += whole
        frame = Frame(first & 15, payload, first > 0x7f, first >> 4 & 7)
        if frame.op >= CLOSE and (not frame.fin or size > 125):
            raise Broken("a control frame is long or in parts")
        if frame.op not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Broken(f"opcode {frame.op}")
        return frame
