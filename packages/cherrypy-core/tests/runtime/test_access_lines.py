"""The lines of the access log: their text is the same on the short way and by logging's own."""

from __future__ import annotations

import io
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._request.request import Request
from cherrypy._runtime import log_handlers, logs
from strategies import field_values, latin_1_text, wild_text
from wsgi_client import call_wsgi, make_environ

if TYPE_CHECKING:
    from wsgi_client import Environ

pytestmark = pytest.mark.usefixtures("site")

FORMATS = [
    '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"',
    '{o} %s %% "{r}" \\{a}\\ {{}} {s}',
    "{a}{a}|{f}|é|{o}",
    '{h:>20} {r!r} "{a!s:<3}" {f[0]!s} {u}',
    "{u}",
    "none",
]


class _Root:
    @cherrypy.expose
    def default(self, *_segments: str, **_query: str) -> str:
        return "content"

    @cherrypy.expose
    def touched(self, **_query: str) -> str:
        request = cherrypy.request
        request.headers["User-Agent"] = f"own {request.headers.get('User-Agent')}"
        request.headers["Referer"] = 7
        request.remote.ip = request.remote.name = "proxied é"
        request.login = ("no", "text")  # type: ignore[assignment]
        cherrypy.response.status = 201
        return "content"

    @cherrypy.expose
    def line(self, **_query: str) -> str:
        cherrypy.request.request_line = 'own "line"'
        return "content"


def _escape(value: object) -> str:
    """Escape a value, character by character."""
    shown = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(
        shown.get(chr(byte)) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
        for byte in str(value).encode("utf-8", "surrogatepass")
    )


def _expected(log_format: str) -> str:
    """Return the line of the current request by its attributes, with nothing left out."""
    request, response = cherrypy.request, cherrypy.response
    status = response.output_status or b"-"
    values = {
        "h": request.remote.name or request.remote.ip,
        "l": "-",
        "u": request.login or "-",
        "t": "[time]",
        "r": request.request_line,
        "s": status.decode("latin-1").partition(" ")[0],
        "b": dict(response.header_list or ()).get(b"Content-Length", b"-").decode(),
        "f": request.headers.get("Referer", ""),
        "a": request.headers.get("User-Agent", ""),
        "o": request.headers.get("Host", "-"),
    }
    return log_format.format(**{name: _escape(value) for name, value in values.items()})


@pytest.fixture(scope="module")
def app() -> Any:
    app: Any = cherrypy.Application(_Root(), "/mounted")
    app.log.time = lambda: "[time]"
    for logger in (app.log.access_log, app.log.error_log):
        logger.propagate = False
        del logger.manager.loggerDict[logger.name]  # pytest listens to all that it finds
    return app


def _environ(path: str, query: str, agent: str, user: str) -> Environ:
    environ = make_environ()
    environ |= {"SCRIPT_NAME": "/mounted", "PATH_INFO": path, "QUERY_STRING": query}
    if agent:
        environ |= {"HTTP_USER_AGENT": agent, "HTTP_REFERER": agent[::-1], "HTTP_HOST": agent}
    if user:
        environ |= {"REMOTE_USER": user, "REMOTE_HOST": user[::-1]}
    return environ


paths = st.one_of(
    st.sampled_from(["", "/", "/touched", "/line", "//touched", "/x//y"]),
    latin_1_text().map(lambda text: f"/{text}"),
)


@given(
    st.sampled_from(FORMATS),
    paths,
    latin_1_text(),
    st.one_of(field_values(), latin_1_text(), wild_text()),
    latin_1_text(),
)
def test_both_ways_write_the_same(
    app: Any, log_format: str, path: str, query: str, agent: str, user: str
) -> None:
    """Whatever a request has in it, and whatever the application does with it."""
    app.log.access_log_format = log_format
    short, by_record = io.StringIO(), io.StringIO()
    expected: list[str] = []
    logger = app.log.access_log

    def keep() -> None:
        """Take part when the line is written, and afterwards work it out from the attributes."""
        type(app.log).access(app.log)
        expected.append(_line_or_nothing(log_format))

    own = logging.StreamHandler(short)
    log_handlers.add_handler(logger, own, "screen")
    app.log.access = keep
    try:
        assert log_handlers.short_way(logger) == [own]
        answer = call_wsgi(app, _environ(path, query, agent, user))
        logger.removeHandler(own)
        logger.addHandler(logging.StreamHandler(by_record))
        assert log_handlers.short_way(logger) is None
        again = call_wsgi(app, _environ(path, query, agent, user))
    finally:
        logger.handlers[1:] = []
        del app.log.access, app.log.has_own_access
    assert answer.status == again.status
    assert short.getvalue() == by_record.getvalue() == expected[0] == expected[1]


def _line_or_nothing(log_format: str) -> str:
    try:
        return _expected(log_format) + "\n"
    except IndexError:  # such as {f[0]} where there is no Referer
        return ""


def _line(app: Any, environ: Environ) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log_handlers.add_handler(app.log.access_log, handler, "screen")
    try:
        assert log_handlers.short_way(app.log.access_log) == [handler]
        call_wsgi(app, environ)
    finally:
        app.log.access_log.removeHandler(handler)
    return stream.getvalue()


def test_a_class_of_requests_with_headers_of_its_own_counts(app: Any) -> None:
    class Own(Request):
        @property
        def headers(self) -> Any:  # type: ignore[override]
            return {"User-Agent": "own", "Host": "own.example"}

    app.log.access_log_format = "{a} {o} {f}"
    app.request_class = Own
    try:
        assert _line(app, _environ("/", "", "sent", "")) == "own own.example \n"
    finally:
        app.request_class = Request


@pytest.mark.parametrize("name", ["x", "", "0", "h.real"])
def test_a_wrong_name_is_told_once_for_each_request(app: Any, name: str) -> None:
    app.log.access_log_format = f"{{h}} {{{name}}} {{s}}"
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    app.log.error_log.addHandler(handler)
    try:
        for _ in range(2):
            assert _line(app, make_environ()) == ""
    finally:
        app.log.error_log.removeHandler(handler)
    assert stream.getvalue().count("Traceback") == 2


def test_a_time_and_an_identifier_are_escaped_too(app: Any) -> None:
    """As CherryPy 18.10 does: applications put there what a client has sent."""

    class Root:
        @cherrypy.expose
        def default(self, *_segments: str) -> str:
            cherrypy.request.unique_id = cherrypy.request.headers["X-Id"]
            return ""

    app = cherrypy.Application(Root(), "")
    app.log.access_log.propagate = False
    app.log.access_log_format = '"{i}" {s} {z}'
    line = _line(app, make_environ(X_Id='a" 200 \x00'))
    assert line.startswith('"a\\" 200 \\x00" 200 2')
    assert line.endswith("Z\n")


def test_the_text_of_the_time_is_made_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    now = [86_400.25]

    def strftime(pattern: str, moment: time.struct_time) -> str:
        made.append(pattern)
        return time.strftime(pattern, moment)

    monkeypatch.setattr(logs, "strftime", strftime)
    monkeypatch.setattr(logs, "time", lambda: now[0])
    log = cherrypy.log
    texts = [log.time(), log.time()]
    now[0] = 86_400.99
    texts.append(log.time())
    assert len(made) == 1
    now[0] = 86_401.0
    texts.append(log.time())
    local = [time.localtime(86_400), time.localtime(86_401)]
    one, other = (time.strftime("[%d/Jan/1970:%H:%M:%S]", moment) for moment in local)
    assert texts == [one, one, one, other]
    now[0] = 86_400.0  # clocks are set back
    assert log.time() == one
