"""Sites that read and change request and response at any moment, as programs of data say.

A program is one site and some requests to it. Its steps name a moment, such as ``cp_dispatch``, and
an action, such as ``["request.hooks", "attach"]``, which is done once in each request that asks for
steps. What is seen, what runs and what is answered is the outcome.

The same file runs under CherryPy 18.10 and under this project. As a script it reads batches of
programs, one line of JSON each, and answers each by one line, from a forked child, since programs
may change what all requests of a process share. It imports only the standard library and cherrypy.
"""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import re
import signal
import sys
import time
import traceback
from contextlib import contextmanager
from html import unescape
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib import httputil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Program = dict[str, Any]
"""``requests`` (see :func:`ask`), ``steps`` (lists: moment, action, arguments), ``watched`` (names
that are read at all later moments), ``devices`` (moments whose listeners, hooks or classes are
there without a step), ``tools`` (off if false), ``config`` (more of it, for the root)."""
Outcome = list[dict[str, Any]]
"""For each request ``answer`` and ``trace``, which lists what ran and what was seen, in order."""

SECONDS_FOR_A_BATCH = 60

HOOK_POINTS = (
    "on_start_resource",
    "before_request_body",
    "before_handler",
    "before_finalize",
    "on_end_resource",
    "on_end_request",
    "before_error_response",
    "after_error_response",
)

EARLY = (
    "init",
    "before_request",
    "dispatcher",
    "getattr",
    "cp_dispatch",
    "dispatched",
    "setup",
    "namespace",
)
"""Moments before the first hook point, in their order; there the resource is not found yet, or its
configuration is just being applied."""

MOMENTS = (
    "around",  # middleware around the application, before it calls it
    "inside",  # middleware inside of the application's own
    *EARLY,
    "on_start_resource",
    "before_request_body",
    "before_handler",
    "handler",
    "before_finalize",
    "before_error_response",
    "error_page",
    "after_error_response",
    "on_end_resource",
    "inside_after",
    "around_after",
    "stream",
    "after_request",
    "on_end_request",
    "closed",
)
"""Every moment, in the order in which a request comes to them."""

OUTSIDE = ("around", "inside", "inside_after", "around_after", "closed")
"""Moments in which middleware acts, before the request is made or after it has been answered; there
``cherrypy.request`` may be what stands for all requests."""

WATCHED = (
    "on_start_resource",
    "before_handler",
    "handler",
    "before_finalize",
    "after_error_response",
    "on_end_request",
)
"""Moments at which watched names are read, if they come after the steps."""

cprequest: Any = importlib.import_module("cherrypy._cprequest")
dispatch: Any = cherrypy.dispatch


class Site:
    """What the request that is being answered has done so far; one at a time."""

    def __init__(self) -> None:
        self.program: Program = {"steps": []}
        self.trace: list[object] = []
        self.steps_are_on = False
        self.is_acting = False
        self.done: set[str] = set()
        self.has_acted = False

    def begin(self, steps: bool) -> None:
        """Start anew for one request."""
        self.trace = []
        self.steps_are_on = steps
        self.done = set()
        self.has_acted = False


site = Site()


class Deed(Exception):
    """Carries an error that a step is to raise out of its moment."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def act(moment: str, request: Any = None) -> None:
    """Do the steps of a moment, once in each request."""
    if not site.steps_are_on or moment in site.done or site.is_acting:
        return
    site.done.add(moment)
    request = cherrypy.serving.request if request is None else request
    site.is_acting = True  # reading an attribute may get here again, by a published object
    try:
        for at, name, *arguments in site.program["steps"]:
            if at == moment:
                site.has_acted = True
                _do(moment, request, name, arguments)
        if site.has_acted and moment in WATCHED:
            for name in site.program.get("watched", ()):
                _do(moment, request, name, ["read"])
    finally:
        site.is_acting = False


def _do(moment: str, request: Any, name: str, arguments: list[Any]) -> None:
    try:
        seen = ACTIONS[name](request, *arguments)
    except Deed as deed:
        raise deed.error from None
    except Exception as error:
        seen = f"failed: {type(error).__name__}"
    site.trace.append([moment, name, *arguments, seen])


def marker(name: str) -> Callable[..., None]:
    """Make a hook that says that it ran."""

    def mark() -> None:
        site.trace.append(name)

    mark.__name__ = name
    return mark


# What programs do ---------------------------------------------------------------------------------


def told(value: Any, depth: int = 0) -> Any:
    """Tell a value in a way that both implementations have in common."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    for kind, tell in TOLD.items():
        if isinstance(value, kind):
            return tell(value, depth + 1)
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else f"a {type(value).__name__}"


def told_attribute(name: str, value: Any) -> Any:
    """Tell the value of an attribute, as `told` does."""
    if name == "handler" and callable(value):
        return "a handler"  # an encoder may stand around the one that was found, or not
    if value is not None and name in TOLD_ATTRIBUTES:
        return TOLD_ATTRIBUTES[name](value)
    return told(value)


def _told_hooks(hooks: Any) -> dict[str, Any]:
    return {
        point: [[_told_hook(hook), hook.priority, hook.failsafe] for hook in sorted(each)]
        for point, each in sorted(hooks.items())
        if each
    }


def _told_mapping(mapping: dict[Any, Any], depth: int) -> dict[str, Any]:
    return {
        str(key): told(each, depth)
        for key, each in sorted(mapping.items(), key=str)
        if str(key) not in UNTOLD_FIELDS and not str(key).startswith(UNTOLD)
    }


def _told_cookie(cookie: SimpleCookie, _depth: int = 0) -> dict[str, Any]:
    return {"cookie": {key: morsel.value for key, morsel in sorted(cookie.items())}}


def _told_hook(hook: Any) -> str:
    callback = hook.callback
    return callback.__name__ if callback.__module__ == __name__ else "a tool"


def _told_body(value: Any) -> str:
    if not isinstance(value, (list, tuple)):
        return "a body" if hasattr(value, "process") else "an iterator"
    return tell_content(b"".join(value)).decode()


def tell_content(content: bytes) -> bytes:
    """Tell content without compression, without blanks at its end, and only the title of a page."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    title = re.search(rb"<title>(.*?)</title>", content)
    return title[1] if title else content.rstrip()


def _lines(fields: Any) -> list[list[str]]:
    lines = []
    for pair in fields:
        name, value = (part.decode() if isinstance(part, bytes) else part for part in pair)
        if name not in UNTOLD_FIELDS:
            lines.append([name.title(), value])
    return sorted(lines)


UNTOLD_FIELDS = ("Date", "Server", "Content-Length")
UNTOLD = (
    "engine.",
    "server.",
    "log.",
    "checker.",
    "environment",
    "tree.",
    "tools.log_",
    "tools.tr",
)
"""Begins of settings that are not the same in both."""

TOLD: dict[Any, Callable[[Any, int], Any]] = {
    float: lambda _value, _depth: "a number",
    bytes: lambda value, _depth: _told_body([value]),
    SimpleCookie: _told_cookie,
    dict: _told_mapping,
    (list, tuple): lambda value, depth: [
        type(value).__name__,
        *[told(item, depth) for item in value],
    ],
    BaseException: lambda value, _depth: type(value).__name__,
}
TOLD_ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "body": _told_body,
    "hooks": _told_hooks,
    "namespaces": sorted,
    "header_list": lambda value: [told(item) for item in _lines(value)],
    "local": lambda value: ["host", value.ip, value.port, value.name],
    "remote": lambda value: ["host", value.ip, value.port, value.name],
}


ATTRIBUTES = {
    "request": [
        "hooks",
        "config",
        "toolmaps",
        "error_page",
        "handler",
        "namespaces",
        "params",
        "headers",
        "header_list",
        "cookie",
        "body",
        "rfile",
        "login",
        "remote",
        "local",
        "scheme",
        "base",
        "method",
        "query_string",
        "path_info",
        "script_name",
        "request_line",
        "protocol",
        "server_protocol",
        "process_request_body",
        "methods_with_bodies",
        "is_index",
        "dispatch",
        "app",
        "stage",
        "closed",
        "prev",
        "unique_id",
        "error_response",
        "show_tracebacks",
        "show_mismatched_params",
        "throw_errors",
        "throws",
        "query_string_encoding",
        "mine",
    ],
    "response": [
        "status",
        "headers",
        "cookie",
        "body",
        "stream",
        "time",
        "timeout",
        "header_list",
        "output_status",
        "mine",
    ],
}
"""What a program can hold of request and response; ``mine`` and ``timeout`` are its own."""


FILLING = " and so on" * 50
"""Makes a page long enough to be compressed."""


def other_handler() -> bytes:
    """Answer in place of the handler that was found."""
    site.trace.append("other handler")
    return b"other handler" + FILLING.encode()


def replacing_error_page(**values: str) -> bytes:
    """Be a page of an error that a step has set."""
    _plain_text()
    return f"replaced page: {values['status']}, {unescape(values['message'])}".encode()


def _plain_text() -> None:
    cherrypy.serving.response.headers["Content-Type"] = "text/plain;charset=utf-8"


def _named_page(name: str) -> Callable[..., bytes]:
    def page(**values: str) -> bytes:
        _plain_text()
        return f"page {name}: {values['status']}, {unescape(values['message'])}".encode()

    return page


def replacing_error_response() -> None:
    """Answer an unexpected error in the program's own way."""
    response: Any = cherrypy.serving.response
    response.status = 500
    response.body = b"replaced error response"


def other_dispatch(path: str) -> None:
    """Find the other handler, whatever the path."""
    request: Any = cherrypy.serving.request
    request.config = cherrypy.config.copy()
    request.handler = other_handler


def _hooks(**more: list[Any]) -> Any:
    made = cprequest.HookMap(HOOK_POINTS)
    made.update(more)
    return made


def _hook(name: str, priority: int = 50) -> Any:
    return cprequest.Hook(marker(name), priority=priority)


def _fields(*lines: str) -> Any:
    made = httputil.HeaderMap()
    made.update(line.split(": ") for line in lines)
    return made


def _cookie(text: str) -> Any:
    return SimpleCookie(text)


def _attach_everywhere(request: Any) -> None:
    for point in HOOK_POINTS:
        request.hooks.attach(point, marker(f"attached {point}"))


def _append_everywhere(request: Any) -> None:
    for point in HOOK_POINTS:
        request.hooks[point].append(_hook(f"appended {point}", 20))


def _remove_guard(request: Any) -> None:
    request.hooks["before_handler"][:] = []


def _set_up(tool: str) -> Callable[[Any], object]:
    return lambda request: request.toolmaps.setdefault("tools", {}).update({tool: {"on": True}})


WRITES: dict[str, dict[str, Callable[[Any], object]]] = {
    "request.hooks": {
        "attach": _attach_everywhere,
        "append": _append_everywhere,
        "clear": _remove_guard,
        "set": lambda r: setattr(r, "hooks", _hooks(before_finalize=[_hook("of a map")])),
    },
    "request.config": {
        "change": lambda r: r.config.update({"mine.key": "changed", "tools.late.on": True}),
        "set": lambda r: setattr(r, "config", {"mine.key": "set"}),
        "none": lambda r: setattr(r, "config", None),
    },
    "request.toolmaps": {
        "add": _set_up("late"),
        "remove": lambda r: r.toolmaps["tools"].pop("guard"),
        "set": lambda r: setattr(r, "toolmaps", {}),
        "set a tool": lambda r: setattr(r, "toolmaps", {"tools": {"late": {"on": True}}}),
    },
    "request.error_page": {
        "change": lambda r: r.error_page.update({401: replacing_error_page}),
        "default": lambda r: r.error_page.update({"default": replacing_error_page}),
        "set": lambda r: setattr(r, "error_page", {500: replacing_error_page}),
    },
    "request.handler": {
        "set": lambda r: setattr(r, "handler", other_handler),
        "none": lambda r: setattr(r, "handler", None),
        "error": lambda r: setattr(r, "handler", cherrypy.NotFound()),
        "wrap": lambda r: setattr(r, "handler", _wrapped(r.handler)),
        "arguments": lambda r: getattr(r.handler, "kwargs", {}).update({"given": "1"}),
    },
    "request.namespaces": {
        "add": lambda r: r.namespaces.update({"mine": _note_setting}),
    },
    "request.params": {
        "change": lambda r: r.params.update({"c": "3"}),
        "clear": lambda r: r.params.clear(),
        "set": lambda r: setattr(r, "params", {"d": "4"}),
    },
    "request.headers": {
        "change": lambda r: r.headers.update({"X-Pass": "yes", "X-Mine": "1"}),
        "remove": lambda r: r.headers.pop("Accept-Encoding", None),
        "set": lambda r: setattr(r, "headers", _fields("X-Pass: yes", "Host: other.example")),
    },
    "request.header_list": {
        "change": lambda r: r.header_list.append(("X-Pass", "yes")),
        "set": lambda r: setattr(r, "header_list", [("X-Pass", "yes")]),
    },
    "request.cookie": {
        "change": lambda r: r.cookie.load("mine=1"),
        "set": lambda r: setattr(r, "cookie", _cookie("mine=2")),
    },
    "request.body": {
        "params": lambda r: r.body.params.update({"e": "5"}),
        "limit": lambda r: setattr(r.body, "maxbytes", 1),
        "none": lambda r: setattr(r, "body", None),
        "process": lambda r: r.body.process(),
    },
    "request.rfile": {
        "set": lambda r: setattr(r, "rfile", io.BytesIO(b"b=7")),
        "take": lambda r: told(r.rfile.read(2)),
    },
    "request.login": {"set": lambda r: setattr(r, "login", "ann")},
    "request.remote": {
        "set": lambda r: setattr(r, "remote", httputil.Host("192.0.2.9", 9, "other"))
    },
    "request.local": {"set": lambda r: setattr(r, "local", httputil.Host("192.0.2.8", 8, "local"))},
    "request.scheme": {"set": lambda r: setattr(r, "scheme", "https")},
    "request.base": {"set": lambda r: setattr(r, "base", "http://base.example")},
    "request.method": {
        "post": lambda r: setattr(r, "method", "POST"),
        "head": lambda r: setattr(r, "method", "HEAD"),
        "get": lambda r: setattr(r, "method", "GET"),
    },
    "request.query_string": {"set": lambda r: setattr(r, "query_string", "f=6")},
    "request.path_info": {"set": lambda r: setattr(r, "path_info", "/other")},
    "request.script_name": {"set": lambda r: setattr(r, "script_name", "/mounted")},
    "request.request_line": {"set": lambda r: setattr(r, "request_line", "GET /line HTTP/1.1")},
    "request.protocol": {"set": lambda r: setattr(r, "protocol", (1, 0))},
    "request.server_protocol": {"set": lambda r: setattr(r, "server_protocol", "HTTP/1.0")},
    "request.process_request_body": {
        "set": lambda r: setattr(r, "process_request_body", False),
        "true": lambda r: setattr(r, "process_request_body", True),
    },
    "request.methods_with_bodies": {
        "set": lambda r: setattr(r, "methods_with_bodies", ("GET",)),
    },
    "request.is_index": {
        "true": lambda r: setattr(r, "is_index", True),
        "false": lambda r: setattr(r, "is_index", False),
    },
    "request.dispatch": {"set": lambda r: setattr(r, "dispatch", other_dispatch)},
    "request.stage": {"set": lambda r: setattr(r, "stage", "mine")},
    "request.closed": {"set": lambda r: setattr(r, "closed", True)},
    "request.prev": {"set": lambda r: setattr(r, "prev", "before")},
    "request.unique_id": {"set": lambda r: setattr(r, "unique_id", "id")},
    "request.error_response": {
        "set": lambda r: setattr(r, "error_response", replacing_error_response),
        "none": lambda r: setattr(r, "error_response", None),
    },
    "request.show_tracebacks": {"set": lambda r: setattr(r, "show_tracebacks", True)},
    "request.show_mismatched_params": {
        "set": lambda r: setattr(r, "show_mismatched_params", False),
    },
    "request.throw_errors": {"set": lambda r: setattr(r, "throw_errors", True)},
    "request.throws": {"set": lambda r: setattr(r, "throws", (ValueError,))},
    "request.query_string_encoding": {
        "set": lambda r: setattr(r, "query_string_encoding", "latin-1"),
    },
    "request.mine": {
        "set": lambda r: setattr(r, "mine", 1),
        "remove": lambda r: delattr(r, "mine"),
    },
    "response.status": {
        "code": lambda r: setattr(r, "status", 202),
        "text": lambda r: setattr(r, "status", "203 Mine"),
        "empty": lambda r: setattr(r, "status", 204),
        "wrong": lambda r: setattr(r, "status", "mine"),
    },
    "response.headers": {
        "change": lambda r: r.headers.update({"X-Mine": "1", "Content-Type": "text/plain"}),
        "lines": lambda r: r.headers.update({"X-Mine": ["1", "2"]}),
        "length": lambda r: r.headers.update({"Content-Length": "3"}),
        "remove": lambda r: r.headers.pop("Content-Type", None),
        "set": lambda r: setattr(r, "headers", _fields("X-Mine: 2")),
    },
    "response.cookie": {
        "change": lambda r: r.cookie.load("mine=1"),
        "set": lambda r: setattr(r, "cookie", _cookie("mine=2")),
    },
    "response.body": {
        "bytes": lambda r: setattr(r, "body", b"mine" * 99),
        "list": lambda r: setattr(r, "body", [b"mi", b"ne"] * 99),
        "text": lambda r: setattr(r, "body", "mine"),
        "none": lambda r: setattr(r, "body", None),
        "iterator": lambda r: setattr(r, "body", iter([b"it", b"er"] * 99)),
        "collapse": lambda r: told(r.collapse_body()),
    },
    "response.stream": {"set": lambda r: setattr(r, "stream", True)},
    "response.time": {"set": lambda r: setattr(r, "time", 1)},
    "response.timeout": {"set": lambda r: setattr(r, "timeout", 1)},
    "response.header_list": {
        "change": lambda r: r.header_list.append((b"X-Mine", b"1")),
        "set": lambda r: setattr(r, "header_list", [(b"X-Mine", b"2")]),
    },
    "response.output_status": {"set": lambda r: setattr(r, "output_status", b"299 Mine")},
    "response.mine": {
        "set": lambda r: setattr(r, "mine", 1),
        "finalize": lambda r: r.finalize(),
    },
}
"""What can be done to an attribute beside reading it."""


def _wrapped(handler: Any) -> Callable[..., Any]:
    def wrapper(*arguments: object, **keywords: object) -> Any:
        site.trace.append("wrapped")
        return handler(*arguments, **keywords)

    return wrapper


def _note_setting(name: str, value: object) -> None:
    site.trace.append(f"setting mine.{name}: {value}")


def _attribute_action(side: str, name: str) -> Callable[..., Any]:
    writes = WRITES.get(f"{side}.{name}", {})

    def action(request: Any, what: str) -> Any:
        holder = request if side == "request" else cherrypy.serving.response
        if what == "read":
            return told_attribute(name, getattr(holder, name))
        return told(writes[what](holder))

    return action


def _raise(request: Any, kind: str) -> None:
    del request
    errors: dict[str, Callable[[], BaseException]] = {
        "HTTPError": lambda: cherrypy.HTTPError(403, "forbidden by a step"),
        "NotFound": cherrypy.NotFound,
        "HTTPRedirect": lambda: cherrypy.HTTPRedirect("/moved"),
        "InternalRedirect": lambda: cherrypy.InternalRedirect("/other"),
        "ValueError": lambda: ValueError("raised by a step"),
    }
    raise Deed(errors[kind]())


ACTIONS: dict[str, Callable[..., Any]] = {
    "raise": _raise,
    "attach": lambda r, point, name, priority: r.hooks.attach(
        point, marker(name), priority=priority
    ),
    "append": lambda r, point, name, priority: r.hooks[point].append(_hook(name, priority)),
    "param": lambda r, name, value: r.params.update({name: value}),
    "header": lambda r, name, value: r.headers.update({name: value}),
    "field": lambda _r, name, value: cherrypy.serving.response.headers.update({name: value}),
    "set-cookie": lambda _r, name: cherrypy.serving.response.cookie.load(f"{name}=1"),
    "page": lambda r, code, name: r.error_page.update({code: _named_page(name)}),
    "own": setattr,
}
ACTIONS |= {
    f"{side}.{name}": _attribute_action(side, name)
    for side, names in ATTRIBUTES.items()
    for name in names
}


# The site -----------------------------------------------------------------------------------------


def guard() -> None:
    """Refuse requests without a pass."""
    site.trace.append("guard")
    if cherrypy.serving.request.headers.get("X-Pass") != "yes":
        raise cherrypy.HTTPError(401, "refused")


def put() -> None:
    """Show that the tool ``late`` is on."""
    site.trace.append("tool late")


class ActingTool(cherrypy.Tool):
    """Acts where a tool attaches its hooks."""

    def _setup(self) -> None:
        act("setup")
        super()._setup()


def _install_tools() -> None:
    """Put the tools of the sites into the toolbox, if they are not there."""
    tools: Any = cherrypy.tools
    if not hasattr(tools, "late"):
        tools.guard = cherrypy.Tool("before_handler", guard, priority=20)
        tools.late = cherrypy.Tool("before_finalize", put)
        tools.acting = ActingTool("on_start_resource", lambda: None)


class Pages:
    """Pages that end in every way."""

    @cherrypy.expose
    def page(self, **parameters: object) -> str:
        site.trace.append("handler")
        act("handler")
        return f"page é {sorted(parameters.items())}" + FILLING

    @cherrypy.expose
    def other(self, **parameters: object) -> str:
        site.trace.append("other page")
        return f"other page {sorted(parameters.items())}"

    @cherrypy.expose
    def strict(self) -> str:
        return "takes nothing"

    @cherrypy.expose
    def failing(self, **parameters: object) -> str:
        site.trace.append("handler")
        act("handler")
        raise ValueError("in the handler")

    @cherrypy.expose
    def refusing(self, **parameters: object) -> str:
        site.trace.append("handler")
        act("handler")
        raise cherrypy.HTTPError(402, "in the handler")

    @cherrypy.expose
    def moved(self, **parameters: object) -> str:
        site.trace.append("handler")
        act("handler")
        raise cherrypy.HTTPRedirect("/elsewhere")

    @cherrypy.expose
    def numbers(self, **parameters: object) -> Iterator[bytes]:
        site.trace.append("handler")
        act("handler")
        return self._numbers()

    numbers._cp_config = {  # type: ignore[attr-defined]  # noqa: RUF012
        "response.stream": True,
        "tools.gzip.on": False,
    }

    def _numbers(self) -> Iterator[bytes]:
        yield b"1"
        act("stream")
        site.trace.append("streamed")
        yield b"2"


class Dispatching:
    """Acts where it is asked for what is below it."""

    def _cp_dispatch(self, vpath: list[str]) -> object:
        act("cp_dispatch")
        vpath.pop(0)
        return Pages()


class Lazy:
    """Makes its pages when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        act("getattr")
        return getattr(Pages(), name)


class ActingDispatcher(dispatch.Dispatcher):  # type: ignore[misc]
    """Acts before and after it looks for the handler."""

    def __call__(self, path_info: str) -> None:
        act("dispatcher")
        super().__call__(path_info)
        act("dispatched")


class ActingRequest(cprequest.Request):  # type: ignore[misc]
    """Acts when it is made."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        act("init", self)


def _acting_page(**values: str) -> bytes:
    _plain_text()
    act("error_page")
    message = unescape(values["message"])
    return f"acting page: {values['status']}, {message}, {bool(values['traceback'])}".encode()


def _plain_page(**values: str) -> bytes:
    _plain_text()
    return f"configured page: {values['status']}, {unescape(values['message'])}".encode()


def _acting_namespace(name: str, value: object) -> None:
    act("namespace")


def _middleware(before: str, after: str, closed: str | None) -> Callable[..., Any]:
    def make(application: Any) -> Any:
        def middleware(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            act(before)
            body = application(environ, start_response)
            act(after)
            return _Body(body, closed)  # type: ignore[return-value]

        return middleware

    return make


class _Body:
    """A body that acts when it has been closed."""

    def __init__(self, body: Iterable[bytes], closed: str | None) -> None:
        self.body = body
        self.closed = closed

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)

    def close(self) -> None:
        close = getattr(self.body, "close", None)
        if close is not None:
            close()
        if self.closed:
            act(self.closed)


def _config(program: Program, devices: set[str]) -> dict[str, Any]:
    config: dict[str, Any] = {"mine.key": "configured", "request.show_tracebacks": False}
    if program.get("tools", True):
        config |= {
            "tools.guard.on": True,
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("X-Site", "yes")],
            "tools.encode.on": True,
            "tools.encode.encoding": "utf-8",
            "tools.gzip.on": True,
            "tools.gzip.mime_types": ["text/*"],
            "error_page.401": _plain_page,
            "error_page.402": _plain_page,
            "response.headers.X-Config": "yes",
            "hooks.before_finalize.configured": marker("configured hook"),
        }
    config |= program.get("config", {})
    for point in HOOK_POINTS:
        if point in devices:
            hook = _acting_hook(point)
            config[f"hooks.{point}.acting"] = hook
    if "error_page" in devices:
        config["error_page.default"] = _acting_page
    if "setup" in devices:
        config["tools.acting.on"] = True
    if "dispatcher" in devices or "dispatched" in devices:
        config["request.dispatch"] = ActingDispatcher()
    if "namespace" in devices:
        config["acting.key"] = 1
    if "inside" in devices or "inside_after" in devices:
        config["wsgi.pipeline"] = [("acting", _middleware("inside", "inside_after", None))]
    return config


def _acting_hook(point: str) -> Callable[[], None]:
    def acting() -> None:
        act(point)

    return acting


@contextmanager
def built(program: Program) -> Iterator[tuple[Any, str]]:
    """Make the site of a program; at the end nothing of it is left.

    Yields:
        The WSGI application, and what its paths begin with.
    """
    _install_tools()
    devices = {step[0] for step in program.get("steps", ())} | set(program.get("devices", ()))
    if program.get("watched"):
        devices |= set(WATCHED)
    prefix = "/via/below" if "cp_dispatch" in devices else "/lazy" if "getattr" in devices else ""
    root: Any = Pages()
    root.via = Dispatching()
    root.lazy = Lazy()
    app: Any = cherrypy.Application(root, "", {"/": _config(program, devices)})
    if "init" in devices:
        app.request_class = ActingRequest
    engine: Any = cherrypy.engine
    namespaces = dict(cprequest.Request.namespaces)
    if "namespace" in devices:
        cprequest.Request.namespaces["acting"] = _acting_namespace
    heard = [
        (channel, lambda channel=channel: act(channel))
        for channel in ("before_request", "after_request")
        if channel in devices
    ]
    for channel, listener in heard:
        engine.subscribe(channel, listener)
    around = _middleware("around", "around_after", "closed")
    try:
        yield around(app) if devices & {"around", "around_after", "closed"} else app, prefix
    finally:
        for channel, listener in heard:
            engine.unsubscribe(channel, listener)
        shared = cprequest.Request.namespaces
        shared.clear()
        shared.update(namespaces)


def ask(application: Any, prefix: str, request: dict[str, Any]) -> dict[str, Any]:
    """Put one request to a site.

    Args:
        application: WSGI application.
        prefix: Begin of its path.
        request: ``path``; perhaps ``method``, ``query``, ``content`` (a form), ``fields`` by name,
            and ``steps``, whether they are done.
    """
    site.begin(request.get("steps", True))
    content = request.get("content", "").encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.get("method", "POST" if content else "GET"),
        "SCRIPT_NAME": "",
        "PATH_INFO": prefix + request["path"],
        "QUERY_STRING": request.get("query", ""),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if content:
        environ["CONTENT_LENGTH"] = str(len(content))
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    for name, value in request.get("fields", {}).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    answer: dict[str, Any] = {"status": "", "headers": [], "failure": None}

    def start_response(status: str, headers: list[Any], exc_info: object = None) -> Any:
        answer["status"] = status
        answer["headers"] = [list(pair) for pair in headers]
        return sent.append

    sent: list[bytes] = []
    try:
        body = application(environ, start_response)
        try:
            sent.extend(body)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        answer["body"] = b"".join(sent).decode("latin-1")
    except Exception as error:
        answer["failure"] = type(error).__name__
        answer["body"] = ""
    answer["seconds"] = time.time()
    return {"answer": answer, "trace": site.trace}


def run(program: Program) -> Outcome:
    """Make the site of a program, and put its requests to it."""
    site.program = program
    with built(program) as (application, prefix):
        return [ask(application, prefix, request) for request in program["requests"]]


# As a script --------------------------------------------------------------------------------------


def run_in_child(programs: list[Program]) -> str:
    """Run programs one after the other in a forked child; their outcomes as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            signal.alarm(SECONDS_FOR_A_BATCH)
            text = json.dumps([run(program) for program in programs])
            with os.fdopen(writing, "w", encoding="ascii") as pipe:
                pipe.write(text)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a program ended with wait status {status}: see standard error")
    return re.sub(r" at 0x[0-9a-f]+", " at 0x", text)


def main() -> None:
    """Answer batches of programs until standard input ends."""
    cherrypy.log.screen = False
    cherrypy.log.error_log.disabled = cherrypy.log.access_log.disabled = True
    for line in sys.stdin:
        sys.stdout.write(run_in_child(json.loads(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
