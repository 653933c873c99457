"""Requests to trees and applications that were made up."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from telling import alone, attempt, make, tell

import cherrypy
from cherrypy import _cpwsgi


def ask(
    app: Any, method: str, path: str, headers: list[list[str]], body: str, protocol: str
) -> Any:
    """Put one request to a WSGI application, and tell the answer."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": protocol,
        "ACTUAL_SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "HTTP_HOST": "example.com",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body.encode("latin-1")),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body or method in ("POST", "PUT", "PATCH"):
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT") else f"HTTP_{key}"] = value
    told: dict[str, Any] = {}

    def start_response(status: str, fields: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        told["status"] = status
        told["fields"] = sorted(
            [name, value]
            for name, value in fields
            if name.lower() not in ("date", "server", "content-length")
        )
        return lambda data: None

    answer = app(environ, start_response)
    content = b"".join(answer).decode("latin-1")
    if hasattr(answer, "close"):
        answer.close()
    told["body"] = _told_body(content)
    return told


def _told_body(content: str) -> str:
    if "Powered by" in content:
        message = re.search(r"<p>(.*?)</p>", content, re.DOTALL)
        text = message[1] if message else ""
        return "(page) " + text.replace("&#x27;", "'").replace("&quot;", '"')
    if "Unrecoverable error in the server" in content:
        return "(bare error)"
    return content


class Node:
    """A node of a tree: what it has is set on it."""

    def __init__(self, name: str) -> None:
        self._name = name


def handler_of(name: str, spec: dict[str, Any]) -> Any:
    """Make a handler that tells what it was called with."""

    def handler(*args: Any, **kwargs: Any) -> str:
        request = cherrypy.serving.request
        return json.dumps(
            {
                "handler": name,
                "args": [tell(arg) for arg in args],
                "kwargs": sorted([key, tell(value)] for key, value in kwargs.items()),
                "index": tell(getattr(request, "is_index", None)),
                "config": [
                    [key, tell(value)]
                    for key, value in sorted(request.config.items())
                    if key.startswith("x.")
                ],
                "path": request.path_info,
                "script": request.script_name,
            }
        )

    handler.__name__ = name.rpartition(".")[2] or "handler"
    if spec.get("exposed", True):
        handler.exposed = True  # type: ignore[attr-defined]
    if "config" in spec:
        handler._cp_config = make(spec["config"])  # type: ignore[attr-defined]
    return handler


def tree_of(name: str, spec: dict[str, Any]) -> Any:
    """Make a tree.

    Args:
        name: The path of its attributes.
        spec: ``handlers`` by their names, ``nodes`` by theirs, ``config`` of it, ``popargs``
            (names), ``dispatch`` (what ``_cp_dispatch`` does), ``call`` (it can be called itself).
    """
    cls: Any = type(f"Node_{name.replace('.', '_')}", (Node,), {})
    for key, handler in spec.get("handlers", {}).items():
        setattr(cls, key, staticmethod(handler_of(f"{name}.{key}", handler)))
    if "call" in spec:
        cls.__call__ = staticmethod(handler_of(f"{name}()", {}))
        cls.exposed = spec["call"]
    if "config" in spec:
        cls._cp_config = make(spec["config"])
    if spec.get("popargs"):
        cls = cherrypy.popargs(*spec["popargs"])(cls)
    node = cls(name)
    for key, child in spec.get("nodes", {}).items():
        setattr(node, key, tree_of(f"{name}.{key}", child))
    if "dispatch" in spec:
        cls._cp_dispatch = _dispatch_of(spec["dispatch"])
    return node


def _dispatch_of(does: str) -> Any:
    def pop(self: Any, vpath: list[str]) -> Any:
        if vpath:
            cherrypy.serving.request.params[f"popped_{len(vpath)}"] = vpath.pop(0)
        return self

    def child(self: Any, vpath: list[str]) -> Any:
        return getattr(self, "a", None)

    def nothing(self: Any, vpath: list[str]) -> Any:
        return None

    def clear(self: Any, vpath: list[str]) -> Any:
        vpath.clear()
        return self

    def insert(self: Any, vpath: list[str]) -> Any:
        if vpath and vpath[0] != "new":
            vpath[0:1] = ["new"]
        return self

    return {"pop": pop, "child": child, "nothing": nothing, "clear": clear, "insert": insert}[does]


@alone
def dispatch(
    tree: dict[str, Any],
    requests: list[list[Any]],
    config: Any = None,
    dispatcher: str = "",
    script_name: str = "",
) -> Any:
    """Ask for paths of a tree."""
    settings = make(config) if config else {}
    if dispatcher:
        dispatchers: dict[str, Any] = {
            "method": cherrypy.dispatch.MethodDispatcher,
            "object": cherrypy.dispatch.Dispatcher,
            "xmlrpc": cherrypy.dispatch.XMLRPCDispatcher,
            "host": lambda: cherrypy.dispatch.VirtualHost(**{"example.com": "/a", "b.com": "/b"}),
        }
        made = dispatchers[dispatcher]()
        settings.setdefault("/", {})["request.dispatch"] = made
    app = cherrypy.Application(tree_of("root", tree), script_name, settings)
    return [
        ask(app, method, path, [list(pair) for pair in headers], "", "HTTP/1.1")
        for method, path, headers in requests
    ]


@alone
def raising(
    what: str,
    args: list[Any],
    kwargs: dict[str, Any],
    request: list[Any],
    config: Any,
    before: list[list[str]],
) -> Any:
    """Raise one of CherryPy's exceptions in a handler."""
    made: list[Any] = []

    class Root:
        _cp_config = {"request.show_tracebacks": False}

        @cherrypy.expose
        def default(self, *_args: Any, **_kwargs: Any) -> str:
            if cherrypy.serving.request.path_info == "/end":
                return f"the end {cherrypy.serving.request.query_string}"
            for name, value in before:
                cherrypy.serving.response.headers[name] = value
            cls = getattr(cherrypy, what)
            error = cls(*[make(arg) for arg in args], **{k: make(v) for k, v in kwargs.items()})
            made.append(
                [
                    attempt(getattr, error, name)
                    for name in ("status", "code", "reason", "urls", "path", "query_string", "args")
                    if hasattr(error, name)
                ]
            )
            raise error

    app = cherrypy.Application(Root(), "", {"/": make(config)} if config else None)
    method, path, headers, body, protocol = request
    return [ask(app, method, path, headers, body, protocol), made]


@alone
def outside(what: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Make one of CherryPy's exceptions outside of a request, and make it the response."""
    error = getattr(cherrypy, what)(
        *[make(arg) for arg in args], **{key: make(value) for key, value in kwargs.items()}
    )
    found = [
        attempt(getattr, error, name)
        for name in ("status", "code", "reason", "_message", "urls", "path", "query_string", "args")
        if hasattr(error, name)
    ]
    found.append(attempt(str, error))
    if hasattr(error, "set_response"):
        response = cherrypy.serving.response
        found.append(attempt(error.set_response))
        found += [attempt(lambda: response.status), attempt(lambda: sorted(response.headers))]
    return found


@alone
def tools(config: Any, handler: dict[str, Any], requests: list[list[Any]]) -> Any:
    """Ask a handler under tools.

    Args:
        config: Settings of the path.
        handler: ``body`` (a value), ``fields``, ``status``, ``stream``.
        requests: Method, path, headers, body and protocol of each.
    """

    class Root:
        _cp_config = {"request.show_tracebacks": False}

        @cherrypy.expose
        def index(self, *_args: Any, **kwargs: Any) -> Any:
            response = cherrypy.serving.response
            for name, value in handler.get("fields", []):
                response.headers[name] = value
            if handler.get("status"):
                response.status = handler["status"]
            if handler.get("body") == "request":
                request = cherrypy.serving.request
                return json.dumps(
                    [
                        *(request.base, request.remote.ip, request.scheme, request.local.name),
                        sorted([key, tell(value)] for key, value in kwargs.items()),
                    ]
                )
            made = make(handler.get("body", "text"))
            return iter(made) if handler.get("stream") and isinstance(made, list) else made

        sub = index

    app = cherrypy.Application(Root(), "", {"/": make(config)})
    return [ask(app, *request) for request in requests]


@alone
def mount(steps: list[list[Any]], asked: list[str]) -> Any:
    """Mount and graft applications, and ask where paths lead."""
    tree = cherrypy._cptree.Tree()
    found = []
    for script_name, kind in steps:
        if kind == "graft":
            found.append(attempt(tree.graft, lambda environ, start: [b"x"], script_name))
        elif kind == "app":
            app = cherrypy.Application(Node("x"), script_name)
            found.append(attempt(tree.mount, app, script_name))
        else:
            found.append(attempt(tree.mount, Node("x"), script_name))
    paths = [attempt(tree.script_name, path) for path in asked]
    return [found, sorted(tree.apps), paths]


@alone
def url(kwargs: dict[str, Any], script_name: str, path: str, inside: bool, base: str) -> Any:
    """Ask for a URL, in a request or outside of any."""
    made = {key: make(value) for key, value in kwargs.items()}
    if base:
        cherrypy.config.update({"server.socket_host": base, "server.socket_port": 8123})
    if not inside:
        return attempt(cherrypy.url, **made)
    found = []

    class Root:
        @cherrypy.expose
        def default(self, *_args: Any, **_kwargs: Any) -> str:
            found.append(attempt(cherrypy.url, **made))
            return ""

    Root.index = Root.default  # type: ignore[attr-defined]
    app = cherrypy.Application(Root(), script_name)
    tree = cherrypy._cptree.Tree()
    tree.mount(app, script_name)
    ask(tree, "GET", script_name + path, [], "", "HTTP/1.1")
    return found


@alone
def redirected(to: str, kwargs: dict[str, Any], path: str) -> Any:
    """Follow an internal redirect by the middleware itself."""
    made = {key: make(value) for key, value in kwargs.items()}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == path:
            cherrypy.serving.request.path_info = path
            raise cherrypy.InternalRedirect(to)
        start_response("200 OK", [])
        return [f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}".encode("latin-1")]

    return ask(_cpwsgi.InternalRedirector(app, **made), "GET", path, [], "", "HTTP/1.1")


@alone
def trapped(throws: str, pieces: int) -> Any:
    """Let an application fail under the middleware that catches it."""

    def app(_environ: Any, start_response: Any) -> Any:
        if throws == "at once":
            raise ValueError("text <b>")
        start_response("200 OK", [("Content-Type", "text/plain")])
        for _ in range(pieces):
            yield b"piece"
        if throws == "late":
            raise ValueError("text <b>")

    return ask(_cpwsgi.ExceptionTrapper(app), "GET", "/", [], "", "HTTP/1.1")
