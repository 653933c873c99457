"""What becomes of a line of the access log: which handlers get it, and what files have then."""

from __future__ import annotations

import errno
import io
import logging
import logging.handlers
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._runtime import log_handlers
from cherrypy._runtime.log_handlers import short_way
from log_records import Records
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer

pytestmark = pytest.mark.usefixtures("site")


class _Root:
    @cherrypy.expose
    def default(self, *_segments: str) -> str:
        return "content"


@pytest.fixture
def app() -> Iterator[Any]:
    """Make an application whose access log is heard by nobody, pytest neither."""
    app: Any = cherrypy.Application(_Root(), "")
    logger = app.log.access_log
    logger.propagate = False
    del logger.manager.loggerDict[logger.name]  # pytest listens to all that it finds
    app.log.access_log_format = "{r} {a}"
    yield app
    for handler in app.log.access_log.handlers[:]:
        app.log.access_log.removeHandler(handler)
        with suppress(OSError, ValueError):  # the disk is full, the stream is closed
            handler.close()
    logger.manager.loggerDict.pop(logger.name, None)  # the next one may get the same name


@pytest.fixture
def handler(app: Any) -> logging.StreamHandler[io.StringIO]:
    handler = logging.StreamHandler(io.StringIO())
    log_handlers.add_handler(app.log.access_log, handler, "screen")
    assert short_way(app.log.access_log) == [handler]
    return handler


seen: list[str] = []


def _see(record: logging.LogRecord) -> bool:
    seen.append(record.getMessage())
    return True


def _see_call(name: str) -> None:
    seen.append(name)


def _wrap(
    owner: type, name: str, _logger: object, _handler: object, patch: pytest.MonkeyPatch
) -> None:
    original = getattr(owner, name)

    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        seen.append(name)
        return original(*arguments, **keywords)

    patch.setattr(owner, name, wrapper)


class _Factory(logging.LogRecord):
    def getMessage(self) -> str:
        return f"made by a factory: {super().getMessage()}"


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname} {record.name[:15]} {record.module}: {super().format(record)}"


class _Logger(logging.Logger):
    def handle(self, record: logging.LogRecord) -> None:
        seen.append("handle")
        super().handle(record)


CHANGES: dict[str, Callable[[Any, Any, pytest.MonkeyPatch], object]] = {
    "filter of the logger": lambda logger, _handler, _patch: logger.addFilter(_see),
    "filter of the handler": lambda _logger, handler, _patch: handler.addFilter(_see),
    "formatter": lambda _logger, handler, _patch: handler.setFormatter(_Formatter()),
    "no formatter": lambda _logger, handler, _patch: handler.setFormatter(None),
    "formatter's method": lambda _logger, _handler, patch: patch.setattr(
        log_handlers.formatter, "format", lambda record: f"<{record.getMessage()}>"
    ),
    "level of the handler": lambda _logger, handler, _patch: handler.setLevel(logging.WARNING),
    "level of the logger": lambda logger, _handler, _patch: logger.setLevel(logging.WARNING),
    "disabled": lambda logger, _handler, patch: patch.setattr(logger, "disabled", True),
    "logging.disable": lambda _logger, _handler, _patch: logging.disable(logging.INFO),
    "emit": lambda _logger, handler, _patch: setattr(
        handler, "emit", lambda record: handler.stream.write(repr(record.msg))
    ),
    "handle": lambda _logger, handler, _patch: setattr(handler, "handle", _see),
    "format": lambda _logger, handler, _patch: setattr(handler, "format", lambda _record: "text"),
    "filter": lambda _logger, handler, _patch: setattr(handler, "filter", lambda _record: False),
    "flush": lambda _logger, handler, _patch: setattr(handler, "flush", partial(_see_call, "f")),
    "no lock": lambda _logger, handler, _patch: setattr(handler, "lock", None),
    "another handler": lambda logger, _handler, _patch: logger.addHandler(
        logging.StreamHandler(logger.handlers[-1].stream)
    ),
    "handler of a subclass": lambda _logger, handler, _patch: setattr(
        handler,
        "__class__",
        type("Own", (logging.StreamHandler,), {"format": lambda _self, _record: "own"}),
    ),
    "factory": lambda _logger, _handler, patch: patch.setattr(
        logging, "_logRecordFactory", _Factory
    ),
    "class of the logger": lambda logger, _handler, patch: patch.setattr(
        logger, "__class__", _Logger
    ),
    "method of the logger": lambda logger, _handler, patch: patch.setattr(
        logger,
        "makeRecord",
        lambda *_arguments: logging.makeLogRecord({"msg": "own", "levelno": 20}),
    ),
    **{
        f"{owner.__name__}.{name}": partial(_wrap, owner, name)
        for owner, name in [
            (logging.Logger, "callHandlers"),  # as agents do
            (logging.Logger, "makeRecord"),
            (logging.Logger, "handle"),
            (logging.Logger, "_log"),
            (logging.Filterer, "filter"),
            (logging.Handler, "handle"),
            (logging.Handler, "format"),
            (logging.StreamHandler, "emit"),
            (logging.StreamHandler, "flush"),
            (logging.StreamHandler, "format"),
            (logging.FileHandler, "emit"),
            (logging.Formatter, "format"),
            (logging.LogRecord, "getMessage"),
        ]
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_was_changed_counts_on_the_next_request(
    app: Any,
    handler: logging.StreamHandler[io.StringIO],
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """What is written, and who takes part in it, are as if the application had logged the line."""
    logger = app.log.access_log
    logger.manager.loggerDict[logger.name] = logger  # so that changes of levels reach it
    Client(app).get("/before")
    CHANGES[change](logger, handler, monkeypatch)
    seen.clear()
    handler.stream.truncate(0)
    handler.stream.seek(0)
    try:
        assert short_way(logger) is None
        Client(app).get("/after", User_Agent="me")
        written = [handler.stream.getvalue().replace("logs:", "module:"), *seen]
        seen.clear()
        handler.stream.truncate(0)
        handler.stream.seek(0)
        logger.info("GET /after HTTP/1.1 me")
        module = Path(__file__).stem
        assert written == [handler.stream.getvalue().replace(f"{module}:", "module:"), *seen]
    finally:
        logging.disable(logging.NOTSET)
        logger.setLevel(logging.INFO)
        if handler.lock is None:
            handler.createLock()


def test_a_logger_above_counts(app: Any, handler: logging.StreamHandler[io.StringIO]) -> None:
    """Handlers of CherryPy on the log of the site get the line as well, others a record."""
    logger, site = app.log.access_log, cherrypy.log.access_log
    logger.propagate, site.propagate = True, False
    other = logging.StreamHandler(io.StringIO())
    log_handlers.add_handler(site, other, "screen")
    assert short_way(logger) == [handler, other]
    Client(app).get("/x")
    assert handler.stream.getvalue() == other.stream.getvalue() == "GET /x HTTP/1.1 \n"
    records = Records()
    site.addHandler(records)
    Client(app).get("/y")
    (record,) = records.kept
    assert (record.name, record.levelno, record.funcName, record.args, record.module) == (
        logger.name,
        logging.INFO,
        "log_request",
        (),
        "logs",
    )
    site.removeHandler(records)
    site.removeHandler(other)
    Client(app).get("/z")
    assert handler.stream.getvalue().count("\n") == 3
    assert other.stream.getvalue().count("\n") == 2


PATCHED_BEFORE = """
import logging
original = logging.Logger.callHandlers
def call_handlers(self, record):
    print("seen", record.getMessage())
    return original(self, record)
call_handlers.__module__ = "logging"
logging.Logger.callHandlers = call_handlers
import cherrypy, io
from cherrypy._runtime.log_handlers import short_way
cherrypy.log.screen = False
cherrypy.log.access_file = "/dev/null"
print(short_way(cherrypy.log.access_log))
"""


def test_what_was_changed_before_cherrypy_counts_too() -> None:
    """An agent that starts a program changes ``logging`` before the program imports anything."""
    command = [sys.executable, "-c", PATCHED_BEFORE]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout == "None\n"


# Streams ------------------------------------------------------------------------------------------


class _Disk(io.RawIOBase):
    """A file that counts what is written, and is full as long as a test says so."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.is_full = False

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.writes.append(bytes(data))
        return len(self.writes[-1])


@pytest.mark.parametrize("length", [0, 100, 5_000, 8_192, 70_000])
def test_a_line_is_one_write(app: Any, handler: logging.StreamHandler[Any], length: int) -> None:
    """So that processes that append to the same file do not mix their lines."""
    disk = _Disk()
    handler.setStream(io.TextIOWrapper(io.BufferedWriter(disk), "utf-8"))
    for _ in range(3):
        Client(app).get("/", User_Agent="a" * length)
    assert disk.writes == [f"GET / HTTP/1.1 {'a' * length}\n".encode()] * 3


def test_a_full_disk_harms_no_answer_and_loses_no_line(
    app: Any, handler: logging.StreamHandler[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    disk = _Disk()
    handler.setStream(io.TextIOWrapper(io.BufferedWriter(disk), "utf-8"))
    assert short_way(app.log.access_log) == [handler]
    disk.is_full = True
    assert Client(app).get("/1").text == "content"
    told = capsys.readouterr().err
    assert "--- Logging error ---" in told
    assert "No space left on device" in told
    assert "GET /1 HTTP/1.1" in told
    disk.is_full = False
    Client(app).get("/2")
    assert b"".join(disk.writes) == b"GET /1 HTTP/1.1 \nGET /2 HTTP/1.1 \n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("raises", [True, False])
def test_dev_full(
    app: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    raises: bool,
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", raises)
    app.log.access_file = "/dev/full"
    assert Client(app).get("/").text == "content"
    assert ("No space left on device" in capsys.readouterr().err) is raises


@pytest.mark.parametrize("stderr", [None, io.StringIO()])
def test_a_closed_stream_harms_no_answer(
    app: Any,
    handler: logging.StreamHandler[io.StringIO],
    monkeypatch: pytest.MonkeyPatch,
    stderr: io.StringIO | None,
) -> None:
    handler.stream.close()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert Client(app).get("/").text == "content"
    if stderr is not None:
        assert "I/O operation on closed file" in stderr.getvalue()


def test_a_stream_may_lack_a_flush(app: Any, handler: logging.StreamHandler[Any]) -> None:
    class Lines(list[str]):
        write = list.append

    lines = Lines()
    handler.setStream(lines)
    Client(app).get("/")
    assert lines == ["GET / HTTP/1.1 \n"]


def test_another_terminator_counts(app: Any, handler: logging.StreamHandler[io.StringIO]) -> None:
    handler.terminator = "|"
    Client(app).get("/")
    assert handler.stream.getvalue() == "GET / HTTP/1.1 |"


def test_text_that_a_stream_cannot_encode_is_reported(
    app: Any, handler: logging.StreamHandler[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    app.log.access_log_format = "{r} {a} €"
    handler.setStream(io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert Client(app).get("/").text == "content"
    assert "UnicodeEncodeError" in capsys.readouterr().err


def test_the_screen_is_what_it_was_when_it_was_turned_on(
    app: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.log.screen = True
    (handler,) = short_way(app.log.access_log) or []
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    Client(app).get("/")
    assert capsys.readouterr().out == "GET / HTTP/1.1 \n"
    handler.setStream(other)
    Client(app).get("/")
    assert other.getvalue() == "GET / HTTP/1.1 \n"
    app.log.screen = False


# Files --------------------------------------------------------------------------------------------


def test_a_line_is_in_the_file_when_the_request_ends(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    app.log.access_file = str(path)
    assert short_way(app.log.access_log)
    for number in range(3):
        Client(app).get(f"/{number}")
        assert path.read_text().splitlines()[-1] == f"GET /{number} HTTP/1.1 "


def test_a_file_that_was_closed_is_opened_for_the_next_line(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    app.log.access_file = str(path)
    Client(app).get("/1")
    (handler,) = short_way(app.log.access_log) or []
    handler.close()
    for number in (2, 3):
        Client(app).get(f"/{number}")
    assert path.read_text().splitlines() == [f"GET /{number} HTTP/1.1 " for number in (1, 2, 3)]


def test_a_file_that_cannot_be_opened_anew_is_kept(app: Any, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    app.log.access_file = str(folder / "access.log")
    folder.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError):
        app.log.reopen_files()
    Client(app).get("/")
    assert (tmp_path / "moved" / "access.log").read_text() == "GET / HTTP/1.1 \n"
    folder.mkdir()
    app.log.reopen_files()
    Client(app).get("/")
    assert (folder / "access.log").read_text() == "GET / HTTP/1.1 \n"


def _ask(app: Any, thread: int, count: int) -> None:
    for number in range(count):
        Client(app).get(f"/{thread}/{number}", User_Agent=f"{thread % 10}" * 300)


def _ask_in_threads(app: Any, count: int, meanwhile: Callable[[], object]) -> set[str]:
    """Ask from several threads at once; return the lines that are to be found afterwards."""
    threads = [threading.Thread(target=_ask, args=(app, each, count)) for each in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        meanwhile()
    return {
        f"GET /{thread}/{number} HTTP/1.1 {f'{thread}' * 300}"
        for thread in range(6)
        for number in range(count)
    }


def test_nothing_is_lost_while_files_are_rotated(app: Any, tmp_path: Path) -> None:
    """As logrotate does it: rename the file, then let it be opened anew."""
    path = tmp_path / "access.log"
    app.log.access_file = str(path)
    rotated: list[Path] = []

    def rotate() -> None:
        if len(rotated) < 200:
            rotated.append(path.rename(tmp_path / f"access.log.{len(rotated)}"))
            app.log.reopen_files()

    expected = _ask_in_threads(app, 100, rotate)
    lines = [line for each in [*rotated, path] for line in each.read_text().splitlines()]
    assert len(rotated) > 3
    assert sorted(lines) == sorted(expected)


@pytest.mark.parametrize("kind", ["rotating", "watched"])
def test_handlers_of_an_application_rotate(app: Any, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "access.log"
    handler: logging.Handler
    if kind == "rotating":
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=20_000, backupCount=99)
    else:
        handler = logging.handlers.WatchedFileHandler(path)
    handler.setFormatter(log_handlers.formatter)
    app.log.access_log.addHandler(handler)
    assert short_way(app.log.access_log) is None
    moved: list[Path] = []

    def move() -> None:
        if kind == "watched" and len(moved) < 50 and path.exists():
            moved.append(path.rename(tmp_path / f"access.log.{len(moved)}"))

    expected = _ask_in_threads(app, 50, move)
    files = list(tmp_path.glob("access.log*"))
    assert moved or len(files) > 2
    lines = [line for each in files for line in each.read_text().splitlines()]
    assert sorted(lines) == sorted(expected)


APPENDING = """
import sys
sys.path.insert(0, sys.argv[3])
import cherrypy
from cherrypy._runtime.log_handlers import short_way
from wsgi_client import Client
class Root:
    @cherrypy.expose
    def default(self, *segments):
        return ""
app = cherrypy.Application(Root(), "")
cherrypy.log.screen = False
app.log.access_file = sys.argv[2]
app.log.access_log_format = "{r} {a}"
assert short_way(app.log.access_log)
sys.stdin.readline()
name = sys.argv[1]
for number in range(200):
    length = 20_000 if number % 9 == 0 else 50
    Client(app).get(f"/{name}/{number}", User_Agent=name * length)
"""


def test_processes_append_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    support = str(Path(sys.modules[Client.__module__].__file__ or "").parent)
    processes = [
        subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-c", APPENDING, name, str(path), support], stdin=subprocess.PIPE
        )
        for name in "abc"
    ]
    for process in processes:
        process.communicate(b"\n")
        assert process.returncode == 0
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(
        f"GET /{name}/{number} HTTP/1.1 {name * (20_000 if number % 9 == 0 else 50)}"
        for name in "abc"
        for number in range(200)
    )
