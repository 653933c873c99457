"""Clients that break off in the middle of content, over sockets (RFC 9112 section 8)."""

import contextlib
import socket
from collections.abc import Callable, Iterable
from operator import methodcaller
from typing import Any

import pytest
from live_server import Environ, Site, StartResponse, read_all, serving

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
TEXT = b"one\ntwo\n\nthree"
CHUNKED = b"4\r\none\n\r\n5\r\ntwo\n\n\r\n5\r\nthree\r\n0\r\n\r\n"
FRAMED = {
    "sized": (HEAD + b"Content-Length: %d\r\n\r\n" % len(TEXT), TEXT),
    "chunked": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", CHUNKED),
}
WAYS: dict[str, Callable[[Any], bytes]] = {
    "read": methodcaller("read"),
    "read(n)": lambda file: b"".join(iter(lambda: file.read(3), b"")),
    "readline": lambda file: b"".join(iter(file.readline, b"")),
    "readline(n)": lambda file: b"".join(iter(lambda: file.readline(3), b"")),
    "readlines": lambda file: b"".join(file.readlines()),
    "iteration": b"".join,
}


def ask_and_leave(site: Site, content: bytes) -> bytes:
    """Send what there is and end the sending half; return all that comes."""
    with site.connect() as client:
        client.sendall(content)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


@pytest.mark.parametrize("framing", FRAMED)
@pytest.mark.parametrize("way", WAYS)
def test_content_that_is_cut_anywhere(framing: str, way: str) -> None:
    stored: list[bytes] = []

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        stored.append(WAYS[way](environ["wsgi.input"]))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    head, content = FRAMED[framing]
    with serving(application) as site:
        for cut in range(len(content)):
            answer = ask_and_leave(site, head + content[:cut])
            assert answer.startswith(b"HTTP/1.1 400 "), cut
            assert b"Connection: close" in answer
        assert stored == []
        assert ask_and_leave(site, head + content).startswith(b"HTTP/1.1 200 ")
        assert stored == [TEXT]
        assert site.errors == []


@pytest.mark.parametrize("framing", FRAMED)
def test_the_connection_is_closed_though_the_application_swallows_it(framing: str) -> None:
    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read()
        except OSError:
            start_response("200 OK", [("Content-Length", "4")])
            return [b"gone"]
        raise AssertionError

    head, content = FRAMED[framing]
    with serving(application) as site:
        answer = ask_and_leave(site, head + content[:-3])
        assert answer.endswith(b"gone")
        assert b"Connection: close" in answer
        assert site.errors == []


def test_malformed_chunks_end_the_connection() -> None:
    """What follows them is not taken for the next request."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        with contextlib.suppress(OSError):
            environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", "0")])
        return []

    head, _ = FRAMED["chunked"]
    with serving(application) as site:
        answer = ask_and_leave(site, head + b"zz\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"Connection: close" in answer
