"""A site that an agent watches; runs with this project and with CherryPy 18.10.0.

Its argument is ``newrelic``, ``ddtrace`` or ``none``. Neither agent talks to its servers: New Relic
runs in its developer mode, and a filter keeps the traces of Datadog here. Standard output is a
JSON object: for each request of a mixed session, the status, the content, and what the agent
recorded: name and types of errors.
"""

import io
import json
import os
import sys
from collections.abc import Callable
from typing import Any

Recorded = list[Any]


def watch_with_newrelic() -> Recorded:
    """Begin to record transactions; before cherrypy is imported, as ``newrelic-admin`` does."""
    os.environ |= {
        "NEW_RELIC_DEVELOPER_MODE": "true",
        "NEW_RELIC_LICENSE_KEY": "0" * 40,
        "NEW_RELIC_APP_NAME": "site",
        "NEW_RELIC_LOG_LEVEL": "critical",
    }
    import newrelic.agent  # type: ignore[import-not-found]
    from newrelic.core.stats_engine import StatsEngine  # type: ignore[import-not-found]

    recorded: Recorded = []
    record = StatsEngine.record_transaction

    def recording(engine: Any, transaction: Any) -> Any:
        recorded.append([transaction.path, [error.type for error in transaction.errors]])
        return record(engine, transaction)

    StatsEngine.record_transaction = recording
    newrelic.agent.initialize()
    newrelic.agent.register_application(timeout=10)
    return recorded


def watch_with_ddtrace() -> Recorded:
    """Begin to record spans, by the tool that is put into the toolbox."""
    os.environ |= {
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    }
    from ddtrace.trace import TraceFilter, tracer  # type: ignore[import-not-found]

    recorded: Recorded = []

    class Keep(TraceFilter):  # type: ignore[misc]  # mypy does not know it
        def process_trace(self, trace: Any) -> None:
            for span in trace:
                error = span.get_tag("error.type")
                recorded.append([span.resource, [error] if span.error else []])

    tracer.configure(trace_processors=[Keep()])
    from ddtrace.contrib.cherrypy import TraceMiddleware  # type: ignore[import-not-found]

    import cherrypy

    TraceMiddleware(cherrypy, service="site")
    cherrypy.config.update({"tools.tracer.on": True})
    return recorded


AGENTS: dict[str, Callable[[], Recorded]] = {
    "newrelic": watch_with_newrelic,
    "ddtrace": watch_with_ddtrace,
    "none": list,
}

FORM = "application/x-www-form-urlencoded"
PARTS = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'
SESSION: list[tuple[str, str, bytes, str]] = [
    ("GET", "/", b"", ""),
    ("GET", "/pages/one/two", b"", ""),
    ("GET", "/error", b"", ""),
    ("GET", "/fail", b"", ""),
    ("GET", "/redirect", b"", ""),
    ("GET", "/internal", b"", ""),
    ("GET", "/nowhere", b"", ""),
    ("GET", "/stream", b"", ""),
    ("GET", "/wrong_arguments", b"", ""),
    ("POST", "/form", b"a=1", FORM),
    ("POST", "/form", PARTS, "multipart/form-data; boundary=b"),
    ("GET", "/rest/", b"", ""),
    ("DELETE", "/rest/", b"", ""),
]


def make_tree() -> Any:
    """Mount the applications."""
    import cherrypy

    class Pages:
        @cherrypy.expose
        def default(self, *names: str) -> str:
            return ", ".join(names)

    class Root:
        pages = Pages()

        @cherrypy.expose
        def index(self) -> str:
            return "index"

        @cherrypy.expose
        def error(self) -> None:
            raise cherrypy.HTTPError(403, "Not you.")

        @cherrypy.expose
        def fail(self) -> None:
            raise LookupError("nothing there")

        @cherrypy.expose
        def redirect(self) -> None:
            raise cherrypy.HTTPRedirect("/")

        @cherrypy.expose
        def internal(self) -> None:
            raise cherrypy.InternalRedirect("/pages/internal")

        @cherrypy.expose
        @cherrypy.config(**{"response.stream": True})
        def stream(self) -> Any:
            yield "some"
            yield "thing"

        @cherrypy.expose
        def wrong_arguments(self, needed: str) -> str:
            return needed

        @cherrypy.expose
        def form(self, a: str) -> str:
            return a

    class Rest:
        exposed = True

        def GET(self) -> str:
            return "resource"

    def page(status: str, message: str, **_values: str) -> str:
        return f"The page of this site: {status} {message}" + " " * 512

    pages = {f"error_page.{code}": page for code in (403, 404, 405, 500)}
    cherrypy.config.update({"log.screen": False, "engine.autoreload.on": False})
    methods = cherrypy.dispatch.MethodDispatcher()
    cherrypy.tree.mount(Root(), "/", {"/": pages})
    cherrypy.tree.mount(Rest(), "/rest", {"/": {**pages, "request.dispatch": methods}})
    return cherrypy.tree


def call(tree: Any, method: str, path: str, content: bytes, kind: str) -> list[str]:
    """Send a request, and return status and content of the answer."""
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    statuses: list[str] = []
    chunks = tree(environ, lambda status, _fields, _error=None: statuses.append(status))
    text = b"".join(chunks).decode("utf-8")
    getattr(chunks, "close", lambda: None)()
    return [statuses[-1], text]


def main() -> None:
    """Send the session, and print what came of it."""
    recorded = AGENTS[sys.argv[1]]()
    tree = make_tree()
    found = {}
    for request in SESSION:
        recorded.clear()
        answer = call(tree, *request)
        found[" ".join([*request[:2], request[3].partition(";")[0]]).strip()] = [
            *answer,
            list(recorded),
        ]
    print(json.dumps(found), flush=True)
    os._exit(0)  # without the goodbye of the agents to their servers


if __name__ == "__main__":
    main()
