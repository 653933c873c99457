"""Answer raw requests over a socket, with the HTTP server of whichever CherryPy is there.

Run as a script, as ``driver.py`` is, with the same input; each answer is the list of the responses
that came back on the connection of one raw request, until the server closed it.
"""

from __future__ import annotations

import importlib
import json
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

Answer = dict[str, Any]

DEADLINE_SECONDS = 10
WITHOUT_BODY = re.compile(rb"HTTP/1\.\d (1\d\d|204|304)")
REQUEST_LINE = re.compile(r"^([A-Za-z]+) \S+ HTTP/\d", re.MULTILINE)


def exchange(address: tuple[str, int], raw: str) -> bytes:
    """Send octets on a new connection, say that there are no more, and read until it is closed."""
    with socket.create_connection(address, DEADLINE_SECONDS) as connection:
        connection.sendall(raw.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        received = []
        try:
            while octets := connection.recv(65536):
                received.append(octets)
        except ConnectionResetError:
            received.append(b"")  # closed with octets of the request unread
        return b"".join(received)


def parse_responses(octets: bytes, methods: list[str]) -> list[Answer]:
    """Take the responses of a connection apart.

    Args:
        octets: Everything that was received.
        methods: Methods of the requests, in order: HEAD has no body.
    """
    responses = []
    while octets:
        head, _, rest = octets.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = [line.split(": ", 1) for line in lines]
        fields = {name.lower(): value for name, value in headers}
        is_final = WITHOUT_BODY.match(head) is None or not head[9:].startswith(b"1")
        method = methods.pop(0) if methods and is_final else "GET"
        if WITHOUT_BODY.match(head) or method == "HEAD":
            body, octets = b"", rest
        elif fields.get("transfer-encoding", "").lower() == "chunked":
            body, octets = _chunked(rest)
        elif "content-length" in fields:
            length = int(fields["content-length"])
            body, octets = rest[:length], rest[length:]
        else:
            body, octets = rest, b""
        answer = {"status": status, "headers": headers, "body": body.decode("latin-1")}
        responses.append(answer | {"failure": None, "seconds": time.time()})
    return responses


def _chunked(octets: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, octets = octets.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            return body, octets.partition(b"\r\n")[2]
        body, octets = body + octets[:length], octets[length + 2 :]


def main() -> None:
    """Answer the batch on standard input."""
    sys.path.insert(0, str(Path(__file__).with_name("applications")))
    batch = json.load(sys.stdin)
    cherrypy: Any = importlib.import_module("cherrypy")
    cherrypy.config.update(
        {
            "log.screen": False,
            "engine.autoreload.on": False,
            "checker.on": False,
            "server.socket_host": "127.0.0.1",
            "server.socket_port": 0,
            "server.thread_pool": 2,
        },
    )
    for name in batch:
        importlib.import_module(name).build()
    cherrypy.engine.start()
    address = cherrypy.server.bound_addr
    answers = {
        name: [
            parse_responses(exchange(address, raw), REQUEST_LINE.findall(raw)) for raw in requests
        ]
        for name, requests in batch.items()
    }
    cherrypy.engine.exit()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
