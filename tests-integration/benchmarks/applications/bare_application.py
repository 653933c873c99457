"""No framework: what the server and the work itself cost."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from benchmarks.applications.cheroot_server import serve
from benchmarks.scenarios import GREETING, LONG_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["build", "serve"]


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with as little as a WSGI application can do."""
    status = "200 OK"
    headers = [("Content-Type", "text/html;charset=utf-8")]
    path = environ["PATH_INFO"]
    if path == "/":
        body = GREETING
    elif path.startswith("/items/"):
        limit = dict(parse_qsl(environ["QUERY_STRING"])).get("limit", "5")
        body = f"item {path[7:]}, limit {limit}".encode()
    elif path == "/form":
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        fields = dict(parse_qsl(content.decode()))
        body = f"{fields['name']}, {len(fields)} fields".encode()
    elif path == "/compressed":
        compressor = zlib.compressobj(5, zlib.DEFLATED, wbits=31)
        body = compressor.compress(LONG_TEXT) + compressor.flush()
        headers.append(("Content-Encoding", "gzip"))
    elif path == "/old":
        status = "303 See Other"
        headers.append(("Location", f"http://{environ['HTTP_HOST']}/"))
        body = b""
    else:
        status = "404 Not Found"
        body = b"Not Found"
    headers.append(("Content-Length", str(len(body))))
    start_response(status, headers)
    return [body]


def build(name: str) -> Any:
    """Give the application; there is one."""
    del name
    return application
