"""There is a log of requests, and one of everything else; both are ``logging`` loggers."""

import logging
from collections import deque

import cherrypy


class Memory(logging.Handler):
    """Keeps the last lines, for a page to show them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=size)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self.lines.append(self.format(record))


class Captain:
    """Writes to the log."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    @cherrypy.expose
    def write(self) -> str:
        """Write a line; the second argument says what it is about."""
        cherrypy.log("All well on board", "CAPTAIN")
        return "Written"

    @cherrypy.expose
    def storm(self) -> str:
        """Write down an error with its traceback, and go on."""
        try:
            raise OSError("the mast is broken")
        except OSError:
            cherrypy.log("We had a storm", "CAPTAIN", logging.WARNING, traceback=True)
        return "Written, with the traceback"

    @cherrypy.expose
    def read(self) -> str:
        """Show the last lines of both logs."""
        return "\n".join(self.memory.lines)


def mount(at: str) -> None:
    """Listen to the loggers of the whole site, and choose what a line about a request says."""
    memory = Memory(40)
    for name in ("cherrypy.access", "cherrypy.error"):
        logging.getLogger(name).addHandler(memory)
    app = cherrypy.tree.mount(
        Captain(memory), at, {"/": {"response.headers.Content-Type": "text/plain"}}
    )
    app.log.access_log_format = '{t} {h} "{r}" {s} {b}'
