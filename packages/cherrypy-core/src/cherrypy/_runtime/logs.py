"""The error log and the access log."""

import logging
import os.path
import sys
from datetime import UTC, datetime
from typing import IO, Any
from weakref import WeakSet

from cherrypy._runtime.context import current

ACCESS_LOG_FORMAT = '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"'
"""NCSA combined log format."""

formatter = logging.Formatter("%(message)s")

_managers: "WeakSet[LogManager]" = WeakSet()
"""All that were made, as the files of all of them are opened anew at once."""


class WSGIErrorHandler(logging.Handler):
    """Write log records to ``wsgi.errors`` of the current request (PEP 3333)."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; outside of a request it is dropped."""
        try:
            environ = getattr(current.get().request, "wsgi_environ", None) or {}
            stream: IO[str] | None = environ.get("wsgi.errors")
            if stream is not None:
                stream.write(self.format(record) + "\n")
                stream.flush()
        except Exception:
            self.handleError(record)


class LogManager:
    """The two logs of an application, or of the whole site.

    Args:
        appid: Identifies the application, as the last part of the names of its loggers.
        logger_root: First part of the names.
    """

    appid: object = None
    has_own_access: bool = False
    """Whether :meth:`access` was overridden, so that it has to be called for each request."""
    access_log_format = ACCESS_LOG_FORMAT
    error_log: logging.Logger
    access_log: logging.Logger
    logger_root: str

    def __init__(self, appid: object = None, logger_root: str = "cherrypy") -> None:
        self.logger_root = logger_root
        self.appid = appid
        suffix = "" if appid is None else f".{appid}"
        self.error_log = logging.getLogger(f"{logger_root}.error{suffix}")
        self.access_log = logging.getLogger(f"{logger_root}.access{suffix}")
        for log in (self.error_log, self.access_log):
            log.setLevel(logging.INFO)
            log.addHandler(logging.NullHandler())  # so that logging never prints on its own
        _managers.add(self)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "has_own_access" not in vars(cls):
            cls.has_own_access = cls.access is not LogManager.access

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name == "access":
            self.has_own_access = True

    def reopen_files(self) -> None:
        """Close and open the files anew, after they were renamed for example."""
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                if isinstance(handler, logging.FileHandler):
                    _reopen(handler)

    def error(
        self,
        msg: str = "",
        context: str = "",
        severity: int = logging.INFO,
        traceback: bool = False,
    ) -> None:
        """Write to the error log, which takes messages of every severity.

        Args:
            msg: The message.
            context: What it is about, such as ``ENGINE`` or ``TOOLS.CACHING``.
            severity: Level of :mod:`logging`.
            traceback: Whether the exception that is being handled is added.
        """
        if self.error_log.isEnabledFor(severity):
            # one text: filters of applications read and change record.msg
            text = f"{self.time()} {context} {msg}"
            self.error_log.log(severity, text, exc_info=sys.exc_info() if traceback else None)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Write to the error log; the arguments are those of :meth:`error`."""
        self.error(*args, **kwargs)

    def time(self) -> str:
        """Return the local time as the logs show it, ``[22/Nov/2026:18:28:17]``."""
        return datetime.now().strftime("[%d/%b/%Y:%H:%M:%S]")  # noqa: DTZ005 - local by design

    def access(self) -> None:
        """Write a line about the current request to the access log, if anybody listens."""
        serving = current.get()
        if is_heard(self.access_log):
            self.log_request(serving.request, serving.response)

    def log_request(self, request: Any, response: Any) -> None:
        """Write a line about a finished request.

        Args:
            request: The request.
            response: Its response, finalised.
        """
        try:
            atoms = {name: _escaped(value) for name, value in _atoms(request, response).items()}
            atoms["t"] = self.time()
            atoms["i"] = LazyText(lambda: str(request.unique_id))  # type: ignore[assignment]
            atoms["z"] = LazyText(_utc_time)  # type: ignore[assignment]
            self.access_log.log(logging.INFO, self.access_log_format.format(**atoms))
        except Exception:
            self.error(traceback=True)

    @property
    def screen(self) -> bool:
        """Whether errors go to stderr and accesses to stdout as well."""
        return any(_find_handler(log, "screen") for log in (self.error_log, self.access_log))

    @screen.setter
    def screen(self, on: bool) -> None:
        _set_screen_handler(self.error_log, sys.stderr, on=on)
        _set_screen_handler(self.access_log, sys.stdout, on=on)

    @property
    def error_file(self) -> str:
        """Path of the file for the error log; empty for none."""
        return _file_name(self.error_log)

    @error_file.setter
    def error_file(self, path: str) -> None:
        _set_file_handler(self.error_log, path)

    @property
    def access_file(self) -> str:
        """Path of the file for the access log; empty for none."""
        return _file_name(self.access_log)

    @access_file.setter
    def access_file(self, path: str) -> None:
        _set_file_handler(self.access_log, path)

    @property
    def wsgi(self) -> bool:
        """Whether errors go to ``wsgi.errors`` of the request as well."""
        return _find_handler(self.error_log, "wsgi") is not None

    @wsgi.setter
    def wsgi(self, on: bool) -> None:
        handler = _find_handler(self.error_log, "wsgi")
        if on and handler is None:
            _add_handler(self.error_log, WSGIErrorHandler(), "wsgi")
        elif not on and handler is not None:
            self.error_log.removeHandler(handler)


class GlobalLogManager(LogManager):
    """``cherrypy.log``: the log of the current application, and of the site outside of requests."""

    has_own_access = False

    def reopen_files(self) -> None:
        """Open the files of all logs anew, those of applications too."""
        for manager in list(_managers):
            LogManager.reopen_files(manager)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Write to the error log of the current application."""
        app = getattr(current.get().request, "app", None)
        log: LogManager = self if app is None else app.log
        log.error(*args, **kwargs)

    def access(self) -> None:
        """Write a line about the current request to the log of its application."""
        app = getattr(current.get().request, "app", None)
        if app is None:
            super().access()
        else:
            app.log.access()


class LazyText:
    """Text that is made only if the format of the log asks for it."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __format__(self, specification: str) -> str:
        return format(self.make(), specification)

    def __str__(self) -> str:
        return str(self.make())


def is_heard(logger: logging.Logger) -> bool:
    """Tell whether a record of level INFO would reach a handler that does something with it."""
    # PERF: no call; it is asked for every request, and handlers may come and go
    if logger.disabled or logger.level > logging.INFO:
        return False
    listener: logging.Logger | None = logger
    while listener is not None:
        for handler in listener.handlers:
            if handler.__class__ is not logging.NullHandler:
                return True
        if not listener.propagate:
            return False
        listener = listener.parent
    return False


def _atoms(request: Any, response: Any) -> dict[str, str]:
    """Return what an access log line is made of, by its letter in the format."""
    remote = request.remote
    headers = request.headers
    status = response.status_line or "-"
    return {
        "h": remote.name or remote.ip,
        "l": "-",
        "u": getattr(request, "login", None) or "-",
        "r": request.request_line,
        "s": status.partition(" ")[0],
        "b": dict(response.field_lines or ()).get("Content-Length") or "-",
        "f": headers.get("Referer", ""),
        "a": headers.get("User-Agent", ""),
        "o": headers.get("Host", "-"),
    }


_ESCAPES = [f"\\x{octet:02x}" for octet in range(256)]
_ESCAPES[0x20:0x7F] = map(chr, range(0x20, 0x7F))
for _octet, _escape in {0x22: '\\"', 0x5C: "\\\\", 0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}.items():
    _ESCAPES[_octet] = _escape


def _escaped(value: object) -> str:
    """Escape what could forge a field or a line of the log, as Apache does."""
    text = str(value)
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join(_ESCAPES[octet] for octet in text.encode("utf-8", "surrogatepass"))


def _utc_time() -> str:
    """Return the time as RFC 3339 section 5.6 has it, ``2026-11-22T18:28:17.701461Z``."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _find_handler(log: logging.Logger, kind: str) -> logging.Handler | None:
    for handler in log.handlers:
        if getattr(handler, "_cpbuiltin", None) == kind:
            return handler
    return None


def _add_handler(log: logging.Logger, handler: logging.Handler, kind: str) -> None:
    handler.setFormatter(formatter)
    handler._cpbuiltin = kind  # type: ignore[attr-defined]
    log.addHandler(handler)


def _set_screen_handler(log: logging.Logger, stream: IO[str], *, on: bool) -> None:
    handler = _find_handler(log, "screen")
    if on and handler is None:
        _add_handler(log, logging.StreamHandler(stream), "screen")
    elif not on and handler is not None:
        log.removeHandler(handler)


def _reopen(handler: logging.FileHandler) -> None:
    """Open the file of a handler anew, whatever its mode."""
    with handler.lock:  # type: ignore[union-attr]  # every handler that was made has one
        if handler.stream is not None:
            handler.stream.close()
        handler.stream = handler._open()


def _file_name(log: logging.Logger) -> str:
    handler = _find_handler(log, "file")
    return handler.baseFilename if isinstance(handler, logging.FileHandler) else ""


def _set_file_handler(log: logging.Logger, path: str) -> None:
    handler = _find_handler(log, "file")
    if isinstance(handler, logging.FileHandler):
        if path and handler.baseFilename == os.path.abspath(path):  # noqa: PTH100 - as logging does
            return
        log.removeHandler(handler)
        handler.close()
    if path:
        _add_handler(log, logging.FileHandler(path, encoding="utf-8"), "file")
