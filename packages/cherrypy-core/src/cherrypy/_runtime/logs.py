"""The error log and the access log."""

import logging
import sys
from time import localtime, strftime, time
from typing import Any
from weakref import WeakSet

from cherrypy._http.dates import MONTHS
from cherrypy._runtime import log_handlers
from cherrypy._runtime.access_lines import ACCESS_LOG_FORMAT, compiled
from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Application, Request, Response
from cherrypy._runtime.overriding import Shortened
from cherrypy.process._tracebacks import format_exception

_managers: "WeakSet[LogManager]" = WeakSet()
"""All that were made, as the files of all of them are opened anew at once."""

_shown = (0, "")
"""A second, and its text; replaced as a whole, so that no thread sees a mixture."""


class _ExceptionText(logging.Filter):
    """Writes the exception of a record as text, before a formatter does it.

    The text of an exception, which a client may have written, cannot forge a line then.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Set the text; every record is written."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not record.exc_text:
            record.exc_text = format_exception(error).removesuffix("\n")
        return True


_exception_text = _ExceptionText()


class LogManager(Shortened):
    """The two logs of an application, or of the whole site.

    Args:
        appid: Identifies the application, as the last part of the names of its loggers.
        logger_root: First part of the names.
    """

    shortened = ("access",)

    appid: object = None
    has_own_access: bool = False
    """Whether :meth:`access` was replaced on the instance, and has to be called."""
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
        self.error_log.addFilter(_exception_text)
        _managers.add(self)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name == "access":
            self.has_own_access = True

    def reopen_files(self) -> None:
        """Close and open the files anew, after they were renamed for example."""
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                if isinstance(handler, logging.FileHandler):
                    log_handlers.reopen(handler)

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
        global _shown  # noqa: PLW0603 - PERF: the text is made once a second
        second, text = _shown
        now = int(time())
        if now != second:
            moment = localtime(now)
            text = strftime(f"[%d/{MONTHS[moment.tm_mon - 1]}/%Y:%H:%M:%S]", moment)
            _shown = (now, text)
        return text

    def access(self) -> None:
        """Write a line about the current request to the access log, if anybody listens."""
        serving = current.get()
        if is_heard(self.access_log):
            self.log_request(serving.request, serving.response)

    def log_request(self, request: Request, response: Response) -> None:
        """Write a line about a finished request.

        Args:
            request: The request.
            response: Its response, finalised.
        """
        try:
            line = compiled(self.access_log_format)(self.time(), request, response)
            handlers = log_handlers.short_way(self.access_log)
            if handlers is None:
                self.access_log.log(logging.INFO, line)
            for handler in handlers or ():
                log_handlers.write_line(handler, line, self.access_log)
        except Exception:
            self.error(traceback=True)

    @property
    def screen(self) -> bool:
        """Whether errors go to stderr and accesses to stdout as well."""
        return any(
            log_handlers.find_handler(log, "screen") for log in (self.error_log, self.access_log)
        )

    @screen.setter
    def screen(self, on: bool) -> None:
        log_handlers.set_screen_handler(self.error_log, sys.stderr, on=on)
        log_handlers.set_screen_handler(self.access_log, sys.stdout, on=on)

    @property
    def error_file(self) -> str:
        """Path of the file for the error log; empty for none."""
        return log_handlers.file_name(self.error_log)

    @error_file.setter
    def error_file(self, path: str) -> None:
        log_handlers.set_file_handler(self.error_log, path)

    @property
    def access_file(self) -> str:
        """Path of the file for the access log; empty for none."""
        return log_handlers.file_name(self.access_log)

    @access_file.setter
    def access_file(self, path: str) -> None:
        log_handlers.set_file_handler(self.access_log, path)

    @property
    def wsgi(self) -> bool:
        """Whether errors go to ``wsgi.errors`` of the request as well."""
        return log_handlers.find_handler(self.error_log, "wsgi") is not None

    @wsgi.setter
    def wsgi(self, on: bool) -> None:
        handler = log_handlers.find_handler(self.error_log, "wsgi")
        if on and handler is None:
            log_handlers.add_handler(self.error_log, log_handlers.WSGIErrorHandler(), "wsgi")
        elif not on and handler is not None:
            self.error_log.removeHandler(handler)


class GlobalLogManager(LogManager):
    """``cherrypy.log``: the log of the current application, and of the site outside of requests."""

    shortened = ("access",)

    def reopen_files(self) -> None:
        """Open the files of all logs anew, those of applications too."""
        for manager in list(_managers):
            LogManager.reopen_files(manager)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Write to the error log of the current application."""
        app: Application | None = getattr(current.get().request, "app", None)
        log = self if app is None else app.log
        log.error(*args, **kwargs)

    def access(self) -> None:
        """Write a line about the current request to the log of its application."""
        app: Application | None = getattr(current.get().request, "app", None)
        if app is None:
            super().access()
        else:
            app.log.access()


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
