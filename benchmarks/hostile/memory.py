"""What strangers can make a server hold: its memory while answers stand unread and messages unfinished.

    python3 memory.py ./memory_server [part of an attack's name]
"""
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib


def rss(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def connect(port, receive_bytes=4096):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    s.settimeout(10)
    s.connect(("127.0.0.1", port))
    return s


def frame(payload, first=0x81):
    size = len(payload)
    head = bytes([first])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", size)
    return head + b"\0\0\0\0" + payload


def upgrade(port, path, extensions=""):
    s = connect(port)
    s.sendall((f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               + extensions + "\r\n").encode())
    got = b""
    while b"\r\n\r\n" not in got:
        more = s.recv(4096)
        if not more:
            return None
        got += more
    return s


def unread(port, path, count):
    sockets = []
    for _ in range(count):
        s = connect(port)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sockets.append(s)
    return sockets


def unfinished(port, count):
    text = b"".join(b'{"symbol":"A%d","price":1}\n' % (i // 20) for i in range(40000))[:1000000]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))
    sockets, sent = [], 0
    for _ in range(count):
        s = upgrade(port, "/trades", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
        if s is None:
            continue
        try:
            s.sendall(frame(packed, 0x41))
        except OSError:
            pass
        sent += len(packed)
        sockets.append(s)
    print(f"  ({sent / 1e6:.1f} MB sent)", end="")
    return sockets


def fill_history(port):
    s = upgrade(port, "/trades")
    for second in range(10001):
        event = {"symbol": "A" * 250, "price": 100.25 + second % 7, "size": 10,
                 "time": (1700000000 + second) * 10**9}
        s.sendall(frame(json.dumps(event).encode()))
    time.sleep(2)
    s.close()


def main():
    folder = tempfile.mkdtemp()
    for name, size in (("five", 5_000_000), ("fifteen", 15_000_000), ("more", 14_000_000),
                       ("most", 13_000_000)):
        with open(os.path.join(folder, name), "wb") as out:
            out.write(random.randbytes(size))
    cases = (
        ("150 unread answers of a 5 MB file", lambda p: unread(p, "/five", 150)),
        ("80 unread answers of a 15 MB file that is not kept",
         lambda p: unread(p, "/more", 1) + unread(p, "/most", 1) + unread(p, "/fifteen", 80)),
        ("150 unread answers of 10,000 rows", lambda p: unread(p, "/api/topics/bars?limit=10000", 150)),
        ("150 compressed messages without an end", lambda p: unfinished(p, 150)),
        ("600 compressed messages without an end", lambda p: unfinished(p, 600)),
    )
    for name, attack in cases:
        if len(sys.argv) > 2 and sys.argv[2] not in name:
            continue
        with subprocess.Popen([sys.argv[1], folder], stdout=subprocess.PIPE, text=True) as server:
            port = int(server.stdout.readline().split()[1])
            if "rows" in name:
                fill_history(port)
            before = rss(server.pid)
            print(f"{name}:", end="", flush=True)
            held, most = attack(port), 0
            for _ in range(40):
                most = max(most, rss(server.pid))
                time.sleep(0.1)
            print(f" {before} MB before, {most} MB at most, {rss(server.pid)} MB in the end")
            del held
            server.terminate()


main()
