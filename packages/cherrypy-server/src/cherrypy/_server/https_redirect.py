"""The way from HTTP to HTTPS: a WSGI application that redirects, for a port of its own."""

import re
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import quote

from cherrypy._server.roles import StartResponse, WSGIApplication

CHALLENGES = "/.well-known/acme-challenge/"
"""Paths that are not redirected: whoever signs certificates asks there by HTTP (RFC 8555 s.8.3)."""

_HOST = re.compile(r"(?P<name>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_USUAL_PORT = 443
_SAFE = "/!$&'()*+,;=:@-._~"  # in a path, RFC 3986 section 3.3


class EncryptedServer(Protocol):
    """The server that clients are sent to."""

    @property
    def application(self) -> WSGIApplication:
        """What it serves."""

    @property
    def bound_addr(self) -> tuple[str | None, int]:
        """Where it listens."""


class HTTPSRedirect:
    """Sends every request to the same address by HTTPS.

    Args:
        server: Listens there, and answers what is not redirected.
    """

    def __init__(self, server: EncryptedServer) -> None:
        self._server = server

    def __call__(
        self, environ: dict[str, object], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = str(environ["PATH_INFO"])
        if path.startswith(CHALLENGES):
            return self._server.application(environ, start_response)
        host = _HOST.fullmatch(str(environ.get("HTTP_HOST") or environ["SERVER_NAME"]))
        if host is None:
            return _answer(start_response, "400 Bad Request", [], b"Malformed Host header.\n")
        port = self._server.bound_addr[1]
        location = "https://" + host["name"] + ("" if port == _USUAL_PORT else f":{port}")
        location += _target_of(environ)
        is_safe = environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        # by 308 a client sends the same content again, by 301 it may send GET: RFC 9110 s.15.4
        status = "301 Moved Permanently" if is_safe else "308 Permanent Redirect"
        return _answer(start_response, status, [("Location", location)], b"Use HTTPS.\n")


def _target_of(environ: dict[str, object]) -> str:
    """Return path and query that a request asks for, as the client has written them if possible."""
    target = str(environ.get("REQUEST_URI", ""))
    if target.startswith("/"):
        return target
    path, query = str(environ["PATH_INFO"]), environ.get("QUERY_STRING")
    quoted = quote("/" + path.lstrip("/*"), _SAFE, encoding="latin-1")
    return f"{quoted}?{query}" if query else quoted


def _answer(
    start_response: StartResponse, status: str, fields: list[tuple[str, str]], content: bytes
) -> list[bytes]:
    length = ("Content-Length", str(len(content)))
    start_response(status, [("Content-Type", "text/plain"), length, *fields])
    return [content]
