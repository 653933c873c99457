"""``cherrypy.url``: absolute, server-relative and relative URLs, in a request and outside."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin as resolve

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


class _Folder:
    """Answers every page by the URL that is made there."""

    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}  # noqa: RUF012 - each test sets another one

    @cherrypy.expose
    def index(self, **_query: str) -> str:
        return cherrypy.url(*_Folder.arguments, **_Folder.keywords)

    @cherrypy.expose
    def page(self, **_query: str) -> str:
        return cherrypy.url(*_Folder.arguments, **_Folder.keywords)


def url_at(
    target: str, *arguments: object, script_name_of_app: str = "/app", **keywords: object
) -> str:
    """Make a URL in the page at ``target`` of an application at ``/app``."""
    root = _Folder()
    root.sub = _Folder()  # type: ignore[attr-defined]  # found by its name in a URL
    _Folder.arguments, _Folder.keywords = arguments, keywords
    client = Client(cherrypy.Application(root, script_name_of_app), HTTP_HOST="h:81")
    answer = client.get(f"{script_name_of_app}{target}")
    assert answer.code == 200, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("target", "path", "url"),
    [
        ("/sub/", "", "http://h:81/app/sub/"),
        ("/sub/page?in=1", "", "http://h:81/app/sub/page"),
        ("/sub/", "/", "http://h:81/app/"),
        ("/sub/", "/x", "http://h:81/app/x"),
        ("/sub/page", "/x", "http://h:81/app/x"),
        ("/sub/", "x", "http://h:81/app/sub/x"),
        ("/sub/page", "x", "http://h:81/app/sub/x"),
        ("/sub/index", "x", "http://h:81/app/sub/x"),
        ("/", "x", "http://h:81/app/x"),
        ("/page", "x", "http://h:81/app/x"),
        ("/sub/", "../x", "http://h:81/app/x"),
        ("/sub/", "./x/", "http://h:81/app/sub/x/"),
        ("/sub/", "/a/../b", "http://h:81/app/b"),
        ("/sub/page", "?y=2", "http://h:81/app/sub/page?y=2"),
        ("/sub/", "?y=2", "http://h:81/app/sub/?y=2"),
        ("/sub/page", "#part", "http://h:81/app/sub/page#part"),
        ("/sub/page", "..", "http://h:81/app/"),
        ("/sub/page", ".", "http://h:81/app/sub/"),
    ],
)
def test_paths(target: str, path: str, url: str) -> None:
    assert url_at(target, path) == url


def test_an_index_without_its_slash_is_a_folder_all_the_same() -> None:
    cherrypy.config.update({"tools.trailing_slash.on": False})
    assert url_at("/sub", "x") == "http://h:81/app/sub/x"
    assert url_at("/sub/page/", "x") == "http://h:81/app/sub/x"


@pytest.mark.parametrize(
    ("qs", "url"),
    [
        ("a=1", "http://h:81/app/x?a=1"),
        ("", "http://h:81/app/x"),
        ({}, "http://h:81/app/x"),
        ({"a": "1", "b": "é &"}, "http://h:81/app/x?a=1&b=%C3%A9+%26"),
        ({"a": ["1", "2"]}, "http://h:81/app/x?a=1&a=2"),
        ({"a": 7}, "http://h:81/app/x?a=7"),
        ([("a", "1"), ("a", "2")], "http://h:81/app/x?a=1&a=2"),
    ],
)
def test_queries(qs: object, url: str) -> None:
    assert url_at("/page", "/x", qs) == url
    assert url_at("/page", "/x", qs=qs) == url


@pytest.mark.parametrize(
    ("keywords", "url"),
    [
        ({"script_name": ""}, "http://h:81/x"),
        ({"script_name": "/s"}, "http://h:81/s/x"),
        ({"base": "https://b:1"}, "https://b:1/app/x"),
        ({"base": ""}, "/app/x"),
        ({"base": "", "script_name": ""}, "/x"),
        ({"relative": False}, "http://h:81/app/x"),
        ({"relative": "server"}, "/app/x"),
        ({"relative": "server", "qs": "a=b"}, "/app/x?a=b"),
    ],
)
def test_other_parts(keywords: dict[str, Any], url: str) -> None:
    assert url_at("/page", "/x", **keywords) == url


@pytest.mark.parametrize(
    ("target", "path", "url"),
    [
        ("/sub/", "/x", "../x"),
        ("/sub/page", "/x", "../x"),
        ("/sub/", "x", "x"),
        ("/sub/page", "", "page"),
        ("/sub/page", "/sub/other", "other"),
        ("/", "/sub/page", "sub/page"),
    ],
)
def test_relative_urls(target: str, path: str, url: str) -> None:
    assert url_at(target, path, relative=True) == url


PATHS = st.lists(st.sampled_from(["a", "sub", "page", "x"]), max_size=4).map("/".join)


@given(st.sampled_from(["/", "/page", "/sub/", "/sub/page"]), PATHS)
def test_a_relative_url_leads_where_the_absolute_one_does(target: str, path: str) -> None:
    """RFC 3986 section 5.2, as a browser resolves it."""
    absolute = url_at(target, f"/{path}")
    relative = url_at(target, f"/{path}", relative=True)
    assert resolve(f"http://h:81/app{target}", relative) == absolute


def test_an_application_may_prefer_relative_urls() -> None:
    root = _Folder()
    _Folder.arguments, _Folder.keywords = ("/x",), {}
    app = cherrypy.Application(root, "/app")
    client = Client(app)
    assert client.get("/app/page").text == "http://localhost/app/x"
    app.relative_urls = "server"
    assert client.get("/app/page").text == "/app/x"
    app.relative_urls = True
    assert client.get("/app/page").text == "x"
    _Folder.keywords = {"relative": False}
    assert client.get("/app/page").text == "http://localhost/app/x"


def test_an_application_at_the_root() -> None:
    assert url_at("/page", "/x", script_name_of_app="") == "http://h:81/x"


def test_outside_of_a_request() -> None:
    assert cherrypy.url("/x", base="http://b") == "http://b/x"
    assert cherrypy.url("/x", script_name="/s", base="http://b") == "http://b/s/x"
    assert cherrypy.url("/x", qs={"a": 1}, base="http://b") == "http://b/x?a=1"
    assert cherrypy.url("/x", relative="server") == "/x"
    assert cherrypy.url("", relative="server") == "/"
    assert cherrypy.url("/x/y", relative=True) == "127.0.0.1:8080/x/y"  # as CherryPy has it
    assert cherrypy.url("/x", base="http://b/c", relative=True) == "b/c/x"
    assert cherrypy.url("/x").endswith("/x")
    assert cherrypy.url("x").endswith("/x")
