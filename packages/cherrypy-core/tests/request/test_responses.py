"""What becomes of a page handler's return value, and of the status, headers and cookies it sets."""

from __future__ import annotations

import collections
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._request.response import Response
from strategies import wild_text
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("site")


def ask(handler: Callable[[], object], method: str = "GET", **config: object) -> Answer:
    """Ask an application whose page has this handler.

    Args:
        handler: Page handler without arguments.
        method: Request method.
        **config: Settings, with ``__`` for the dot.
    """
    settings = {key.replace("__", "."): value for key, value in config.items()}

    class Root:
        @cherrypy.expose
        def index(self) -> object:
            return handler()

    return Client(cherrypy.Application(Root(), "", {"/": settings})).ask(method, "/")


# Bodies -------------------------------------------------------------------------------------------


def generator(*items: object) -> Iterator[object]:
    yield from items


BODIES: list[tuple[str, Callable[[], object], bytes]] = [
    ("text", lambda: "é", "é".encode()),
    ("octets", lambda: b"\xff", b"\xff"),
    ("nothing", lambda: None, b""),
    ("no text", lambda: "", b""),
    ("no octets", lambda: b"", b""),
    ("an empty list", list, b""),
    ("a list", lambda: ["é", b"\xff", ""], "é".encode() + b"\xff"),
    ("a tuple", lambda: ("a", b"b"), b"ab"),
    ("a generator", lambda: generator("a", b"b", "é"), "abé".encode()),
    ("an empty generator", generator, b""),
    ("an iterator", lambda: iter(["a", b"b"]), b"ab"),
    ("a map", lambda: map(str, [1, 2]), b"12"),
    ("a dict", lambda: {"a": 1, "b": 2}, b"ab"),
    ("a deque", lambda: collections.deque(["a", b"b"]), b"ab"),
    ("a file of octets", lambda: io.BytesIO(b"ab"), b"ab"),
    ("a file of text", lambda: io.StringIO("aé"), "aé".encode()),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("kind", "make", "content"), BODIES, ids=[each[0] for each in BODIES])
def test_bodies(kind: str, make: Callable[[], object], content: bytes, *, stream: bool) -> None:
    del kind
    answer = ask(make, response__stream=stream)
    assert (answer.status, answer.body) == ("200 OK", content)
    assert answer.field("Content-Type") == "text/html;charset=utf-8"
    assert answer.field("Content-Length") == (None if stream else str(len(content)))
    head = ask(make, "HEAD", response__stream=stream)
    assert (head.status, head.body) == ("200 OK", b"")
    assert [name for name, _ in head.fields] == [name for name, _ in answer.fields]
    assert head.field("Content-Length") == answer.field("Content-Length")


def _failing() -> Iterator[str]:
    yield "begun"
    raise ValueError


WRONG: list[tuple[str, Callable[[], object]]] = [
    ("an int", lambda: 7),
    ("a float", lambda: 1.5),
    ("a truth value", lambda: True),
    ("an object", object),
    ("a list of int", lambda: [1, 2]),
    ("a list of lists", lambda: [["a"]]),
    ("a generator of int", lambda: generator(1)),
    ("a generator of None", lambda: generator("a", None)),
    ("a failing generator", _failing),
    ("a lone surrogate", lambda: "\ud800"),
]


@pytest.mark.parametrize(("kind", "make"), WRONG, ids=[each[0] for each in WRONG])
def test_what_is_no_content_is_an_error(kind: str, make: Callable[[], object]) -> None:
    del kind
    answer = ask(make)
    assert answer.code == 500
    assert answer.field("Content-Length") == str(len(answer.body))


@pytest.mark.parametrize("kind", ["an int", "a float", "a truth value", "an object"])
@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream"])
def test_what_is_no_content_is_an_error_in_a_stream_too(kind: str, content_type: str) -> None:
    """It is noticed before the status is sent."""

    def handler() -> object:
        cherrypy.response.headers["Content-Type"] = content_type
        return dict(WRONG)[kind]()

    assert ask(handler, response__stream=True).code == 500


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("text/plain", "text/plain;charset=utf-8"),
        ("text/plain;charset=iso-8859-1", "text/plain;charset=utf-8"),
        ("TEXT/HTML", "TEXT/HTML;charset=utf-8"),
        ("application/json", "application/json"),
        ("application/xml", "application/xml"),
        ("image/svg+xml", "image/svg+xml"),
    ],
)
def test_content_types(given: str, sent: str) -> None:
    """Text is encoded under each, and labelled where it is ``text/*``."""

    def handler() -> str:
        cherrypy.response.headers["Content-Type"] = given
        return "é"

    answer = ask(handler)
    assert (answer.field("Content-Type"), answer.body) == (sent, "é".encode())


def test_text_needs_the_encode_tool() -> None:
    assert ask(lambda: "text", tools__encode__on=False).code == 500
    assert ask(lambda: ["text"], tools__encode__on=False).code == 500
    answer = ask(lambda: b"octets", tools__encode__on=False)
    assert (answer.body, answer.field("Content-Type")) == (b"octets", "text/html")
    assert ask(lambda: iter([b"octets"]), tools__encode__on=False).body == b"octets"


def test_the_body_may_be_set_by_a_hook() -> None:
    def change() -> None:
        body = b"".join(cherrypy.response.body)
        cherrypy.response.body = [body.upper(), b"!"]

    assert ask(lambda: "text", hooks__before_finalize=change).body == b"TEXT!"


def test_what_the_handler_returns_replaces_the_body() -> None:
    def handler() -> None:
        cherrypy.response.body = b"set by hand"

    assert ask(handler).body == b""


def test_the_body_of_a_response() -> None:
    response = Response()
    for value, chunks in [
        (b"a", [b"a"]),
        (b"", []),
        (None, []),
        ([b"a", b"b"], [b"a", b"b"]),
        ((b"a",), (b"a",)),
    ]:
        response.body = value
        assert response.body == chunks
    for text in ("text", ["text"]):
        with pytest.raises(ValueError, match=r"tools\.encode"):
            response.body = text
    response.body = io.BytesIO(b"file")
    assert b"".join(response.body) == b"file"


def test_a_body_collapses_to_one_piece() -> None:
    response = Response()
    for value in (b"ab", [b"a", b"b"], iter([b"a", b"b"]), io.BytesIO(b"ab")):
        response.body = value
        assert response.collapse_body() == b"ab"
        assert list(response.body) == [b"ab"]
        assert response.collapse_body() == b"ab"
    response.body = iter([])
    assert (response.collapse_body(), list(response.body)) == (b"", [])


# Status -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (None, "200 OK"),
        (200, "200 OK"),
        ("200", "200 OK"),
        ("200 Fine", "200 Fine"),
        (201, "201 Created"),
        ("404 Not here", "404 Not here"),
        (413, "413 "),
        (418, "418 "),
        (299, "299 "),
        ("503", "503 Service Unavailable"),
    ],
)
def test_status(status: object, line: str) -> None:
    def handler() -> str:
        cherrypy.response.status = status  # type: ignore[assignment]  # what is tested
        return "content"

    answer = ask(handler)
    assert answer.status.startswith(line)
    assert answer.text == "content"


@pytest.mark.parametrize("status", ["abc", 99, 600, 1000, -200, "-1 x", 1.5])
def test_what_is_no_status_is_an_error(status: object) -> None:
    def handler() -> str:
        cherrypy.response.status = status  # type: ignore[assignment]  # what is tested
        return "content"

    assert ask(handler).code == 500


@pytest.mark.parametrize("status", ["200 a\r\nX-Evil: b", "200 a\x00b", "200 a\nb"])
def test_a_reason_begins_no_line(status: str) -> None:
    def handler() -> str:
        cherrypy.response.status = status
        return "content"

    answer = ask(handler)
    assert not {"\r", "\n", "\x00"} & set(answer.status)
    assert answer.field("X-Evil") is None


@pytest.mark.parametrize("code", [204, 205, 304])
@pytest.mark.parametrize("stream", [False, True])
def test_statuses_without_content(code: int, *, stream: bool) -> None:
    """RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5."""
    closed: list[bool] = []

    def content() -> Iterator[str]:
        try:
            yield "never sent"
        finally:
            closed.append(True)

    def handler() -> Iterator[str]:
        cherrypy.response.status = code
        cherrypy.response.headers["Content-Length"] = "10"
        cherrypy.response.headers["ETag"] = '"x"'
        return content()

    answer = ask(handler, response__stream=stream)
    assert (answer.code, answer.body) == (code, b"")
    assert answer.field("Content-Length") in {None, "0"}
    assert answer.field("ETag") == '"x"'
    if code != 205:
        assert answer.field("Content-Type") is None


# Headers ------------------------------------------------------------------------------------------


def test_the_fields_of_every_response() -> None:
    answer = ask(lambda: "content")
    assert answer.field("Server") == f"CherryPy/{cherrypy.__version__}"
    assert (answer.field("Date") or "").endswith(" GMT")
    assert answer.field("Content-Length") == "7"


def test_fields_are_set_changed_and_removed() -> None:
    def handler() -> str:
        headers = cherrypy.response.headers
        headers["x-own"] = "a"
        headers["X-OWN"] = headers["X-Own"] + "b"
        headers.update({"x-more": 7, "X-MORE": 8})
        headers["X-None"] = None
        headers["X-Bytes"] = b"octets"
        headers["X-Several"] = ["one", "two"]
        del headers["Server"]
        return "content"

    answer = ask(handler)
    assert answer.field("X-Own") == "ab"
    assert answer.field("X-More") == "8"
    assert answer.field("X-Bytes") == "octets"
    assert answer.values_of("X-Several") == ["one", "two"]
    assert answer.field("Server") is None


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a\r\nX-Evil: b", "aX-Evil: b"),
        ("a\nb", "ab"),
        ("a\x00b", "ab"),
        ("é", "é"),
        ("€", "=?utf-8?b?4oKs?="),
        (7, "7"),
        (True, "True"),
    ],
)
def test_field_values(value: object, sent: str) -> None:
    def handler() -> str:
        cherrypy.response.headers["X-Own"] = value
        return "content"

    answer = ask(handler)
    assert answer.field("X-Own") == sent
    assert answer.field("X-Evil") is None


@given(wild_text(), wild_text(), wild_text(), wild_text())
def test_nothing_a_handler_sets_begins_another_line(
    name: str, value: str, cookie: str, reason: str
) -> None:
    """CR, LF and NUL never reach the wire: in names, values, cookies or the status."""

    def handler() -> str:
        cherrypy.response.headers[name] = value
        cherrypy.response.headers["X-Own"] = [value, value]
        cherrypy.response.headers["Location"] = value
        cherrypy.response.cookie["own"] = cookie
        cherrypy.response.cookie["own"]["path"] = value
        cherrypy.response.status = f"200 {reason}"
        return "content"

    answer = ask(handler)  # wsgiref.validate looks at each field, too
    lines = [answer.status, *(text for field in answer.fields for text in field)]
    assert not {"\r", "\n", "\x00"} & set("".join(lines))


@given(wild_text(), st.sampled_from([None, 301, 302, 303, 305, 307, 308]))
def test_no_redirect_begins_another_line(url: str, status: int | None) -> None:
    def handler() -> str:
        raise cherrypy.HTTPRedirect(url, status)

    answer = ask(handler)
    lines = [answer.status, *(text for field in answer.fields for text in field)]
    assert not {"\r", "\n", "\x00"} & set("".join(lines))


def test_the_length_is_that_of_the_octets() -> None:
    assert ask(lambda: "é€").field("Content-Length") == "5"


def test_a_length_that_is_wrong_is_counted_again() -> None:
    def handler() -> bytes:
        cherrypy.response.headers["Content-Length"] = "5"
        return b"hello world"

    assert ask(handler).field("Content-Length") == "11"
    assert ask(handler, "HEAD").field("Content-Length") == "11"

    def of_another_type() -> bytes:
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        return handler()

    assert ask(of_another_type).field("Content-Length") == "11"


def test_a_length_is_kept_where_the_content_comes_later(tmp_path: Path) -> None:
    """A file is not read to be counted."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)

    def handler() -> Any:
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        cherrypy.response.headers["Content-Length"] = "100"
        return path.open("rb")

    for stream in (False, True):
        answer = ask(handler, response__stream=stream)
        assert (answer.field("Content-Length"), len(answer.body)) == ("100", 100)


def test_a_length_without_content_may_be_that_of_another_method() -> None:
    def handler() -> None:
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        cherrypy.response.headers["Content-Length"] = "5000"

    assert ask(handler, "HEAD").field("Content-Length") == "5000"


# Cookies ------------------------------------------------------------------------------------------


def test_cookies_are_set_each_in_a_line() -> None:
    def handler() -> str:
        cookie = cherrypy.response.cookie
        cookie["one"] = "1"
        cookie["two"] = "a b"
        cookie["two"]["path"] = "/x"
        cookie["two"]["max-age"] = 60
        cookie["two"]["httponly"] = True
        cookie["gone"] = ""
        cookie["gone"]["expires"] = 0
        return "content"

    lines = sorted(ask(handler).values_of("Set-Cookie"))
    assert lines[0].startswith("gone=")
    assert "expires=" in lines[0]
    assert lines[1] == "one=1"
    assert lines[2].startswith('two="a b"')
    assert {part.strip() for part in lines[2].split(";")[1:]} == {
        "HttpOnly",
        "Max-Age=60",
        "Path=/x",
    }


@pytest.mark.parametrize("failure", [cherrypy.HTTPError(403), ValueError()])
def test_cookies_are_sent_with_errors_too(failure: Exception) -> None:
    def handler() -> str:
        cherrypy.response.cookie["own"] = "1"
        raise failure

    assert ask(handler).values_of("Set-Cookie") == ["own=1"]


def test_a_response_class_of_ones_own_may_finish_in_its_way() -> None:
    class Own(Response):
        def finalize(self) -> None:
            self.body = self.collapse_body() + b"!"
            self.status = 202
            super().finalize()

    app = cherrypy.Application(
        type("Root", (), {"index": staticmethod(cherrypy.expose(lambda: "text"))})(), ""
    )
    app.response_class = Own
    answer = Client(app).get("/")
    assert (answer.code, answer.text, answer.field("Content-Length")) == (202, "text!", "5")


def test_the_stages_of_a_response() -> None:
    """Before it is finished there is no status line, and no list of fields."""
    states: list[object] = []

    def handler() -> str:
        response = cherrypy.serving.response
        states.extend([response.status, response.output_status, response.header_list])
        states.extend([list(response.body), response.stream, response.time > 0])
        return "content"

    ask(handler)
    assert states == [None, None, None, [], False, True]
