#!/usr/bin/python3
"""Sends a thermometer's day to a traffic_server, and answers each hour that comes back with a
reading of a second sensor: how far the temperature went in that hour.

    client.py [ws://localhost:8080/ws]
"""
import json, math, sys
from websocket import create_connection  # Debian: python3-websocket

def readings(sensor="thermometer"):
    for minute in range(0, 24 * 60 + 1, 10):
        time = f"2024-05-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
        yield {"sensor": sensor, "kind": "temperature", "value": 15 - 8 * math.cos(minute / 229), "time": time}

def main(url="ws://localhost:8080/ws"):
    server = create_connection(url, timeout=30)
    for reading in readings():
        server.send(json.dumps(reading))
    hours = 0
    while hours < 23:  # of the second sensor; its last hour stays open
        result = json.loads(server.recv())
        print(json.dumps(result), flush=True)
        if result.get("sensor") == "thermometer":
            server.send(json.dumps({"sensor": "thermometer_range", "kind": "range",
                                    "value": result["high"] - result["low"], "time": result["start"]}))
        hours += result.get("sensor") == "thermometer_range"
    server.close()

if __name__ == "__main__":
    main(*sys.argv[1:])
