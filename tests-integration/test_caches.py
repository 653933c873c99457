"""Two requests that differ in one field never get each other's answer from a cache.

That is so for our cache and for a real nginx in front, for each tool that looks at a field.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from cheroot import wsgi

import cherrypy
import nginx
from cherrypy.lib import auth_basic, caching, cptools
from cherrypy.lib.sessions import RamSession
from wsgi_client import Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = "G\xfcnstig " * 40


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Row:
    """A tool, and values of the field that it looks at."""

    tool: str
    path: str
    field: str
    values: tuple[str | None, ...]
    anybody: bool = False
    """Whether everybody may get the answer to a request without the field, as there is no
    ``Vary`` where it has not decided anything."""
    nginx: bool = True
    """Whether a cache in front gets to see the field, and does not make an answer of it itself."""


ROWS = (
    Row("encode", "/text", "Accept-Charset",
        (None, "utf-16", "iso-8859-1", "*;q=0", "utf-7", "utf-8"), anybody=True),
    Row("encode, fixed", "/fixed", "Accept-Charset", (None, "utf-16", "utf-8"), anybody=True),
    Row("gzip", "/zipped", "Accept-Encoding", (None, "gzip", "identity;q=0", "br")),
    Row("accept", "/accepted", "Accept",
        (None, "application/json", "text/html;q=0.1, text/plain", "image/png")),
    Row("accept, one", "/one", "Accept", (None, "text/plain", "image/png"), anybody=True),
    Row("autovary", "/varying", "X-Colour", (None, "red", "blue")),
    Row("referer", "/referred", "Referer", (None, "http://good.example/", "http://bad.example/")),
    Row("auth_basic", "/members", "Authorization",
        (None, basic("ann:a"), basic("bob:b"), basic("bob:wrong"))),
    Row("auth_basic, public", "/public", "Authorization",
        (None, basic("ann:a"), basic("bob:b"), basic("bob:wrong"))),
    Row("sessions", "/visits", "Cookie", (None, "session_id=ann", "session_id=bob")),
    Row("sessions, lazy", "/lazy", "Cookie", (None, "session_id=ann", "session_id=bob")),
    Row("session_auth", "/inside", "Cookie", (None, "session_id=ann", "session_id=bob")),
    Row("problem details", "/problems", "Accept", (None, "application/json", "text/html")),
    Row("etags", "/tagged", "If-None-Match", (None, '"t"', '"u"', "*"), nginx=False),
    Row("etags, If-Match", "/tagged", "If-Match", (None, '"t"', '"u"'), nginx=False),
    Row("since", "/dated", "If-Modified-Since",
        (None, "Thu, 29 Feb 2024 12:00:00 GMT", "Thu, 01 Feb 2024 12:00:00 GMT"), nginx=False),
    Row("staticdir, ranges", "/files/a.txt", "Range", (None, "bytes=0-1", "bytes=9999-")),
    Row("staticdir, gzip", "/files/a.txt", "Accept-Encoding", (None, "gzip", "br")),
    Row("staticdir, since", "/files/a.txt", "If-Modified-Since",
        (None, "Fri, 01 Jan 2100 00:00:00 GMT"), nginx=False),
    Row("proxy", "/url", "X-Forwarded-Host", (None, "evil.example")),
    Row("proxy, scheme", "/url", "X-Forwarded-Proto", (None, "https"), nginx=False),
    Row("proxy, base", "/based", "Host", ("a.example", "b.example")),
    Row("VirtualHost", "/site", "Host", ("a.example", "b.example")),
    Row("VirtualHost, forwarded", "/site", "X-Forwarded-Host", (None, "b.example")),
    Row("json_out", "/json", "Accept-Charset", (None, "utf-16")),
)  # fmt: skip


class Inner:
    """What the second host has at its root."""

    @cherrypy.expose
    def site(self, **_: str) -> str:
        return "b"


class Root:
    """A page for each tool."""

    b = Inner()

    @cherrypy.expose(["fixed", "zipped", "referred"])
    def text(self, **_: str) -> str:
        return TEXT

    @cherrypy.expose
    def accepted(self, **_: str) -> str:
        return str(cptools.accept(["text/html", "text/plain", "application/json"]))

    @cherrypy.expose
    def one(self, **_: str) -> str:
        return str(cptools.accept("text/plain"))

    @cherrypy.expose
    def varying(self, **_: str) -> str:
        return str(cherrypy.request.headers.get("X-Colour", "none"))

    @cherrypy.expose(["inside"])
    def members(self, **_: str) -> str:
        return str(cherrypy.request.login)

    @cherrypy.expose
    def public(self, **_: str) -> str:
        cherrypy.response.headers["Cache-Control"] = "public, max-age=60"
        return str(cherrypy.request.login)

    @cherrypy.expose(["lazy"])
    def visits(self, **_: str) -> str:
        return str(cherrypy.session.get("username"))

    @cherrypy.expose
    def tagged(self, **_: str) -> str:
        cherrypy.response.headers["ETag"] = '"t"'
        return "tagged"

    @cherrypy.expose
    def dated(self, **_: str) -> str:
        cherrypy.response.headers["Last-Modified"] = "Thu, 15 Feb 2024 12:00:00 GMT"
        cptools.validate_since()
        return "dated"

    @cherrypy.expose(["based"])
    def url(self, **_: str) -> str:
        host = cherrypy.request.headers["Host"]
        return f"{cherrypy.url()} {host if 'example' in host else 'this one'}"

    @cherrypy.expose
    def site(self, **_: str) -> str:
        return "a"

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def json(self, **_: str) -> object:
        return {"text": TEXT}


def application(folder: Path, *, kept: bool) -> cherrypy.Application:
    """Make the site, with our cache or without it."""
    (folder / "a.txt").write_text("text of a file\n" * 30, encoding="utf-8")
    dispatch = cherrypy.dispatch.VirtualHost(**{"b.example": "/b"})
    users = auth_basic.checkpassword_dict({"ann": "a", "bob": "b"})
    auth: dict[str, object] = {"tools.auth_basic.on": True, "tools.auth_basic.realm": "r"}
    auth["tools.auth_basic.checkpassword"] = users
    sessions = {"tools.sessions.on": True, "tools.sessions.storage_class": Named}
    config = {
        "/": {"tools.caching.on": kept, "request.problem_details": False},
        "/fixed": {"tools.encode.encoding": "utf-8"},
        "/zipped": {"tools.gzip.on": True},
        "/varying": {"tools.autovary.on": True},
        "/referred": {"tools.referer.on": True, "tools.referer.pattern": "http://good"},
        "/members": auth,
        "/public": auth,
        "/visits": sessions,
        "/lazy": {**sessions, "tools.sessions.lazy": True},
        "/inside": {**sessions, "tools.session_auth.on": True},
        "/problems": {"request.problem_details": True},
        "/tagged": {"tools.etags.on": True},
        "/files": {"tools.staticdir.on": True, "tools.staticdir.dir": str(folder),
                   "tools.gzip.on": True},
        "/url": {"tools.proxy.on": True},
        "/based": {"tools.proxy.on": True, "tools.proxy.local": "",
                   "tools.proxy.base": "https://all.example"},
        "/site": {"request.dispatch": dispatch},
    }  # fmt: skip
    return cherrypy.Application(Root(), "", config)


class Named(RamSession):
    """A session of whoever is named by the cookie."""

    def _exists(self) -> bool:
        return self.id in {"ann", "bob"} or super()._exists()

    def _load(self) -> Any:
        found = super()._load()
        if found is None and self.id in {"ann", "bob"}:
            return {"username": self.id}, self.now().max
        return found


Seen = tuple[object, ...]


@pytest.fixture(autouse=True)
def own_cache() -> Iterator[None]:
    caching.shared.cache = None
    cherrypy.log.screen = False
    yield
    caching.shared.cache = None


def ask(client: Client, row: Row, value: str | None, number: int) -> Seen:
    environ = make_environ("GET", f"{row.path}?n={number}", None)
    if value is not None:
        environ["HTTP_" + row.field.upper().replace("-", "_")] = value
    answer = call_wsgi(client.application, environ)
    names = ("Content-Type", "Content-Encoding", "Content-Range")
    return (answer.code, *map(answer.field, names), b"" if answer.code >= 400 else answer.body)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.tool}: {row.field}" for row in ROWS])
def test_our_cache(row: Row, tmp_path: Path) -> None:
    plain = Client(application(tmp_path, kept=False))
    ours = Client(application(tmp_path, kept=True))
    for number, (first, second) in enumerate(itertools.permutations(row.values, 2)):
        own = {value: ask(plain, row, value, number) for value in row.values}
        for value in (first, second, first, second):
            allowed = {own[value], own[None]} if row.tool == "accept, one" else {own[value]}
            assert ask(ours, row, value, number) in allowed, (first, second)


def fetch(port: int, row: Row, value: str | None, number: int) -> tuple[Seen, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(
            "GET",
            f"{row.path}?n={number}",
            skip_host=row.field == "Host",
            skip_accept_encoding=True,
        )
        if value is not None:
            connection.putheader(row.field, value)
        connection.endheaders()
        answer = connection.getresponse()
        content = answer.read()
        kind = answer.getheader("Content-Type")
        if answer.status >= 400:
            content, kind = b"", None  # nginx has a 416 of its own
        content = content.replace(b":%d/" % port, b"/")  # pages that name their URL
        names = ("Content-Encoding", "Content-Range")
        seen = (answer.status, kind, *map(answer.getheader, names), content)
        return seen, answer.getheader("X-Cache")
    finally:
        connection.close()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The ports of a site, and of the nginx before it."""
    site = wsgi.Server(("127.0.0.1", 0), application(tmp_path, kept=False), numthreads=3)
    site.prepare()
    thread = threading.Thread(target=site.serve)
    thread.start()
    folder = tmp_path / "nginx"
    folder.mkdir(mode=0o777)
    try:
        with nginx.caching(site.bind_addr[1], folder) as port:
            yield site.bind_addr[1], port
    finally:
        site.stop()
        thread.join()


def test_nginx(front: tuple[int, int]) -> None:
    site, port = front
    hits = 0
    for row in ROWS:
        if not row.nginx:
            continue
        for number, (first, second) in enumerate(itertools.permutations(row.values, 2)):
            own = {value: fetch(site, row, value, number)[0] for value in row.values}
            if row.field == "X-Forwarded-Host":  # nginx sets it
                own = dict.fromkeys(row.values, own[None])
            for value in (first, second, first, second):
                seen, told = fetch(port, row, value, number)
                allowed = {own[value], own[None]} if row.anybody else {own[value]}
                assert seen in allowed, (row, first, second, told)
                hits += told == "HIT"
    assert hits > 50  # it is a cache


@pytest.mark.parametrize(
    ("target", "other"),
    [
        ("/page%3Fx=1", "/page?x=1"),
        ("/page%3fx=1", "/page?x=1"),
        ("/page%253Fx=1", "/page%3Fx=1"),
        ("/page%23", "/page"),
        ("/page%3F", "/page"),
        ("/caf%C3%A9", "/caf%E9"),
        ("/a%3Fb?c", "/a?b%3Fc"),
    ],
)
def test_targets(target: str, other: str) -> None:
    class Echo:
        @cherrypy.expose
        def default(self, *path: str, **query: str) -> str:
            environ = cherrypy.request.wsgi_environ
            return f"{environ['PATH_INFO']!r} {environ['QUERY_STRING']!r} {path} {query}"

    def texts(targets: tuple[str, ...], *, kept: bool) -> list[str]:
        caching.shared.cache = None
        client = Client(cherrypy.Application(Echo(), "", {"/": {"tools.caching.on": kept}}))
        return [client.get(each).text for each in targets]

    for order in ((target, other, target), (other, target, other)):
        assert texts(order, kept=True) == texts(order, kept=False)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/page?x=1", "http://localhost/page?x=1"),
        ("/%70age", "http://localhost/page"),
        ("/caf%C3%A9", "http://localhost/caf\xe9"),
        ("/a%20b", "http://localhost/a b"),
        ("/a%20b", "http://localhost/a%20b"),
        ("/100%25", "http://localhost/100%"),
        ("//page", "http://localhost/page"),
    ],
)
def test_programs_find_an_entry_by_its_url(target: str, url: str) -> None:
    class Echo:
        @cherrypy.expose
        def default(self, *_path: str, **_query: str) -> str:
            return cherrypy.url(qs=cherrypy.request.query_string)

    client = Client(cherrypy.Application(Echo(), "", {"/": {"tools.caching.on": True}}))
    said = client.get(target).text
    store = caching.shared.cache.store
    for text in (url, said):
        assert text in store
        assert store[text] is store.get(text)
    del store[url]
    assert said not in store
    assert client.get(target).field("Age") is None
