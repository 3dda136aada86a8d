"""permessage-deflate (RFC 7692) by Python's zlib."""
import zlib

TAIL = b"\0\0\xff\xff"
LEVEL = 1  # the cases are of sizes and frames, and take minutes enough


def parse(value):
    """An offer or an answer as a dictionary; True for a parameter without a value."""
    name, *parameters = (part.strip() for part in value.split(";"))
    if name != "permessage-deflate":
        raise ValueError(f"not permessage-deflate: {value}")
    pairs = (parameter.partition("=") for parameter in parameters)
    return {key: int(number.strip('"')) if equals else True for key, equals, number in pairs}


def format(parameters):
    return "; ".join(["permessage-deflate",
                      *(key if value is True else f"{key}={value}" for key, value in parameters.items())])


class Deflate:
    """One end's compression as the answer agreed to it."""

    def __init__(self, agreed, is_client):
        own, other = ("client", "server") if is_client else ("server", "client")
        self.own_bits = agreed.get(f"{own}_max_window_bits", 15)
        self.other_bits = agreed.get(f"{other}_max_window_bits", 15)
        self.is_own_fresh = f"{own}_no_context_takeover" in agreed
        self.is_other_fresh = f"{other}_no_context_takeover" in agreed
        self.deflater = self.inflater = None

    def compress(self, message):
        if self.deflater is None or self.is_own_fresh:
            self.deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -self.own_bits)
        compressed = self.deflater.compress(message) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        return compressed[:-len(TAIL)]

    def restore(self, compressed):
        if self.inflater is None or self.is_other_fresh:
            self.inflater = zlib.decompressobj(-self.other_bits)
        if self.other_bits == 15:
            return self.inflater.decompress(compressed + TAIL)
        # In small steps zlib looks back into its window only, and so sees what reaches too far.
        parts, rest = [], compressed + TAIL
        while rest or parts and parts[-1]:
            parts.append(self.inflater.decompress(rest, 128))
            rest = self.inflater.unconsumed_tail
        return b"".join(parts)
