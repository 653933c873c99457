"""The logs of sites and applications, by the import path that applications know."""

from datetime import UTC, datetime
from logging import NullHandler as NullHandler

from cherrypy._runtime.log_handlers import WSGIErrorHandler
from cherrypy._runtime.log_handlers import formatter as logfmt
from cherrypy._runtime.logs import LogManager
from cherrypy._runtime.overriding import publish

__all__ = [
    "LazyRfc3339UtcTime",
    "LogManager",
    "WSGIErrorHandler",
    "logfmt",
]


class LazyRfc3339UtcTime:
    """The current time when it is shown, as RFC 3339 has it."""

    def __str__(self) -> str:
        return datetime.now(UTC).isoformat().replace("+00:00", "Z")


publish(__name__)
