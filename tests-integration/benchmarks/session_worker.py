"""A page that counts in its session, for CherryPy 18.10.0 and for this project.

Run as a script: ``session_worker.py SETTINGS``, with the settings of the sessions tool as JSON.
Each line of standard input is a JSON object with what to ``do``; each line of standard output is
the answer.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cherrypy

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scenarios import make_environ


class Counter:
    """Counts."""

    @cherrypy.expose
    def index(self) -> str:
        """Add one."""
        session = cherrypy.session
        session["count"] = session.get("count", 0) + 1
        return f"{session['count']}"


class Visitor:
    """A visitor who has a session."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.environ = make_environ("/")
        self.cookies: list[str] = []
        self.ask()
        self.environ["HTTP_COOKIE"] = self.cookies[-1].partition(";")[0]
        self.ask()
        if self.ask() != b"3":
            raise AssertionError("the page does not count")

    def ask(self) -> bytes:
        """Visit the page."""
        answer = self.application(self.environ.copy(), self._start_response)
        body = b"".join(answer)
        answer.close()
        return body

    def _start_response(self, status: str, headers: Any, exc_info: object = None) -> None:
        del exc_info
        if not status.startswith("200"):
            raise AssertionError(status)
        self.cookies = [value for name, value in headers if name == "Set-Cookie"]


def serve(application: Any) -> int:
    """Serve over HTTP; give the port."""
    cherrypy.tree.graft(application, "")
    cherrypy.config.update({"server.socket_port": 0, "server.thread_pool": 10})
    cherrypy.engine.autoreload.unsubscribe()
    cherrypy.engine.start()
    port: int = cherrypy.server.bound_addr[1]
    return port


def main(settings: dict[str, Any]) -> None:
    """Do what standard input says."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    cherrypy.config.update({"log.screen": False, "checker.on": False})
    section = {f"tools.sessions.{name}": value for name, value in settings.items()}
    application = cherrypy.Application(Counter(), "", {"/": {"tools.sessions.on": True, **section}})
    visitor = Visitor(application)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "serve":
            found: Any = serve(application)
        elif order["do"] == "cookies":
            found = [Visitor(application).environ["HTTP_COOKIE"] for _ in range(order["number"])]
        else:
            start = time.perf_counter()
            for _ in range(order["repetitions"]):
                visitor.ask()
            found = (time.perf_counter() - start) / order["repetitions"] * 1e6
        answers.write(json.dumps(found) + "\n")
        answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
