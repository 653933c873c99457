"""What is measured: one request for each scenario, and the answer that it must get.

Only the standard library is used here, since every peer's interpreter reads this file.
"""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from typing import Any

GREETING = b"Hello World!"
WORDS = b"All the words of a page, again and again. "
LONG_TEXT = (WORDS * (10_240 // len(WORDS) + 1))[:10_240]
FILE = bytes(range(256)) * 400
BOUNDARY = "----boundary-of-the-benchmark"
SECTIONS = 200

FORM = b"name=Ann+Example&city=Z%C3%BCrich&age=42&comment=a+few+words&subscribe=on"
MULTIPART = b"".join(
    [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nA title\r\n'.encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="data.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode(),
        FILE,
        f"\r\n--{BOUNDARY}--\r\n".encode(),
    ],
)


DOCUMENT = {
    "title": "Pastel Blues",
    "year": 1965,
    "songs": [
        {"number": number, "title": f"Song {number}", "minutes": number * 1.5, "single": False}
        for number in range(1, 16)
    ],
}


def make_environ(
    path: str,
    method: str = "GET",
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    content: bytes = b"",
) -> dict[str, Any]:
    """Make a WSGI environment, as cheroot would for a client that sends little."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "ACTUAL_SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_URI": f"{path}?{query}" if query else path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_SOFTWARE": "benchmark",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "HTTP_HOST": "127.0.0.1:8080",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    if content:
        environ["CONTENT_LENGTH"] = str(len(content))
    return environ


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One request, and what must come back."""

    name: str
    title: str
    path: str
    body: bytes
    """What the body of the answer must have in it."""
    method: str = "GET"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    status: str = "200"
    application: str = "main"
    """Which of the peer's applications answers: ``hello`` has nothing but this one handler."""

    def environ(self) -> dict[str, Any]:
        """Make the environ of its request."""
        return make_environ(self.path, self.method, self.query, self.headers, self.content)

    @property
    def target(self) -> str:
        """Path and query as sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("hello", "Hello World", "/", GREETING, application="hello"),
        Scenario(
            "logged",
            "Hello World, access log in a file",
            "/",
            GREETING,
            application="logged",
        ),
        Scenario(
            "logged_by_logging",
            "Hello World, access log in a FileHandler of dictConfig",
            "/",
            GREETING,
            application="logged_by_logging",
        ),
        Scenario(
            "path",
            "path parameter and query",
            "/items/42",
            b"item 42, limit 10",
            query="limit=10",
        ),
        Scenario(
            "form",
            "form POST",
            "/form",
            b"Ann Example, 5 fields",
            method="POST",
            headers=(("Content-Type", "application/x-www-form-urlencoded"),),
            content=FORM,
        ),
        Scenario(
            "multipart",
            "multipart POST of 100 kB",
            "/upload",
            b"data.bin: 102400",
            method="POST",
            headers=(("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"),),
            content=MULTIPART,
        ),
        Scenario("json_out", "JSON of 1 kB as answer", "/document", b"Pastel Blues"),
        Scenario(
            "json_in",
            "POST of 1 kB of JSON",
            "/document_in",
            b"Pastel Blues, 15 songs",
            method="POST",
            headers=(("Content-Type", "application/json"),),
            content=json.dumps(DOCUMENT).encode(),
        ),
        Scenario("method", "handler chosen by method", "/resources/7", b"resource 7"),
        Scenario(
            "configured",
            f"application with {SECTIONS} sections",
            "/section_100/page",
            b"page of section_100",
            application="configured",
        ),
        Scenario(
            "gzip",
            "gzip of 10 kB",
            "/compressed",
            b"\x1f\x8b",
            headers=(("Accept-Encoding", "gzip"),),
        ),
        Scenario("cached", "answer from the cache", "/cached", b"10240 octets"),
        Scenario("not_found", "404", "/no/such/page", b"", status="404"),
        Scenario("redirect", "redirect", "/old", b"", status="303"),
    )
}
