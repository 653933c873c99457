"""The handlers that CherryPy adds to its loggers, and the short way to those of the access log."""

import logging
import os.path
from operator import attrgetter
from types import FunctionType
from typing import IO, Any, TypeGuard

from cherrypy._runtime.context import current

formatter = logging.Formatter("%(message)s")


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


def find_handler(log: logging.Logger, kind: str) -> logging.Handler | None:
    """Return the handler of a kind, ``screen``, ``file`` or ``wsgi``, that CherryPy has added."""
    for handler in log.handlers:
        if getattr(handler, "_cpbuiltin", None) == kind:
            return handler
    return None


def add_handler(log: logging.Logger, handler: logging.Handler, kind: str) -> None:
    """Add a handler that writes messages alone."""
    handler.setFormatter(formatter)
    handler._cpbuiltin = kind  # type: ignore[attr-defined]
    log.addHandler(handler)


def set_screen_handler(log: logging.Logger, stream: IO[str], *, on: bool) -> None:
    """Add or remove the handler that writes to the terminal."""
    handler = find_handler(log, "screen")
    if on and handler is None:
        add_handler(log, logging.StreamHandler(stream), "screen")
    elif not on and handler is not None:
        log.removeHandler(handler)


def set_file_handler(log: logging.Logger, path: str) -> None:
    """Add the handler that writes to a file, in the place of another; without a path, remove it."""
    handler = find_handler(log, "file")
    if isinstance(handler, logging.FileHandler):
        if path and handler.baseFilename == os.path.abspath(path):  # noqa: PTH100 - as logging does
            return
        log.removeHandler(handler)
        handler.close()
    if path:
        add_handler(log, logging.FileHandler(path, encoding="utf-8"), "file")


def file_name(log: logging.Logger) -> str:
    """Return the path of the file that CherryPy writes a log to; empty for none."""
    handler = find_handler(log, "file")
    return handler.baseFilename if isinstance(handler, logging.FileHandler) else ""


def reopen(handler: logging.FileHandler) -> None:
    """Open the file of a handler anew, whatever its mode; if it cannot be, keep the old one."""
    with handler.lock:  # type: ignore[union-attr]  # every handler that was made has one
        stream, handler.stream = handler.stream, handler._open()
        if stream is not None:
            stream.close()


def short_way(logger: logging.Logger) -> list[logging.StreamHandler[IO[str]]] | None:
    """Return the handlers that write a line of level INFO, if they can do it without a record.

    Those can that CherryPy has added and nobody has changed, if they are the only ones that
    logging would call, and nobody would see the record on its way to them. Programs change
    :mod:`logging` by subclasses, by attributes of a logger, by a factory of records, and by other
    functions in its classes, as agents do that watch a program.

    Returns:
        The handlers; ``None`` if there has to be a record.
    """
    found = []
    listener: logging.Logger | None = logger
    while listener is not None:
        for handler in listener.handlers:
            if handler.__class__ is logging.NullHandler:
                continue
            if not _is_unchanged(handler):
                return None
            found.append(handler)
        listener = listener.parent if listener.propagate else None
    is_unchanged = (
        logger.__class__ is logging.Logger
        and len(logger.__dict__) == _LOGGER_ATTRIBUTES
        and not logger.filters
        and logger.isEnabledFor(logging.INFO)
        and formatter.__dict__ == _FORMATTER_STATE
        and logging.getLogRecordFactory() is logging.LogRecord
        and _steps() == _SHIPPED_STEPS
    )
    return found if is_unchanged else None


def _is_unchanged(handler: logging.Handler) -> TypeGuard[logging.StreamHandler[IO[str]]]:
    """Tell whether CherryPy has added a handler, and it takes any line as it was made to."""
    return (
        handler.__class__ in _OWN_CLASSES
        and handler.formatter is formatter
        and handler.level <= logging.INFO
        and not handler.filters
        and handler.lock is not None
        and "_cpbuiltin" in handler.__dict__
        and handler.__dict__.keys().isdisjoint(_HANDLER_STEPS)
    )


def write_line(handler: logging.StreamHandler[IO[str]], line: str, logger: logging.Logger) -> None:
    """Write a line as the handler writes a record: whole, flushed, and errors on stderr.

    Args:
        handler: One of those that :func:`short_way` returns.
        line: The message.
        logger: Makes a record of it, for what only the handler can do.
    """
    with handler.lock:  # type: ignore[union-attr]  # see _is_unchanged
        stream = handler.stream
        if stream is None:  # it was closed, and is opened for the next record
            handler.handle(_record(logger, line))
            return
        try:
            stream.write(line + handler.terminator)
            if hasattr(stream, "flush"):
                stream.flush()
        except RecursionError:
            raise
        except Exception:
            handler.handleError(_record(logger, line))


def _record(logger: logging.Logger, line: str) -> logging.LogRecord:
    return logger.makeRecord(logger.name, logging.INFO, __file__, 0, line, (), None)


def _steps() -> tuple[Any, ...]:
    """Return the functions that a record passes through, as they are now."""
    return (
        *_logger_steps(logging.Logger),
        *_handler_steps(logging.FileHandler),  # which has most of them from the other classes
        *(logging.StreamHandler.emit, logging.Formatter.format, logging.PercentStyle.format),
        logging.LogRecord.getMessage,
    )


_logger_steps = attrgetter("log", "_log", "makeRecord", "handle", "callHandlers")
_HANDLER_STEPS = frozenset({"handle", "filter", "emit", "format", "flush"})
_handler_steps = attrgetter(*_HANDLER_STEPS)
_OWN_CLASSES = (logging.FileHandler, logging.StreamHandler)
_FORMATTER_STATE = dict(vars(formatter))
_LOGGER_ATTRIBUTES = len({*vars(logging.root), "manager"})
"""How many a logger has that nobody has given others, such as a method of its own."""
_SHIPPED_STEPS = _steps()
"""What they are; empty where something else has changed one of them before."""
_own = vars(logging)
if any(type(step) is not FunctionType or step.__globals__ is not _own for step in _SHIPPED_STEPS):
    _SHIPPED_STEPS = ()
