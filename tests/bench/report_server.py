"""A tour server as the 2020 report describes its own, for comparison.

One process and one thread around select(); the inventory is a JSON file, read once; every search
walks all of it; messages have a 10-byte header. What made the original lose messages is mended, so
that it can be measured: what arrives is kept until a message is whole.

usage: report_server.py INVENTORY PORT
"""

import json
import select
import socket
import sys

HEADER_BYTES = 10


def listen(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(512)
    return server


def search(tours, wanted):
    """All tours of a city on a day, by a walk through the whole list."""
    year, month, day = wanted["dataIda"].split("-")
    on_day = f"{day}/{month}/{year}"
    found = [t for t in tours if t["cidade"] == wanted["cidade"] and t["dia"] == on_day]
    return {"passeio": found}


def messages(received):
    """The whole messages at the beginning of what was received, which are taken away."""
    while len(received) >= HEADER_BYTES:
        end = HEADER_BYTES + int(received[:HEADER_BYTES])
        if len(received) < end:
            return
        yield json.loads(received[HEADER_BYTES:end])
        del received[:end]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tours = json.load(file)
    server = listen(int(sys.argv[2]))
    received = {}
    while True:
        ready, _, _ = select.select([server, *received], [], [])
        for peer in ready:
            if peer is server:
                client, _ = server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                received[client] = bytearray()
                continue
            chunk = peer.recv(65536)
            if not chunk:
                del received[peer]
                peer.close()
                continue
            received[peer] += chunk
            for message in messages(received[peer]):
                reply = json.dumps(search(tours, message), ensure_ascii=False).encode()
                peer.sendall(f"{len(reply):<{HEADER_BYTES}}".encode() + reply)


main()
