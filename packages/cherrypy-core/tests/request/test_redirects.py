"""Redirects to other URLs (RFC 9110 section 15.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cherrypy
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("site")


def redirected(
    urls: object, status: object = None, target: str = "/page?q=1", **environ: object
) -> Answer:
    """Ask a page of an application at ``/app`` that redirects."""

    class Root:
        @cherrypy.expose
        def index(self, **_query: str) -> str:
            return self.page()

        @cherrypy.expose
        def page(self, **_query: str) -> str:
            headers = cherrypy.response.headers
            headers["X-Own"] = headers["ETag"] = "x"
            headers["Content-Length"] = "5"
            cherrypy.response.cookie["own"] = "1"
            raise cherrypy.HTTPRedirect(urls, status)  # type: ignore[arg-type]  # what is tested

    return Client(cherrypy.Application(Root(), "/app"), **environ).get(f"/app{target}")


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://example.com/x", "http://example.com/x"),
        ("//example.com/x", "http://example.com/x"),
        ("/x", "http://localhost/x"),  # the mount point is not added
        ("x", "http://localhost/app/x"),
        ("../x", "http://localhost/x"),
        ("./x/../y", "http://localhost/app/y"),
        ("?a=1", "http://localhost/app/page?a=1"),
        ("", "http://localhost/app/page"),
        ("#part", "http://localhost/app/page#part"),
        ("https://example.com", "https://example.com"),
        ("/caf\xe9/\u20ac 5", "http://localhost/caf%C3%A9/%E2%82%AC%205"),  # RFC 3987 section 3.1
        ("/caf%C3%A9?next=%2F", "http://localhost/caf%C3%A9?next=%2F"),
    ],
)
def test_a_url_is_relative_to_that_of_the_request(url: str, location: str) -> None:
    """RFC 3986 section 5.2."""
    answer = redirected(url)
    assert (answer.code, answer.field("Location")) == (303, location)


def test_a_url_is_made_of_the_host_that_was_asked() -> None:
    answer = redirected("/x", HTTP_HOST="example.com:8080")
    assert answer.field("Location") == "http://example.com:8080/x"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (b"/x", "http://localhost/x"),
        ("/x", "http://localhost/x"),
        (["/x", "/y"], "http://localhost/x"),
        (("/x",), "http://localhost/x"),
    ],
)
def test_one_url_or_several(url: object, location: str) -> None:
    answer = redirected(url)
    assert answer.field("Location") == location
    for each in ["x", "y"] if len(url) == 2 and isinstance(url, list) else ["x"]:  # type: ignore[arg-type]
        assert f'<a href="http://localhost/{each}">http://localhost/{each}</a>' in answer.text


@pytest.mark.parametrize(
    ("status", "protocol", "code"),
    [
        (None, "HTTP/1.1", 303),
        (None, "HTTP/1.0", 302),
        *((code, "HTTP/1.1", code) for code in (300, 301, 302, 303, 304, 305, 307, 308)),
        ("301", "HTTP/1.1", 301),
    ],
)
def test_status(status: object, protocol: str, code: int) -> None:
    answer = redirected("/x", status, SERVER_PROTOCOL=protocol)
    assert answer.code == code
    if code == 304:
        assert answer.body == b""
        assert answer.field("Location") is None
        assert answer.field("ETag") == "x"
    else:
        assert answer.field("Location") == "http://localhost/x"
        assert answer.field("Content-Length") == str(len(answer.body))
        assert (answer.body == b"") == (code == 305)
    assert answer.field("X-Own") == "x"
    assert answer.field("Set-Cookie") == "own=1"


@pytest.mark.parametrize("status", [200, 299, 306, 399, 400, "x"])
def test_what_is_no_redirect_is_an_error_of_ours(status: object) -> None:
    assert redirected("/x", status).code == 500


def test_the_text_is_escaped() -> None:
    answer = redirected('/"><script>&')
    assert "<script>" not in answer.text
    assert '">' not in answer.text.partition("href=")[2].partition(">")[0].strip('"')


def test_no_line_is_begun() -> None:
    answer = redirected("/x\r\nX-Evil: yes")
    assert answer.field("X-Evil") is None
    assert "\n" not in (answer.field("Location") or "")


def test_an_index_without_a_slash_is_what_urls_are_relative_to() -> None:
    """As if it had been asked with its slash, where it is not redirected there."""

    class Root:
        @cherrypy.expose
        @cherrypy.config(**{"tools.trailing_slash.on": False})
        def index(self) -> str:
            raise cherrypy.HTTPRedirect("x")

    class Outer:
        folder = Root()

    answer = Client(cherrypy.Application(Outer(), "")).get("/folder")
    assert answer.field("Location") == "http://localhost/folder/x"


def test_what_a_redirect_knows() -> None:
    redirect = cherrypy.HTTPRedirect("http://example.com/x", 301)
    assert (redirect.urls, redirect.status) == (["http://example.com/x"], 301)
    assert redirect.args == (["http://example.com/x"], 301)
    with pytest.raises(cherrypy.HTTPRedirect):
        redirect()
    with pytest.raises(ValueError, match="300 and 399"):
        cherrypy.HTTPRedirect("/", 200)


def test_urls_may_be_octets_of_another_charset() -> None:
    redirect = cherrypy.HTTPRedirect("http://example.com/é".encode("latin-1"), encoding="latin-1")
    assert redirect.urls == ["http://example.com/é"]


def test_a_redirect_may_come_late() -> None:
    """Out of a generator, or of a hook."""

    def late() -> Iterator[str]:
        yield "begun"
        raise cherrypy.HTTPRedirect("/x")

    root = type("Root", (), {"index": staticmethod(cherrypy.expose(late))})()
    answer = Client(cherrypy.Application(root, "")).get("/")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/x")
    assert b"begun" not in answer.body


@pytest.mark.parametrize(
    ("settings", "target", "answered"),
    [
        ({}, "/folder", "301 http://localhost/folder/"),
        ({}, "/folder?a=1", "301 http://localhost/folder/?a=1"),
        ({"tools.trailing_slash.status": 307}, "/folder", "307 http://localhost/folder/"),
        ({"tools.trailing_slash.missing": False}, "/folder", "200 None"),
        ({"tools.trailing_slash.on": False}, "/folder", "200 None"),
        ({}, "/page/", "200 None"),
        ({"tools.trailing_slash.extra": True}, "/page/", "301 http://localhost/page"),
        ({"tools.trailing_slash.extra": True}, "/page/?a=1", "301 http://localhost/page?a=1"),
        ({"tools.trailing_slash.extra": True}, "/folder/", "200 None"),
        ({"tools.trailing_slash.extra": True}, "/", "200 None"),
    ],
)
def test_trailing_slashes(settings: dict[str, object], target: str, answered: str) -> None:
    class Folder:
        @cherrypy.expose
        def index(self, **_query: str) -> str:
            return "index"

        @cherrypy.expose
        def page(self, **_query: str) -> str:
            return "page"

    root = Folder()
    root.folder = Folder()  # type: ignore[attr-defined]  # found by its name in a URL
    answer = Client(cherrypy.Application(root, "", {"/": settings})).get(target)
    assert f"{answer.code} {answer.field('Location')}" == answered
