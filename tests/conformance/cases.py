"""The cases, by the numbers of the public WebSocket conformance suite."""
import functools
import itertools
import os
from typing import NamedTuple, Optional

import data
import frames
from frames import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, close, fragments

PROTOCOL_ERROR, INVALID_PAYLOAD = 1002, 1007
KIB, MIB = 1024, 1024 * 1024
NON_STRICT = "not as early or as much as it should be"
PATIENCE = 10  # seconds for what is to happen
WHILE = 0.15  # seconds in which nothing is to happen

SECTIONS = {1: "Framing", 2: "Pings", 3: "Reserved bits", 4: "Opcodes", 5: "Fragmentation", 6: "UTF-8",
            7: "Closing", 9: "Limits", 10: "Auto-fragmentation", 12: "Compression", 13: "Compression's parameters"}


class Offers(NamedTuple):
    """How compression is negotiated: a client's offer; a server's answer to each offer."""
    offer: str
    accept: object


class Case(NamedTuple):
    """`play` or what is sent; then `ok` are the events to come, or `non_strict` at a pinch. Then the
    driver closes, unless that was in `sends`; with `fails` the peer must close, by that code."""
    number: str
    sends: tuple = ()
    ok: tuple = ()
    non_strict: Optional[tuple] = None
    fails: Optional[int] = None
    codes: tuple = (1000,)  # that may answer the driver's close
    chop: object = None
    informational: bool = False
    play: object = None  # (connection) -> a complaint, or None
    offers: Optional[Offers] = None


def text(payload):
    return "message", payload, False


def binary(payload):
    return "message", payload, True


def pong(payload=b""):
    return "pong", payload


def framing():
    sizes = (0, 125, 126, 127, 128, 65535, 65536, 65536)
    for kind, op, event, filler in ((1, TEXT, text, b"*"), (2, BINARY, binary, b"\xfe")):
        for i, size in enumerate(sizes, 1):
            payload = filler * size
            yield Case(f"1.{kind}.{i}", [Frame(op, payload)], [event(payload)], chop=997 if i == 8 else None)


def pings():
    hello, octets = b"Hello, world!", bytes([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])
    long = bytes(range(131, 256))
    ten = [b"payload-%d" % i for i in range(10)]
    yield Case("2.1", [Frame(PING)], [pong()])
    yield Case("2.2", [Frame(PING, hello)], [pong(hello)])
    yield Case("2.3", [Frame(PING, octets)], [pong(octets)])
    yield Case("2.4", [Frame(PING, long)], [pong(long)])
    yield Case("2.5", [Frame(PING, long + b"\xfe")], fails=PROTOCOL_ERROR)
    yield Case("2.6", [Frame(PING, long)], [pong(long)], chop=1)
    yield Case("2.7", [Frame(PONG)])
    yield Case("2.8", [Frame(PONG, b"unsolicited")])
    yield Case("2.9", [Frame(PONG, b"unsolicited"), Frame(PING, b"a ping")], [pong(b"a ping")])
    for number, chop in (("2.10", None), ("2.11", 1)):
        yield Case(number, [Frame(PING, each) for each in ten], [pong(each) for each in ten], chop=chop)


def reserved_bits():
    hello = b"Hello, world!"
    yield Case("3.1", [Frame(TEXT, hello, rsv=1)], fails=PROTOCOL_ERROR)
    for number, rsv, chop in (("3.2", 2, None), ("3.3", 3, "frames"), ("3.4", 4, 1)):
        yield Case(number, [Frame(TEXT, hello), Frame(TEXT, hello, rsv=rsv), Frame(PING)], [text(hello)],
                   non_strict=[], fails=PROTOCOL_ERROR, chop=chop)
    yield Case("3.5", [Frame(BINARY, b"\0\xff\xfe\xfd", rsv=5)], fails=PROTOCOL_ERROR)
    yield Case("3.6", [Frame(PING, hello, rsv=6)], fails=PROTOCOL_ERROR)
    yield Case("3.7", [close(1000)._replace(rsv=7)], fails=PROTOCOL_ERROR)


def opcodes():
    hello = b"Hello, world!"
    for kind, first in (("4.1", 3), ("4.2", 11)):
        yield Case(f"{kind}.1", [Frame(first)], fails=PROTOCOL_ERROR)
        yield Case(f"{kind}.2", [Frame(first + 1, b"reserved opcode")], fails=PROTOCOL_ERROR)
        for i, payload, chop in ((3, b"", None), (4, hello, None), (5, hello, 1)):
            yield Case(f"{kind}.{i}", [Frame(TEXT, hello), Frame(first + i - 1, payload), Frame(PING)], [text(hello)],
                       non_strict=[], fails=PROTOCOL_ERROR, chop=chop)


def fragmentation():
    one, two, three = b"fragment1", b"fragment2", b"fragment3"
    parted = [Frame(TEXT, one, fin=False), Frame(CONTINUATION, two)]
    whole = text(one + two)
    lost = Frame(CONTINUATION, b"non-continuation payload")
    unfinished = lost._replace(fin=False)
    hello = Frame(TEXT, b"Hello, world!")
    ways = (None, "frames", 1)
    yield Case("5.1", [Frame(PING, one, fin=False), Frame(CONTINUATION, two)], fails=PROTOCOL_ERROR)
    yield Case("5.2", [Frame(PONG, one, fin=False), Frame(CONTINUATION, two)], fails=PROTOCOL_ERROR)
    for i, chop in enumerate(ways):
        yield Case(f"5.{3 + i}", parted, [whole], chop=chop)
    for i, chop in enumerate(ways):
        yield Case(f"5.{6 + i}", [parted[0], Frame(PING, b"ping"), parted[1]], [pong(b"ping"), whole], chop=chop)
    for i, chop in enumerate(ways):
        yield Case(f"5.{9 + i}", [lost, hello], fails=PROTOCOL_ERROR, chop=chop)
    for i, chop in enumerate(ways):
        yield Case(f"5.{12 + i}", [unfinished, hello], fails=PROTOCOL_ERROR, chop=chop)
    yield Case("5.15", [*parted, unfinished, hello], [whole], non_strict=[], fails=PROTOCOL_ERROR)
    for number, fin in (("5.16", False), ("5.17", True)):
        yield Case(number, [Frame(CONTINUATION, one, fin), Frame(TEXT, two, fin=False), Frame(CONTINUATION, three)] * 2,
                   fails=PROTOCOL_ERROR)
    yield Case("5.18", [parted[0], Frame(TEXT, two)], fails=PROTOCOL_ERROR)

    def with_pings(connection, chop):
        parts = fragments(TEXT, b"".join(b"fragment%d" % i for i in range(1, 6)), 9)
        connection.send([*parts[:2], Frame(PING, b"first")], chop)
        if connection.next(PATIENCE) != pong(b"first"):
            return "no pong in the middle of a message"
        if (early := connection.peek(WHILE)) is not None:
            return f"{early[0]} in the middle of a message"
        connection.send([*parts[2:4], Frame(PING, b"second"), parts[4]], chop)
        return None

    five = b"fragment1fragment2fragment3fragment4fragment5"
    for number, chop in (("5.19", None), ("5.20", "frames")):
        yield Case(number, ok=[pong(b"second"), text(five)], play=functools.partial(with_pings, chop=chop))


GREEK = "κ\u1f79σμε".encode()


def valid_text():
    mixed = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    yield Case("6.1.1", [Frame(TEXT)], [text(b"")])
    yield Case("6.1.2", [Frame(TEXT, fin=False), Frame(CONTINUATION, fin=False), Frame(CONTINUATION)], [text(b"")])
    yield Case("6.1.3", [Frame(TEXT, fin=False), Frame(CONTINUATION, b"middle", fin=False), Frame(CONTINUATION)],
               [text(b"middle")])
    between_characters = len("Hello-µ@ßöä".encode())
    yield Case("6.2.1", [Frame(TEXT, mixed)], [text(mixed)])
    yield Case("6.2.2", [Frame(TEXT, mixed[:between_characters], fin=False),
                         Frame(CONTINUATION, mixed[between_characters:])], [text(mixed)])
    yield Case("6.2.3", fragments(TEXT, mixed, 1), [text(mixed)])
    yield Case("6.2.4", fragments(TEXT, GREEK, 1), [text(GREEK)])


def failing_text():
    """A surrogate; and 0x110000, which is too high from its second byte on."""
    bad = GREEK + b"\xed\xa0\x80" + b"edited"
    yield Case("6.3.1", [Frame(TEXT, bad)], fails=INVALID_PAYLOAD)
    yield Case("6.3.2", fragments(TEXT, bad, 1), fails=INVALID_PAYLOAD)

    too_high, rest = b"\xf4\x90\x80\x80", b"edited"
    whole = GREEK + too_high + rest

    def in_frames(connection, parts):
        """Only a frame that is accepted lets the ping behind it be answered."""
        connection.send([Frame(TEXT, parts[0], fin=False), Frame(PING, b"A")])
        if connection.next(PATIENCE) != pong(b"A"):
            return "the valid part was not accepted"
        connection.send([Frame(CONTINUATION, parts[1], fin=False)])
        return fails_fast(connection, lambda: connection.send([Frame(CONTINUATION, parts[2])]))

    def in_chops(connection, parts):
        key = os.urandom(4) if connection.is_client else None
        payload = frames.mask(whole, key) if key else whole
        connection.send_bytes(frames.header(Frame(TEXT), len(whole), key) + payload[:len(parts[0])])
        if (early := connection.peek(WHILE)) is not None:
            return f"{early[0]} behind the valid part"
        connection.send_bytes(payload[len(parts[0]):len(parts[0]) + len(parts[1])])
        return fails_fast(connection, lambda: connection.send_bytes(payload[-len(parts[2]):]))

    def fails_fast(connection, send_rest):
        if connection.peek(PATIENCE) is not None:
            return None
        send_rest()
        late = connection.peek(PATIENCE)
        return NON_STRICT if late and late[:2] == ("close", INVALID_PAYLOAD) else "bad text was accepted"

    by_character = GREEK, too_high, rest
    by_byte = GREEK + too_high[:1], too_high[1:2], too_high[2:] + rest
    for i, (play, parts) in enumerate(((in_frames, by_character), (in_frames, by_byte),
                                       (in_chops, by_character), (in_chops, by_byte)), 1):
        yield Case(f"6.4.{i}", fails=INVALID_PAYLOAD, play=functools.partial(play, parts=parts))


def sequences():
    """By M. Kuhn's stress test for UTF-8 decoders; what is valid is for Python to say."""
    bits = {2: 0xc0, 3: 0xe0, 4: 0xf0, 5: 0xf8, 6: 0xfc}

    def encoded(value, size):
        """As the scheme goes on beyond its last valid value and below each size's first."""
        tail = bytes(0x80 | value >> 6 * i & 0x3f for i in reversed(range(size - 1)))
        return bytes([bits[size] | value >> 6 * (size - 1)]) + tail

    def lonely(first, last):
        return b"".join(bytes([byte]) + b" " for byte in range(first, last + 1))

    last = {2: 0x7ff, 3: 0xffff, 4: 0x1fffff, 5: 0x3ffffff, 6: 0x7fffffff}
    overlong = {2: 0x7f, 3: 0x7ff, 4: 0xffff, 5: 0x1fffff, 6: 0x3ffffff}
    cut = [*(encoded(0, size)[:-1] for size in bits), *(encoded(last[size], size)[:-1] for size in bits)]
    surrogates = [encoded(value, 3) for value in (0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff)]
    high, low = surrogates[:4], (surrogates[4], surrogates[6])
    return {
        5: [*(f"hello{character}world".encode() for character in "$¢€𤭢"), GREEK],
        6: [GREEK[:size] for size in range(1, len(GREEK) + 1)],
        7: [b"\0", *(encoded(value, size) for value, size in ((0x80, 2), (0x800, 3), (0x10000, 4)))],
        8: [encoded(0x200000, 5), encoded(0x4000000, 6)],
        9: [b"\x7f", encoded(last[2], 2), encoded(last[3], 3), encoded(0x10ffff, 4)],
        10: [encoded(last[size], size) for size in (4, 5, 6)],
        11: [encoded(0xd7ff, 3), encoded(0xe000, 3), encoded(0xfffd, 3), encoded(0x10ffff, 4), encoded(0x110000, 4)],
        12: [b"\x80", b"\xbf", *((b"\x80\xbf" * 3)[:size] for size in range(2, 7)), bytes(range(0x80, 0xc0))],
        13: [lonely(*ends) for ends in ((0xc0, 0xdf), (0xe0, 0xef), (0xf0, 0xf7), (0xf8, 0xfb), (0xfc, 0xfd))],
        14: cut,
        15: [b"".join(cut)],
        16: [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"],
        17: [encoded(ord("/"), size) for size in bits],
        18: [encoded(overlong[size], size) for size in bits],
        19: [encoded(0, size) for size in bits],
        20: surrogates,
        21: [first + second for first in high for second in low],
        22: [encoded(0xfffe, 3), encoded(0xffff, 3),
             *(encoded(plane << 16 | value, 4) for plane in range(1, 17) for value in (0xfffe, 0xffff))],
        23: [encoded(value, 3) for value in range(0xfff9, 0x10000)],
    }


def is_valid(payload):
    try:
        return payload.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


def text_of_all_kinds():
    yield from valid_text()
    yield from failing_text()
    for kind, payloads in sequences().items():
        for i, payload in enumerate(payloads, 1):
            good = is_valid(payload)
            yield Case(f"6.{kind}.{i}", [Frame(TEXT, payload)], [text(payload)] if good else [],
                       fails=None if good else INVALID_PAYLOAD)


def closing():
    hello = Frame(TEXT, b"Hello World!")
    normal = close(1000)
    yield Case("7.1.1", [hello, normal], [text(hello.payload)])
    yield Case("7.1.2", [normal, normal])
    yield Case("7.1.3", [normal, Frame(PING)])
    yield Case("7.1.4", [normal, hello])
    yield Case("7.1.5", [Frame(TEXT, b"fragment1", fin=False), normal, Frame(CONTINUATION, b"fragment2")])
    large = b"BAsd7&jh23" * (26 * KIB)
    yield Case("7.1.6", [Frame(TEXT, large), hello, normal, Frame(PING)], [text(large), text(hello.payload)],
               non_strict=[], informational=True)

    yield Case("7.3.1", [close()], codes=(1000, 1005))
    yield Case("7.3.2", [Frame(frames.CLOSE, b"a")], fails=PROTOCOL_ERROR)
    yield Case("7.3.3", [normal])
    yield Case("7.3.4", [close(1000, b"Hello World!")])
    yield Case("7.3.5", [close(1000, b"*" * 123)])
    yield Case("7.3.6", [close(1000, b"*" * 124)], fails=PROTOCOL_ERROR)
    yield Case("7.5.1", [close(1000, GREEK + b"\xed\xa0\x80edited")], fails=INVALID_PAYLOAD)

    good = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    bad = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
    for i, code in enumerate(good, 1):
        yield Case(f"7.7.{i}", [close(code)], codes=(1000, code))
    for i, code in enumerate(bad, 1):
        yield Case(f"7.9.{i}", [close(code)], fails=PROTOCOL_ERROR)
    for i, code in enumerate((5000, 65535), 1):
        yield Case(f"7.13.{i}", [close(code)], codes=(1000, code, PROTOCOL_ERROR), informational=True)


def limits():
    large = "BAsd7&jh2ä".encode() * (16 * MIB // 11 + 1)
    large_bytes = bytes(range(256)) * (16 * MIB // 256)

    def of(size, op):
        if op == BINARY:
            return large_bytes[:size]
        return large[:size].decode(errors="ignore").encode().ljust(size)

    fragment_sizes = (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB)
    for kinds, op, event in (((1, 3, 5, 7), TEXT, text), ((2, 4, 6, 8), BINARY, binary)):
        whole, fragmented, chopped, many = kinds
        for i, size in enumerate((64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB), 1):
            yield Case(f"9.{whole}.{i}", [Frame(op, of(size, op))], [event(of(size, op))])
        for i, size in enumerate(fragment_sizes, 1):
            payload = of(4 * MIB, op)
            yield Case(f"9.{fragmented}.{i}", fragments(op, payload, size, ends_empty=True), [event(payload)])
        for i, chop in enumerate((64, 128, 256, 512, KIB, 2 * KIB), 1):
            payload = of(MIB, op)
            yield Case(f"9.{chopped}.{i}", [Frame(op, payload)], [event(payload)], chop=chop)
        for i, size in enumerate((0, 16, 64, 256, KIB, 4 * KIB), 1):
            yield Case(f"9.{many}.{i}", play=functools.partial(
                round_trips, op=op, messages=itertools.repeat(of(size, op), 1000)))


def round_trips(connection, op, messages, fragment_bytes=0, compressible=False):
    for i, message in enumerate(messages):
        connection.send_message(op, message, fragment_bytes)
        event = connection.next(PATIENCE)
        if event != ("message", message, op == BINARY):
            got = "nothing" if event is None else " ".join([event[0], *(repr(each)[:40] for each in event[1:])])
            return f"{got} for message {i}"
    if compressible and not connection.compressed_messages:
        return "no message came back compressed"
    return None


def auto_fragmentation():
    payload = b"*" * 65536
    yield Case("10.1.1", fragments(TEXT, payload, 1300), [text(payload)])


# Bytes of a message, and of its frames, 0 for one frame.
COMPRESSED = [*((2 ** i, 0) for i in (4, 6, 8, 10, 12, 13, 14, 15, 16, 17)), *((2 ** i, 256) for i in range(13, 18)),
              (2 ** 17, KIB), (2 ** 17, 4 * KIB), (2 ** 17, 32 * KIB)]


def compressed(section, contents, op, offers, is_full, compressible=True):
    """A thousand messages in each case; where that is too long, no more than come to some hundred KB."""
    for i, (size, fragment_bytes) in enumerate(COMPRESSED, 1):
        count = 1000 if is_full else min(1000, max(6, 512 * KIB // size))
        yield Case(f"{section}.{i}", offers=offers, play=functools.partial(
            in_pieces, contents=contents, size=size, count=count, op=op, fragment_bytes=fragment_bytes,
            compressible=compressible and size >= 256))


def in_pieces(connection, contents, size, count, **how):
    cycle = contents * (size // len(contents) + 2)
    starts = (i * size % len(contents) for i in range(count))
    return round_trips(connection, messages=(cycle[at:at + size] for at in starts), **how)


def compression(is_full):
    offers = Offers("permessage-deflate; client_no_context_takeover; client_max_window_bits", lambda offer: {})
    kinds = ((data.json_text, TEXT), (data.picture, BINARY), (data.prose, BINARY), (data.html, TEXT),
             (data.document, BINARY))
    for i, (make, op) in enumerate(kinds, 1):
        yield from compressed(f"12.{i}", make(), op, offers, is_full, compressible=make is not data.document)


def compression_parameters(is_full):
    json_text = data.json_text()
    ways = [[(False, 0)], [(True, 0)], [(False, 9)], [(False, 15)], [(True, 9)], [(True, 15)],
            [(True, 9), (True, 0), (False, 0)]]
    for i, way in enumerate(ways, 1):
        offer = ", ".join("permessage-deflate; client_no_context_takeover; client_max_window_bits" +
                          "; server_no_context_takeover" * fresh + f"; server_max_window_bits={bits}" * bool(bits)
                          for fresh, bits in way)
        yield from compressed(f"13.{i}", json_text, TEXT, Offers(offer, functools.partial(answer, ways=way)), is_full)


def answer(offer, ways):
    """The first of the ways, no context takeover and window bits of the client's, that the offer allows."""
    for fresh, bits in ways:
        if not bits or "client_max_window_bits" in offer:
            asked = {"client_no_context_takeover": fresh, "client_max_window_bits": bits}
            return {name: value for name, value in asked.items() if value}
    return None


def all_cases(is_full):
    """`is_full`: with all the messages of the suite's cases of compression, which takes long."""
    for section in (framing, pings, reserved_bits, opcodes, fragmentation, text_of_all_kinds, closing, limits,
                    auto_fragmentation):
        yield from section()
    for section in (compression, compression_parameters):
        yield from section(is_full)
