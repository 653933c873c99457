"""``cherrypy.test.webtest``, as far as it needs no server."""

from __future__ import annotations

import datetime as dt
import sys
import traceback
import unittest
from typing import Any

import pytest

from cherrypy.test import helper, webtest

HEADERS = [
    ("Content-Type", "text/plain"),
    ("X-List", "a, b;q=1, c"),
    ("X-List", "d"),
    ("Content-Length", "8"),
]


@pytest.fixture
def case() -> webtest.WebCase:
    """Give a case that has got an answer."""
    answered = webtest.WebCase("run")
    answered.status, answered.headers, answered.body = "200 OK", HEADERS, b"caf\xc3\xa9 ol\xc3\xa9"
    answered.url = b"/menu"
    return answered


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("assertStatus", (200,), None),
        ("assertStatus", ("200 OK",), None),
        ("assertStatus", ((404, 200),), None),
        ("assertStatus", (["200 OK", 500],), None),
        ("assertHeader", ("content-type",), "text/plain"),
        ("assertHeader", ("X-LIST", "d"), "d"),
        ("assertHeaderIn", ("X-List", ["d", "e"]), ["d"]),
        ("assertHeaderItemValue", ("x-list", "b;q=1"), "b;q=1"),
        ("assertHeaderItemValue", ("x-list", "d"), "d"),
        ("assertNoHeader", ("X-None",), None),
        ("assertNoHeaderItemValue", ("X-List", "e"), None),
        ("assertNoHeaderItemValue", ("X-None", "e"), None),
        ("assertBody", ("café olé",), None),
        ("assertBody", (b"caf\xc3\xa9 ol\xc3\xa9",), None),
        ("assertInBody", ("é",), None),
        ("assertInBody", (b"caf",), None),
        ("assertNotInBody", ("tea",), None),
        ("assertMatchesBody", ("^c.*é$",), None),
        ("assertMatchesBody", (b"CAF", None, 2), None),  # re.IGNORECASE
    ],
)
def test_what_holds(case: webtest.WebCase, name: str, arguments: Any, result: object) -> None:
    assert getattr(case, name)(*arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("assertStatus", (201,), "200 OK.*201"),
        ("assertStatus", ("200",), "200 OK"),
        ("assertStatus", ("404 Not Found",), "404 Not Found"),
        ("assertStatus", ((404, "500 X"),), "404 or '500 X'"),
        ("assertStatus", ((),), "200 OK"),
        ("assertHeader", ("X-None",), "X-None"),
        ("assertHeader", ("Content-Type", "text/html"), "text/plain"),
        ("assertHeaderIn", ("X-List", ["e"]), "X-List"),
        ("assertHeaderIn", ("X-None", ["e"]), "X-None"),
        ("assertHeaderItemValue", ("X-List", "e"), "'a', 'b;q=1', 'c', 'd'"),
        ("assertNoHeader", ("content-type",), "text/plain"),
        ("assertNoHeaderItemValue", ("X-List", "c"), "X-List"),
        ("assertBody", ("tea",), "expected body:\nb'tea'\n\nactual body:\nb'caf"),
        ("assertInBody", ("tea",), "tea"),
        ("assertNotInBody", ("caf",), "caf"),
        ("assertMatchesBody", ("te+a",), "te.a"),
    ],
)
def test_what_does_not(case: webtest.WebCase, name: str, arguments: Any, said: str) -> None:
    """A failure tells what was expected, and notes what was answered."""
    with pytest.raises(AssertionError, match=said) as caught:
        getattr(case, name)(*arguments)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert "/menu was answered with 200 OK" in shown
    assert "X-List" in shown
    assert "caf" in shown
    with pytest.raises(AssertionError, match=r"^my own words\n"):
        getattr(case, name)(*arguments, msg="my own words")


def test_a_failure_never_waits_for_the_keyboard(
    case: webtest.WebCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setenv("WEBTEST_INTERACTIVE", "1")
    assert webtest.WebCase.interactive is False
    case.interactive = True
    with pytest.raises(AssertionError):
        case.assertBody("tea")


def test_a_failure_before_any_request() -> None:
    case = webtest.WebCase("run")
    with pytest.raises(AssertionError, match="None"):
        case.assertStatus("200 OK")


def test_a_long_body_is_noted_in_part(case: webtest.WebCase) -> None:
    case.body = b"x" * 100_000
    assert max(map(len, case.notes())) < 3000


FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("headers", "method", "body", "port", "result"),
    [
        (None, "GET", None, 80, [("Host", "h")]),
        (None, "GET", None, 8080, [("Host", "h:8080")]),
        ([("hOST", "x")], "GET", None, 80, [("hOST", "x")]),
        ((), "POST", None, 80, [("Host", "h"), FORM, ("Content-Length", "0")]),
        ((), "PUT", "é", 80, [("Host", "h"), FORM, ("Content-Length", "2")]),
        ([("content-type", "x")], "PATCH", b"abc", 80,
         [("content-type", "x"), ("Host", "h"), ("Content-Length", "3")]),
        ([("Transfer-Encoding", "chunked")], "POST", b"0\r\n\r\n", 80,
         [("Transfer-Encoding", "chunked"), ("Host", "h"), FORM]),
        ([("Content-Length", "9")], "POST", b"abc", 80,
         [("Content-Length", "9"), ("Host", "h"), FORM]),
        ((), "DELETE", b"abc", 80, [("Host", "h"), ("Content-Length", "3")]),
        ([("Cookie", "a=1"), ("X", "y"), ("Cookie", "b=2")], "GET", None, 80,
         [("X", "y"), ("Cookie", "a=1; b=2"), ("Host", "h")]),
    ],
)  # fmt: skip
def test_clean_headers(
    headers: Any,
    method: str,
    body: str | bytes | None,
    port: int,
    result: list[tuple[str, str]],
) -> None:
    assert webtest.cleanHeaders(headers, method, body, "h", port) == result


def test_the_host_field_of_an_address() -> None:
    assert webtest.cleanHeaders(None, "GET", None, "::1", 81) == [("Host", "[::1]:81")]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://host.example/a/b?c#d", "/a/b?c"),
        ("//host.example/a", "/a"),
        ("/a?b", "/a?b"),
    ],
)
def test_strip_netloc(url: str, target: str) -> None:
    assert webtest.strip_netloc(url) == target


@pytest.mark.parametrize(
    ("listening", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("localhost", "localhost")],  # noqa: S104
)
def test_interface(listening: str, reached: str) -> None:
    assert webtest.interface(listening) == reached


class TestServerError:
    """The hook by which a server in the same process makes a test fail."""

    @pytest.fixture(autouse=True)
    def _restore(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webtest.ServerError, "on", False)
        monkeypatch.setattr(webtest, "ignored_exceptions", [KeyError])

    @pytest.mark.parametrize(("error", "taken"), [(IndexError, True), (KeyError, False)])
    def test_an_exception(
        self, error: type[Exception], capsys: pytest.CaptureFixture[str], *, taken: bool
    ) -> None:
        try:
            raise error("in the server")
        except LookupError:
            assert webtest.server_error() is taken
        assert webtest.ServerError.on is taken
        assert ("in the server" in capsys.readouterr().err) is taken

    def test_none(self) -> None:
        assert webtest.server_error() is False

    def test_all_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webtest, "ignore_all", True)
        error = IndexError()
        assert webtest.server_error((IndexError, error, None)) is False


class TestHelper:
    """``CPWebCase``, as far as it needs no server."""

    @pytest.fixture
    def case(self) -> helper.CPWebCase:
        return helper.CPWebCase("test_gc")

    @pytest.mark.parametrize(
        ("scheme", "port", "script_name", "base"),
        [
            ("http", 8080, "", "http://127.0.0.1:8080"),
            ("http", 80, "/app", "http://127.0.0.1/app"),
            ("https", 443, "/app/", "https://127.0.0.1/app"),
            ("https", 80, "/", "https://127.0.0.1:80"),
        ],
    )
    def test_base(
        self, case: helper.CPWebCase, scheme: str, port: int, script_name: str, base: str
    ) -> None:
        case.scheme, case.PORT, case.script_name = scheme, port, script_name
        assert case.base() == base

    def test_dates(self, case: helper.CPWebCase) -> None:
        now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
        case.assertEqualDates(now, now + dt.timedelta(seconds=2))
        case.assertEqualDates(now, now - dt.timedelta(seconds=9), 10)
        with pytest.raises(AssertionError, match="differ"):
            case.assertEqualDates(now, now + dt.timedelta(seconds=3))

    def test_skip(self, case: helper.CPWebCase) -> None:
        with pytest.raises(unittest.SkipTest, match="because"):
            case.skip("because")

    def test_exit(self, case: helper.CPWebCase) -> None:
        with pytest.raises(SystemExit):
            case.exit()

    def test_without_setup_server_nothing_is_started(self) -> None:
        helper.CPWebCase.setup_class()
        assert helper.CPWebCase.supervisor is None
        helper.CPWebCase.teardown_class()

    def test_the_certificate_can_be_loaded(self) -> None:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(helper.serverpem, helper.serverpem)
