"""The error log and the access log: what is written, where to, and that nothing can be forged."""

from __future__ import annotations

import io
import logging
import logging.config
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._runtime.logs import LogManager
from wsgi_client import Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")

TIME = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\]"


class _Root:
    @cherrypy.expose
    def index(self, **_query: str) -> str:
        return "content"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield "content"

    @cherrypy.expose
    def log(self) -> str:
        cherrypy.log("in a request", "CONTEXT", logging.WARNING)
        return ""

    @cherrypy.expose
    def login(self) -> str:
        cherrypy.request.login = "ann"
        return ""

    @cherrypy.expose
    def error(self) -> str:
        raise cherrypy.HTTPError(403)

    @cherrypy.expose
    def default(self, *_segments: str) -> str:
        return "content"


@pytest.fixture
def app() -> Iterator[cherrypy.Application]:
    app = cherrypy.Application(_Root(), "")
    yield app
    for log in (app.log.error_log, app.log.access_log):
        for handler in log.handlers[:]:
            log.removeHandler(handler)
            handler.close()


@pytest.fixture
def manager(request: pytest.FixtureRequest) -> Iterator[LogManager]:
    """Make a log manager with loggers of its own."""
    manager = LogManager(request.node.name, "tests_of_logs")
    yield manager
    for log in (manager.error_log, manager.access_log):
        for handler in log.handlers[:]:
            log.removeHandler(handler)
            handler.close()


# The error log ------------------------------------------------------------------------------------


def test_a_message_has_time_and_context(errors: Records) -> None:
    cherrypy.log("hello there")
    cherrypy.log("with context", "CONTEXT")
    assert re.fullmatch(TIME + r"  hello there", errors.messages[0])
    assert re.fullmatch(TIME + r" CONTEXT with context", errors.messages[1])
    assert [record.levelno for record in errors.kept] == [logging.INFO] * 2
    assert {record.name for record in errors.kept} == {"cherrypy.error"}


def test_severity_and_traceback(errors: Records) -> None:
    try:
        int("x")
    except ValueError:
        cherrypy.log("kaboom!", severity=logging.ERROR, traceback=True)
    assert errors.kept[0].levelno == logging.ERROR
    assert "kaboom!" in errors.text
    assert "ValueError: invalid literal" in errors.text
    assert "Traceback" in errors.text


def test_messages_are_taken_literally(errors: Records) -> None:
    cherrypy.log("100% of %s {h}")
    assert errors.messages[0].endswith("100% of %s {h}")


def test_in_a_request_the_log_is_that_of_the_application(
    app: cherrypy.Application, errors: Records
) -> None:
    Client(app).get("/log")
    record = errors.kept[0]
    assert record.name == app.log.error_log.name == f"cherrypy.error.{id(app)}"
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("CONTEXT in a request")
    cherrypy.log.error("to the site")
    app.log("to the application")
    assert [record.name for record in errors.kept[1:]] == ["cherrypy.error", record.name]


def test_the_errors_of_clients_are_not_logged(app: cherrypy.Application, errors: Records) -> None:
    for target in ("/error", "/log/x", "/index?a=%FF"):
        assert Client(app).get(target).code in {403, 404}
    assert errors.kept == []


def test_the_bus_logs_to_the_error_log(errors: Records) -> None:
    cherrypy.engine.log("from the bus")
    assert re.fullmatch(TIME + " ENGINE from the bus", errors.messages[0])


# The access log -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "fields", "line"),
    [
        ("/", {}, r'"GET / HTTP/1.1" 200 7 "" ""'),
        ("/?a=1&b", {}, r'"GET /?a=1&b HTTP/1.1" 200 7 "" ""'),
        (
            "/",
            {"Referer": "http://x/", "User_Agent": "me/1"},
            r'"GET / HTTP/1.1" 200 7 "http://x/" "me/1"',
        ),
        ("/stream", {}, r'"GET /stream HTTP/1.1" 200 - "" ""'),
        ("/log/x", {}, None),
        ("/", {"User_Agent": 'a"b'}, r'"GET / HTTP/1.1" 200 7 "" "a\"b"'),
        ("/", {"User_Agent": "a\tb"}, r'"GET / HTTP/1.1" 200 7 "" "a\tb"'),
    ],
)
def test_lines(
    app: cherrypy.Application,
    accesses: Records,
    target: str,
    fields: dict[str, str],
    line: str | None,
) -> None:
    answer = Client(app).get(target, **fields)
    (message,) = accesses.messages
    match = re.fullmatch(r"127\.0\.0\.1 - - " + TIME + r" (.*)", message)
    assert match is not None
    if line is None:
        line = f'"GET {target} HTTP/1.1" {answer.code} {len(answer.body)} "" ""'
    assert match[1] == line
    assert accesses.kept[0].levelno == logging.INFO
    assert accesses.kept[0].name == f"cherrypy.access.{id(app)}"


def test_a_head_is_logged_with_the_length_it_told(
    app: cherrypy.Application, accesses: Records
) -> None:
    Client(app).head("/")
    assert '"HEAD / HTTP/1.1" 200 7' in accesses.messages[0]


def test_user_and_host(app: cherrypy.Application, accesses: Records) -> None:
    Client(app).get("/login")
    assert accesses.messages[0].startswith("127.0.0.1 - ann [")
    Client(app, REMOTE_HOST="client.example").get("/")
    assert accesses.messages[1].startswith("client.example - - [")


@pytest.mark.parametrize("way", ["directly", "pipeline", "tree"])
def test_each_request_is_one_line(app: cherrypy.Application, accesses: Records, way: str) -> None:
    if way == "pipeline":
        app.merge({"/": {"wsgi.pipeline": [("nothing", lambda nextapp: nextapp)]}})
    if way == "tree":
        cherrypy.tree.mount(app)
    client = Client(cherrypy.tree if way == "tree" else app)
    for target in ("/", "/stream", "/error", "/nobody?x", "/index?%FF"):
        client.get(target)
    assert len(accesses.messages) == 5


def test_an_internal_redirect_is_one_line(accesses: Records) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            raise cherrypy.InternalRedirect("/there")

        @cherrypy.expose
        def there(self) -> str:
            return "there"

    Client(cherrypy.Application(Root(), "")).get("/")
    (message,) = accesses.messages
    assert '"GET /there HTTP/1.1" 200 5' in message


def test_the_format_can_be_replaced(app: cherrypy.Application, accesses: Records) -> None:
    app.log.access_log_format = "{h}|{l}|{u}|{r}|{s}|{b}|{f}|{a}|{o}|{i}|{z}"
    Client(app).get("/", Host="h", Referer="f", User_Agent="a")
    parts = accesses.messages[0].split("|")
    assert parts[:9] == ["127.0.0.1", "-", "-", "GET / HTTP/1.1", "200", "7", "f", "a", "h"]
    assert re.fullmatch(r"[0-9a-f-]{36}", parts[9])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", parts[10])


def test_the_id_is_that_of_the_request(accesses: Records) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return str(cherrypy.request.unique_id)

    app = cherrypy.Application(Root(), "")
    app.log.access_log_format = "{i}"
    assert Client(app).get("/").text == accesses.messages[0]


def test_a_format_that_is_wrong_harms_no_answer(
    app: cherrypy.Application, accesses: Records, errors: Records
) -> None:
    app.log.access_log_format = "{nosuch}"
    assert Client(app).get("/").text == "content"
    assert accesses.messages == []
    assert "nosuch" in errors.text


@pytest.mark.parametrize("way", ["directly", "pipeline"])
def test_the_access_log_can_be_overridden(app: cherrypy.Application, way: str) -> None:
    """Applications put their own function there, on the log of the site or of the application."""
    calls: list[str] = []

    class Own(LogManager):
        def access(self) -> None:
            calls.append(f"own {cherrypy.request.path_info} {cherrypy.response.status_line}")

    if way == "pipeline":
        app.merge({"/": {"wsgi.pipeline": [("nothing", lambda nextapp: nextapp)]}})
    site: Any = cherrypy.log
    site.access = lambda: calls.append(f"site {cherrypy.request.path_info}")
    try:
        Client(app).get("/x")
    finally:
        del site.access, site.has_own_access
    app.log = Own(id(app))
    Client(app).get("/y")
    assert calls == ["site /x", "own /y 200 OK"]


@given(
    st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n"), max_size=20),
    st.text(st.characters(max_codepoint=0xFF), max_size=20),
)
def test_no_client_forges_a_line(agent: str, path: str) -> None:
    """Whatever is sent, a line is one line, of printable ASCII, with the fields it has."""
    app = cherrypy.Application(_Root(), "")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    app.log.access_log.addHandler(handler)
    try:
        environ = make_environ()
        environ["PATH_INFO"] = f"/{path}"
        environ["HTTP_USER_AGENT"] = environ["HTTP_REFERER"] = agent
        environ["QUERY_STRING"] = environ["REMOTE_USER"] = agent
        call_wsgi(app, environ)
    finally:
        app.log.access_log.removeHandler(handler)
    line = stream.getvalue()
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert line.isascii()
    parts = re.findall(r'\\.|"((?:[^"\\]|\\.)*)"', line)  # an escaped quote begins nothing
    quoted = [part for part in parts if part]
    assert quoted[0].startswith("GET /")
    assert len(re.sub(r"\\.", "", line).split('"')) == 7


def test_encoded_words_forge_no_line(app: cherrypy.Application, accesses: Records) -> None:
    Client(app).get("/", User_Agent="=?utf-8?q?a=0D=0Ab?=")
    assert "\n" not in accesses.messages[0]


def test_nothing_is_formatted_where_nobody_listens(
    app: cherrypy.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    monkeypatch.setattr(LogManager, "log_request", lambda *arguments: written.append(arguments))
    site = cherrypy.log.access_log
    monkeypatch.setattr(site, "propagate", False)
    Client(app).get("/")
    assert written == []
    handler = logging.StreamHandler(io.StringIO())
    for log in (site, app.log.access_log):
        log.addHandler(handler)
        Client(app).get("/")
        log.removeHandler(handler)
    assert len(written) == 2
    Client(app).get("/")
    assert len(written) == 2


@pytest.mark.parametrize("how", ["level", "disabled"])
def test_a_log_can_be_turned_off(app: cherrypy.Application, accesses: Records, how: str) -> None:
    if how == "level":
        app.log.access_log.setLevel(logging.WARNING)
    else:
        app.log.access_log.disabled = True
    Client(app).get("/")
    assert accesses.messages == []
    app.log.access_log.disabled = False


# Where it goes ------------------------------------------------------------------------------------


def test_files(manager: LogManager, tmp_path: Path) -> None:
    error, access = tmp_path / "error.log", tmp_path / "access.log"
    assert (manager.error_file, manager.access_file) == ("", "")
    manager.error_file, manager.access_file = str(error), str(access)
    assert (manager.error_file, manager.access_file) == (str(error), str(access))
    manager.error("é")
    manager.access_log.info("access")
    assert error.read_text(encoding="utf-8").endswith("é\n")
    assert access.read_text(encoding="utf-8") == "access\n"
    manager.error_file = ""
    manager.error("no more")
    assert len(error.read_text(encoding="utf-8").splitlines()) == 1
    assert manager.error_file == ""


def test_a_file_is_changed(manager: LogManager, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    manager.error_file = str(one)
    manager.error_file = str(one)  # the same again changes nothing
    manager.error("first")
    manager.error_file = str(two)
    manager.error("second")
    assert "first" in one.read_text()
    assert "second" not in one.read_text()
    assert "second" in two.read_text()


def test_files_are_opened_anew_after_they_were_renamed(manager: LogManager, tmp_path: Path) -> None:
    path = tmp_path / "error.log"
    manager.error_file = str(path)
    manager.error("before")
    path.rename(tmp_path / "error.log.1")
    manager.error("between")
    manager.reopen_files()
    manager.error("after")
    assert [line.split()[-1] for line in (tmp_path / "error.log.1").read_text().splitlines()] == [
        "before",
        "between",
    ]
    assert path.read_text().split()[-1] == "after"


def test_a_handler_of_the_applications_own_goes_on_after_a_reopening(
    manager: LogManager, tmp_path: Path
) -> None:
    """Whatever its mode."""
    for mode in ("a", "w"):
        path = tmp_path / mode
        handler = logging.FileHandler(path, mode)
        manager.error_log.addHandler(handler)
        manager.error("before")
        manager.reopen_files()
        manager.error("after")
        assert path.read_text().split()[-1] == "after"
        manager.error_log.removeHandler(handler)
        handler.close()


def test_files_of_site_and_applications_are_reopened_by_graceful(
    app: cherrypy.Application, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("site-error", "site-access", "app-error", "app-access")]
    cherrypy.config.update({"log.error_file": str(paths[0]), "log.access_file": str(paths[1])})
    app.merge({"/": {"log.error_file": str(paths[2]), "log.access_file": str(paths[3])}})
    cherrypy.tree.mount(app)
    for path in paths:
        path.rename(path.with_suffix(".1"))
    cherrypy.engine.publish("graceful")
    cherrypy.log.error("to the site")
    app.log.error("to the application")
    Client(app).get("/")
    for path in paths:
        assert path.exists(), path
        assert path.read_text()


def test_the_screen(manager: LogManager, capsys: pytest.CaptureFixture[str]) -> None:
    assert manager.screen is False
    manager.screen = True
    manager.screen = True
    assert manager.screen is True
    manager.error("to the screen")
    manager.access_log.info("an access")
    shown = capsys.readouterr()
    assert shown.err.count("to the screen") == 1
    assert shown.out.count("an access") == 1
    manager.screen = False
    manager.error("no more")
    assert "no more" not in capsys.readouterr().err


def test_the_stream_of_the_server(app: cherrypy.Application) -> None:
    """``wsgi.errors`` of the request (PEP 3333)."""
    app.log.wsgi = True
    app.log.wsgi = True
    assert app.log.wsgi is True
    environ = make_environ("GET", "/log")
    call_wsgi(app, environ)
    assert environ["wsgi.errors"].getvalue().count("in a request") == 1
    app.log.error("outside of a request")
    app.log.wsgi = False
    environ = make_environ("GET", "/log")
    call_wsgi(app, environ)
    assert environ["wsgi.errors"].getvalue() == ""


def test_logs_are_configured_for_the_site_and_for_an_application(tmp_path: Path) -> None:
    site, own = tmp_path / "site", tmp_path / "own"
    cherrypy.config.update({"log.error_file": str(site), "log.screen": False})
    app = cherrypy.Application(_Root(), "", {"/": {"log.error_file": str(own)}})
    Client(app).get("/log")
    app.log.error_file = ""
    assert "in a request" in own.read_text()
    assert (
        "in a request" in site.read_text()
    )  # the logger of an application is below that of the site
    cherrypy.log("outside")
    assert "outside" not in own.read_text()


def test_dict_config_takes_over(app: cherrypy.Application) -> None:
    """As :func:`logging.config.dictConfig` sets the loggers, whatever was set before."""
    stream = io.StringIO()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"void": {"format": ""}},
            "handlers": {
                "all": {"class": "logging.StreamHandler", "formatter": "void", "stream": stream}
            },
            "loggers": {
                "cherrypy.access": {"handlers": ["all"], "level": "INFO", "propagate": False},
                "cherrypy.error": {"handlers": ["all"], "level": "INFO", "propagate": False},
            },
        }
    )
    Client(app).get("/log")
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("CONTEXT in a request")
    assert '"GET /log HTTP/1.1" 200' in lines[1]
    assert len(lines) == 2


def test_a_log_manager_has_a_root_of_its_own(manager: LogManager) -> None:
    assert manager.error_log.name.startswith("tests_of_logs.error.")
    assert manager.access_log.name.startswith("tests_of_logs.access.")
    assert LogManager(None, "tests_of_logs").error_log.name == "tests_of_logs.error"
    assert re.fullmatch(TIME, manager.time())
