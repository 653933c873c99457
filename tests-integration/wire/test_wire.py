"""Raw requests to a real server: each ``.http`` file has a ``.toml`` that says what comes back.

``statuses`` are those of all responses, in order; ``contents`` what they carry; ``closes`` whether
the server ends the connection after them. ``rule`` says why.
"""

import socket
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cherrypy._server.settings import Server
from cherrypy.process.wspbus import Bus

FOLDER = Path(__file__).parent
CASES = sorted(path.stem for path in FOLDER.glob("*.http"))
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

Response = tuple[int, str]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer with method, path and content of the request."""
    content = environ["wsgi.input"].read()
    body = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode("latin-1") + content
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Run a server on a free port."""
    server = Server(Bus(), application)
    server.socket_port = 0
    server.start()
    yield server.bound_addr
    server.stop()


def read_responses(octets: bytes) -> list[Response]:
    """Split what a server has sent into responses that have a Content-Length."""
    responses = []
    while octets:
        head, _, rest = octets.partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        names = dict(field.lower().split(": ", 1) for field in fields)
        length = int(names["content-length"])
        responses.append((int(status.split()[1]), rest[:length].decode()))
        octets = rest[length:]
    return responses


@pytest.mark.parametrize("name", CASES)
def test_wire(address: tuple[str, int], name: str) -> None:
    expected = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    request = (FOLDER / f"{name}.http").read_bytes()
    received = b""
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(request if expected["closes"] else request + LAST)
        while octets := client.recv(65536):
            received += octets
    responses = read_responses(received)
    if not expected["closes"]:
        assert responses.pop() == (200, "GET /last "), expected["rule"]
    assert [status for status, _ in responses] == expected["statuses"], expected["rule"]
    if "contents" in expected:
        assert [content for _, content in responses] == expected["contents"], expected["rule"]


def test_each_request_says_what_must_come_back() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == CASES
