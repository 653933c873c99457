"""The exceptions behind answers of 500, so that a test can show them."""

import logging
import sys
import threading
from typing import Any, Self

import cherrypy

_FIRST_SERVER_ERROR = 500


class Failures(logging.Handler):
    """Notices, while it is entered, the exceptions by which requests of this thread fail.

    Applications answer errors themselves, so their callers do not see any. An exception counts
    if CherryPy makes an error page of it. Where even that fails, or is not reached, it counts if it
    was logged and the answer is a server error.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._thread = threading.get_ident()
        self._answered: BaseException | None = None
        self._logged: BaseException | None = None

    def __enter__(self) -> Self:
        cherrypy.engine.subscribe("before_request", self._watch)
        cherrypy.engine.subscribe("log", self._hear)
        cherrypy.log.error_log.addHandler(self)
        return self

    def __exit__(self, *_exc_info: object) -> None:
        cherrypy.engine.unsubscribe("before_request", self._watch)
        cherrypy.engine.unsubscribe("log", self._hear)
        cherrypy.log.error_log.removeHandler(self)

    def cause_of(self, status: int) -> BaseException | None:
        """Return the exception behind an answer; None if there is not any.

        Args:
            status: Status code of the answer.
        """
        if self._answered is None and status >= _FIRST_SERVER_ERROR:
            return self._logged
        return self._answered

    def _watch(self) -> None:
        """Have the current request tell of an error that it makes a page of."""
        if not self._is_ours():
            return
        request: Any = cherrypy.serving.request
        make_page = request.error_response

        def note_and_make_page() -> None:
            self._answered = self._answered or sys.exception()
            if make_page:
                make_page()

        request.error_response = note_and_make_page

    def _hear(self, _message: str, level: int) -> None:
        """Note an exception that is told to the log of the engine while it is handled."""
        if level >= logging.ERROR:
            self._note(sys.exception())

    def emit(self, record: logging.LogRecord) -> None:
        """Note an exception that is logged as an error."""
        if record.exc_info:
            self._note(record.exc_info[1])

    def _note(self, error: BaseException | None) -> None:
        """Note an exception that was logged; the last one counts."""
        if error is not None and self._is_ours():
            self._logged = error

    def _is_ours(self) -> bool:
        return threading.get_ident() == self._thread
