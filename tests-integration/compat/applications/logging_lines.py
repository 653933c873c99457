"""The lines of the access log and of the error log."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Iterator

lines: list[list[object]] = []
TIME = re.compile(r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\]")
ERROR_PAGE_SIZE = re.compile(r"(\" [45]\d\d) \d+")


class Keeping(logging.Handler):
    """Keeps every record, without what changes from run to run."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        name = re.sub(r"\d+$", "N", record.name)
        message = TIME.sub("[time]", record.getMessage())
        if "/lines HTTP" in message:
            return
        message = re.sub(r" 0x[0-9a-f]+", " 0x", message)
        message = ERROR_PAGE_SIZE.sub(r"\1 size", message)
        raised = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        lines.append([name, record.levelname, message, raised])


class Root:
    """Handlers whose requests are logged."""

    @cherrypy.expose
    def index(self, **params: str) -> str:
        return "answer"

    @cherrypy.expose
    def lines(self) -> str:
        text = json.dumps(lines, indent=1)
        lines.clear()
        return text

    @cherrypy.expose
    def stream(self) -> Iterator[str]:
        yield "a"
        yield "b"

    stream._cp_config = {"response.stream": True}

    @cherrypy.expose
    def nothing(self) -> None:
        cherrypy.response.status = 204

    @cherrypy.expose
    def login(self) -> str:
        cherrypy.request.login = 'a user "x"'
        return "known"

    @cherrypy.expose
    def fail(self) -> None:
        raise ValueError("unexpected\nwith two lines")

    @cherrypy.expose
    def http_error(self) -> None:
        raise cherrypy.HTTPError(403)

    @cherrypy.expose
    def redirect(self) -> None:
        raise cherrypy.HTTPRedirect("/x")

    @cherrypy.expose
    def say(self) -> str:
        cherrypy.log("plain")
        cherrypy.log("with context", "CONTEXT")
        cherrypy.log("severe", severity=logging.ERROR)
        cherrypy.log.error("by error()", "CONTEXT", severity=logging.WARNING)
        cherrypy.request.app.log("by the application")
        cherrypy.engine.log("by the engine")
        try:
            raise KeyError("caught")
        except KeyError:
            cherrypy.log("trouble", traceback=True)
        cherrypy.log("caf\u00e9 \u20ac\r\nforged line")
        cherrypy.log()
        return "said"

    quiet = type(
        "Quiet",
        (),
        {
            "_cp_config": {"tools.log_tracebacks.on": False, "tools.log_headers.on": False},
            "fail": fail,
            "exposed": False,
        },
    )()


def build() -> Any:
    """Mount at the root and listen to the application's loggers."""
    app = cherrypy.tree.mount(Root())
    handler = Keeping()
    for name in ("cherrypy.access", "cherrypy.error"):
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.DEBUG)
    formatted = cherrypy.tree.mount(Root(), "/formatted")
    formatted.log.access_log_format = (
        "{h}|{l}|{u}|{r}|{s}|{b}|{f}|{a}|{o}" if app is not None else ""
    )
    return cherrypy.tree
