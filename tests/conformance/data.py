"""What the cases of compression send: kinds of files, made anew and always the same."""
import json
import random


def json_text():
    draw = random.Random(1)
    rows = [{"id": i, "symbol": draw.choice(["ACME", "BETA", "CYGN"]), "price": round(draw.uniform(10, 99), 2),
             "tags": draw.sample(["new", "hot", "eu", "us", "test"], 2), "ok": draw.random() < 0.5}
            for i in range(2000)]
    return json.dumps(rows).encode()


def picture():
    """Grey levels of 512 by 512 pixels, smooth with some noise."""
    draw = random.Random(2)
    return bytes((x * y // 512 + x // 3 + draw.randrange(4)) & 255 for y in range(512) for x in range(512))


def prose():
    draw = random.Random(3)
    syllables = "der die das und Welt geist ver ge schön für über müß ig keit sprach er nun wohl Mühl rad".split()
    words = ("".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(40_000))
    return " ".join(word + draw.choice(["", "", "", ",", ".\r\n"]) for word in words).encode()


def html():
    draw = random.Random(4)
    rows = (f'<tr class="row-{i % 2}"><td>{i}</td><td><a href="/item/{draw.randrange(10_000)}">item</a></td></tr>\n'
            for i in range(3500))
    return ("<!DOCTYPE html><html><body><table>\n" + "".join(rows) + "</table></body></html>").encode()


def document():
    """Parts that do not compress between parts that do."""
    draw = random.Random(5)
    return b"".join(b"%d 0 obj << /Length 8000 /Filter /FlateDecode >> stream\n" % i + draw.randbytes(8000) +
                    b"\nendstream endobj\n" for i in range(120))
