"""What a client is told of an error: the default page, configured ones, and what fails in them."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._request.error_pages import CONDITIONAL_FIELDS, bare_error, format_exc
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.iterators import FileContent
from wsgi_client import Answer, Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


class _Root:
    @cherrypy.expose
    def error(self, status: str = "500", message: str | None = None) -> str:
        raise cherrypy.HTTPError(int(status) if status.isdecimal() else status, message)

    @cherrypy.expose
    def unexpected(self) -> str:
        raise ValueError("<secret>")

    @cherrypy.expose
    def after_headers(self, status: str = "") -> str:
        headers = cherrypy.response.headers
        for name in (*DROPPED, *KEPT, "Content-Range"):
            headers[name] = "x"
        headers["Content-Type"] = "image/png"
        headers["Content-Length"] = "12345"
        cherrypy.response.stream = True
        if status:
            raise cherrypy.HTTPError(int(status))
        raise ValueError


DROPPED = (
    *("Accept-Ranges", "Age", "ETag", "Location", "Retry-After", "Vary", "Content-Encoding"),
    *("Expires", "Content-Disposition", "Content-Location", "Content-MD5", "Last-Modified"),
)
KEPT = ("Cache-Control", "Allow", "WWW-Authenticate", "Content-Language", "X-Own")


def ask(target: str, **config: object) -> Answer:
    """Ask an application with these settings, ``__`` for the dot."""
    settings = {key.replace("__", "."): value for key, value in config.items()}
    return Client(cherrypy.Application(_Root(), "", {"/": settings})).get(target)


# The default page ---------------------------------------------------------------------------------


def test_the_default_page() -> None:
    answer = ask("/error?status=403&message=no+entry", request__show_tracebacks=False)
    assert answer.status == "403 Forbidden"
    assert answer.field("Content-Type") == "text/html;charset=utf-8"
    assert answer.field("Content-Length") == str(len(answer.body))
    for part in ("<title>403 Forbidden</title>", "no entry", cherrypy.__version__):
        assert part in answer.text


@pytest.mark.parametrize(
    ("status", "line", "message"),
    [
        ("404", "404 Not Found", "Nothing matches the given URI"),
        ("404 Not here", "404 Not here", "Nothing matches the given URI"),
        ("599", "599 ", ""),
        ("401", "401 Unauthorized", "No permission -- see authorization schemes"),
    ],
)
def test_status_and_default_message(status: str, line: str, message: str) -> None:
    answer = ask(f"/error?status={status.replace(' ', '+')}")
    assert answer.status == line
    assert message in answer.text


def test_an_empty_message_is_none() -> None:
    """As in CherryPy, where the page says what the status means."""
    assert "Nothing matches" in ask("/error?status=404&message=").text


@given(st.text(max_size=30))
def test_whatever_the_message_says_is_escaped(message: str) -> None:
    def handler() -> str:
        raise cherrypy.HTTPError(400, message)

    root = type("Root", (), {"index": staticmethod(cherrypy.expose(handler))})()
    text = Client(cherrypy.Application(root, "")).get("/").body.decode("utf-8", "replace")
    shown = text.partition("<p>")[2].partition("</p>")[0]
    assert not {"<", ">"} & {*shown}


def test_the_path_of_a_page_that_is_missing_is_escaped() -> None:
    answer = ask("/%3Cscript%3E%22%26%C3%A9")
    assert "The path '/&lt;script&gt;\"&amp;é' was not found." in answer.text


@pytest.mark.parametrize("status", [403, 416, 503])
def test_what_described_the_content_is_dropped(status: int) -> None:
    answer = ask(f"/after_headers?status={status}")
    assert answer.code == status
    assert [name for name in DROPPED if answer.field(name) is not None] == []
    assert [name for name in KEPT if answer.field(name) is None] == []
    assert (answer.field("Content-Range") is not None) == (status == 416)
    assert answer.field("Content-Type") == "text/html;charset=utf-8"
    assert answer.field("Content-Length") == str(len(answer.body))


def test_what_described_the_content_is_dropped_where_the_error_is_unexpected() -> None:
    answer = ask("/after_headers")
    assert answer.code == 500
    assert [name for name in DROPPED if answer.field(name) is not None] == []
    assert answer.field("Content-Length") == str(len(answer.body))


# Tracebacks ---------------------------------------------------------------------------------------


def test_tracebacks_are_shown_only_if_configured() -> None:
    shown = ask("/unexpected")
    assert "Traceback (most recent call last)" in shown.text
    assert "ValueError: &lt;secret&gt;" in shown.text
    hidden = ask("/unexpected", request__show_tracebacks=False)
    assert "Traceback" not in hidden.text
    assert "secret" not in hidden.text
    assert hidden.code == shown.code == 500


def _fails_at_once(_self: object, vpath: list[str]) -> None:
    del vpath
    message = "secret"
    raise ValueError(message)


@pytest.mark.parametrize("case", ["no host", "failing dispatch", "unknown tool", "bad query"])
def test_no_traceback_is_shown_before_a_handler_is_found(case: str, errors: Records) -> None:
    """In production, the client is never shown one; and the log tells what is unexpected."""
    cherrypy.config.update({"environment": "production"})
    root = type("Root", (), {"index": staticmethod(cherrypy.expose(lambda: ""))})()
    environ = make_environ("GET", "/any/path")
    if case == "no host":
        del environ["HTTP_HOST"]
    elif case == "failing dispatch":
        type(root)._cp_dispatch = _fails_at_once
    elif case == "unknown tool":
        cherrypy.config.update({"tools.secret.on": True})
    else:
        environ["QUERY_STRING"] = "%FF"
    answer = call_wsgi(cherrypy.Application(root, ""), environ)
    unexpected = case in {"failing dispatch", "unknown tool"}
    assert answer.code == {"no host": 400, "bad query": 404}.get(case, 500)
    assert "Traceback" not in answer.text
    assert "secret" not in answer.text
    assert ("Traceback" in errors.text) == unexpected


def test_configured_pages_are_shown_before_a_handler_is_found() -> None:
    cherrypy.config.update({"error_page.400": lambda **_values: "own page"})
    environ = make_environ()
    del environ["HTTP_HOST"]
    assert call_wsgi(cherrypy.Application(None, ""), environ).text == "own page"


def test_an_error_before_a_handler_is_found_is_logged_once(errors: Records) -> None:
    root = type("Root", (), {"_cp_dispatch": _fails_at_once})()
    assert Client(cherrypy.Application(root, "")).get("/any").code == 500
    assert errors.text.count("ValueError: secret") == 1


def test_an_unexpected_error_has_an_identifier_in_page_and_log(errors: Records) -> None:
    text = ask("/unexpected", request__show_tracebacks=False).text
    identifier = text.partition("<code>")[2].partition("</code>")[0]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", identifier)
    assert identifier in errors.text
    assert "<code>" not in ask("/error?status=404").text


# Configured pages ---------------------------------------------------------------------------------


def test_a_page_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("%(status)s|%(message)s|%(traceback)s|%(version)s|100%%|é", encoding="utf-8")
    answer = ask(
        "/error?status=404&message=%3Cgone%3E",
        request__show_tracebacks=False,
        error_page__404=str(path),
    )
    expected = f"404 Not Found|&lt;gone&gt;||{cherrypy.__version__}|100%|é"
    assert (answer.code, answer.text) == (404, expected)
    assert answer.field("Content-Type") == "text/html;charset=utf-8"
    assert ask("/error?status=403", error_page__404=str(path)).text != expected


def _page(**values: str) -> str:
    return f"<{values['status']}|{values['message']}|{bool(values['traceback'])}>"


def test_a_page_may_be_a_function() -> None:
    got: list[dict[str, str]] = []

    def page(**values: str) -> str:
        got.append(values)
        return "own é"

    answer = ask("/error?status=404&message=%3Cx%3E", error_page__404=page)
    assert (answer.code, answer.text) == (404, "own é")
    assert answer.field("Content-Length") == "6"
    assert set(got[0]) >= {"status", "message", "traceback", "version"}
    assert (got[0]["status"], got[0]["message"]) == ("404 Not Found", "&lt;x&gt;")
    assert got[0]["version"] == cherrypy.__version__


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ("text é", "text é".encode()),
        (b"octets", b"octets"),
        ((part for part in ("a", b"b", "é")), "abé".encode()),
        (iter([b"a"]), b"a"),
        ("", b""),
    ],
)
def test_what_the_function_of_a_page_may_return(content: object, sent: bytes) -> None:
    answer = ask("/error?status=404", error_page__404=lambda **_values: content)
    assert (answer.code, answer.body) == (404, sent)


def test_a_page_may_change_the_response() -> None:
    def page(**_values: str) -> str:
        cherrypy.response.headers["Content-Type"] = "application/json"
        cherrypy.response.status = 410
        return "{}"

    answer = ask("/error?status=404", error_page__404=page)
    assert (answer.code, answer.text) == (410, "{}")
    assert answer.field("Content-Type") == "application/json"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/error?status=404&message=m", "<404 Not Found|m|True>"),
        ("/unexpected", "default 500 Internal Server Error"),
        ("/error?status=403", "default 403 Forbidden"),
        ("/nobody", "<404 Not Found|The path '/nobody' was not found.|False>"),
        ("/error?unexpected=1", "<404 Not Found|Unexpected query"),
    ],
)
def test_the_page_of_a_status_comes_before_the_default(target: str, text: str) -> None:
    answer = ask(
        target,
        error_page__404=_page,
        error_page__default=lambda **values: f"default {values['status']}",
    )
    assert answer.text.startswith(text)


def test_pages_are_configured_for_a_part_of_the_site() -> None:
    pages = {"/": {"error_page.404": _page}, "/error": {"error_page.404": lambda **_: "here"}}
    client = Client(cherrypy.Application(_Root(), "", pages))
    assert client.get("/error?status=404").text == "here"
    assert client.get("/nobody").text.startswith("<404")


@pytest.mark.parametrize(
    "content", [["a", b"b"], ("a", "b"), iter(["a", b"b"]), FileContent(BytesIO(b"abc"), 2)]
)
def test_a_page_is_whatever_a_handler_may_return_in_pieces(content: object) -> None:
    answer = ask("/error?status=409", error_page__default=lambda **_: content)
    assert (answer.code, answer.text) == (409, "ab")


def test_a_page_sees_no_conditions_of_the_request_for_the_content_that_failed() -> None:
    fields = {*CONDITIONAL_FIELDS}
    seen: list[object] = []

    def page(**_values: str) -> str:
        seen.append(fields.intersection(cherrypy.request.headers))
        return ""

    def after() -> None:
        seen.append(fields.intersection(cherrypy.request.headers))

    cherrypy.tools.after = cherrypy.Tool("on_end_request", after)
    pages = {"/": {"error_page.404": page, "tools.after.on": True}}
    Client(cherrypy.Application(_Root(), "", pages)).get(
        "/nobody", **{name.replace("-", "_"): "x" for name in fields}
    )
    assert seen == [set(), fields]


def test_the_line_ends_of_a_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(b"%(status)s\r\n")
    assert ask("/nobody", error_page__404=str(file)).text == "404 Not Found\r\n"


def test_json_pages_have_quotes_as_they_are() -> None:
    def page(**values: str) -> bytes:
        return json.dumps(values["message"]).encode()

    answer = ask("/error?status=404&message=it's%20%22%3C%26%3E%22", error_page__404=page)
    assert answer.text == json.dumps('it\'s "&lt;&amp;&gt;"')


@pytest.mark.parametrize("status", ["404", "500", "503 Back soon"])
def test_the_page_of_get_error_page_is_that_of_a_request_that_fails(status: str) -> None:
    """The error id comes behind it."""

    class Root:
        @cherrypy.expose
        def made(self) -> Any:
            return cherrypy._cperror.get_error_page(status, message="it's", traceback="")

        @cherrypy.expose
        def failed(self) -> None:
            raise cherrypy.HTTPError(status, "it's")

    client = Client(cherrypy.Application(Root(), "", {"/": {"request.show_tracebacks": False}}))
    made, failed = client.get("/made").text, client.get("/failed").text
    assert failed.startswith(made)
    assert ("Error id" in failed.removeprefix(made)) is (status[:1] == "5")


@pytest.mark.parametrize(
    ("section", "path"), [("/", "/a/b"), ("/a", "/a"), ("/a", "/a/b"), ("/a/", "/a/b")]
)
def test_the_page_of_a_request_without_a_host_is_configured_above_it(
    section: str, path: str
) -> None:
    pages = {"/": {}, section: {"error_page.400": _page}, "/ab": {"error_page.400": "no"}}
    environ = make_environ("GET", path)
    del environ["HTTP_HOST"]
    answer = call_wsgi(cherrypy.Application(_Root(), "", pages), environ)
    assert answer.text.startswith("<400 Bad Request|")


def test_a_handler_sets_a_page_for_its_request() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            cherrypy.request.error_page[403] = _page
            raise cherrypy.HTTPError(403, "m")

    assert Client(cherrypy.Application(Root(), "")).get("/").text == "<403 Forbidden|m|True>"


def _raise(error: Exception) -> Any:
    def page(**_values: str) -> str:
        raise error

    return page


@pytest.mark.parametrize(
    "page",
    [
        "/no/such/file.html",
        _raise(ValueError("secret")),
        _raise(HTTPError(403, "secret")),
        lambda **_values: None,
        lambda **_values: ["secret", 1],
        lambda **_values: {"secret": 1},
        lambda **_values: 7,
        lambda: "too few parameters",
    ],
)
@pytest.mark.parametrize(
    "target", ["/error?status=404&message=original", "/error?status=500&message=original"]
)
def test_a_page_that_fails_gives_way_to_the_default_one(
    page: object, target: str, errors: Records
) -> None:
    """The client is told of the first error alone, the log of both."""
    answer = ask(target, request__show_tracebacks=False, error_page__default=page)
    assert answer.status[:3] == target[14:17]
    assert "original" in answer.text
    assert "secret" not in answer.text
    assert "/no/such" not in answer.text
    assert "error page" in errors.text


def test_a_file_that_is_no_template_gives_way_to_the_default_page(
    tmp_path: Path, errors: Records
) -> None:
    path = tmp_path / "page.html"
    path.write_text("%(nosuch)s")
    answer = ask("/error?status=404&message=original", error_page__404=str(path))
    assert "original" in answer.text
    assert "nosuch" in errors.text


def test_a_page_whose_generator_fails_is_an_error(errors: Records) -> None:
    def page(**_values: str) -> Iterator[str]:
        yield "begun"
        raise ValueError("in the page")

    answer = ask("/error?status=404", error_page__404=page)
    assert answer.code == 500
    assert "in the page" in errors.text


# Other ways to answer -----------------------------------------------------------------------------


def test_an_error_response_of_ones_own_answers_what_is_unexpected() -> None:
    def respond() -> None:
        cherrypy.response.status = 555
        cherrypy.response.body = b"own"

    answer = ask("/unexpected", request__error_response=respond)
    assert (answer.code, answer.body, answer.field("Content-Length")) == (555, b"own", "3")
    assert ask("/error?status=404", request__error_response=respond).code == 404


def test_an_error_in_the_handling_of_errors_is_a_500(errors: Records) -> None:
    def fail() -> None:
        raise KeyError("second")

    answer = ask("/unexpected", request__error_response=fail, request__show_tracebacks=False)
    assert (answer.status, answer.text) == (
        "500 Internal Server Error",
        "Unrecoverable error in the server.",
    )
    assert "second" in errors.text
    assert "secret" in errors.text


def test_errors_may_draw_their_own_page() -> None:
    class Teapot(cherrypy.HTTPError):
        def __init__(self) -> None:
            super().__init__(418, "short and stout")

        def get_error_page(self, *args: object, **kwargs: object) -> bytes:
            del args
            return f"teapot: {kwargs['message']}".encode()

    root = type("Root", (), {})()

    def brew() -> str:
        raise Teapot

    root.brew = cherrypy.expose(brew)
    answer = Client(cherrypy.Application(root, "")).get("/brew")
    assert (answer.code, answer.text) == (418, "teapot: short and stout")


# The exceptions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(404, 404, "Not Found"), ("404", 404, "Not Found"), ("404 Not here", 404, "Not here")],
)
def test_an_error_knows_its_status(status: int | str, code: int, reason: str) -> None:
    error = cherrypy.HTTPError(status, "message")
    assert (error.status, error.code, error.reason) == (status, code, reason)
    assert (error.args, error._message) == ((status, "message"), "message")


@pytest.mark.parametrize("status", [200, 304, 399])
def test_an_error_is_from_400_to_599(status: int) -> None:
    with pytest.raises(ValueError, match="400 and 599"):
        cherrypy.HTTPError(status)


@pytest.mark.parametrize("status", ["abc", 600, 1000])
def test_an_error_without_a_status_is_a_500(status: int | str) -> None:
    with pytest.raises(cherrypy.HTTPError) as raised:
        cherrypy.HTTPError(status)
    assert raised.value.code == 500


def test_handle_turns_exceptions_into_errors() -> None:
    with pytest.raises(cherrypy.HTTPError) as raised, cherrypy.HTTPError.handle(ValueError, 400):
        int("x")
    assert (raised.value.code, "invalid literal" in raised.value._message) == (400, True)
    with (
        pytest.raises(cherrypy.HTTPError, match="own"),
        cherrypy.HTTPError.handle(ValueError, 400, "own"),
    ):
        int("x")
    with pytest.raises(KeyError), cherrypy.HTTPError.handle(ValueError, 400):
        raise KeyError


def test_not_found_names_the_path() -> None:
    assert cherrypy.NotFound("/a").args == (404, "The path '/a' was not found.")
    assert isinstance(cherrypy.NotFound("/a"), cherrypy.HTTPError)


def test_not_found_names_the_path_of_the_request() -> None:
    class Root:
        @cherrypy.expose
        def default(self, *_segments: str) -> str:
            raise cherrypy.NotFound

    client = Client(cherrypy.Application(Root(), "/app"))
    assert "The path '/app/a/b' was not found." in client.get("/app/a/b").text


def test_bare_errors() -> None:
    status, fields, body = bare_error()
    assert (status, body) == (b"500 Internal Server Error", [b"Unrecoverable error in the server."])
    assert dict(fields)[b"Content-Length"] == b"34"
    for extra in ("é", "é".encode()):
        assert b"".join(bare_error(extra)[2]).endswith("\né".encode())


def test_an_exception_as_text() -> None:
    assert format_exc() == ""
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int("x")
    assert "ValueError: invalid literal" in format_exc(raised._excinfo)
    texts = []
    try:
        int("x")
    except ValueError:
        texts.append(format_exc())
    assert "ValueError: invalid literal" in texts[0]
