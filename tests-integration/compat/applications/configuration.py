"""Configuration at its three levels, and namespaces."""

from __future__ import annotations

import io
import json
from typing import Any

import cherrypy

FILE = """
[global]
from_file: "global"
tools.expires.on: False

[/]
text = 'root'
number = 1 + 2 * 3
items = [1, (2, 3), {'four': 5}, None, True, 1.5, -1]
octets = b'x'
joined = 'a' 'b' + 'c'
interpolated = %(text)s + '!'
called = dict(a=1)
attribute = cherrypy.lib.httputil.response_codes[404][0]
several_lines = [1,
    2]

[/below]
text = "below"
tools.response_headers.on = True
tools.response_headers.headers = [('X-From-File', '1')]

[own]
key = 'application section'
"""

seen: list[object] = []


class Reading:
    """Handlers that tell their configuration."""

    @cherrypy.expose
    def index(self) -> str:
        config = {key: repr(value) for key, value in cherrypy.request.config.items()}
        return json.dumps(config, sort_keys=True, indent=1)

    @cherrypy.expose
    @cherrypy.config(**{"text": "on the handler", "own.decorated": True})
    def decorated(self) -> str:
        return self.index()

    @cherrypy.expose
    def application(self) -> str:
        app = cherrypy.request.app
        return json.dumps(
            [
                app.config.get("own"),
                sorted(app.config),
                app.find_config("/below/deeper", "text"),
                app.find_config("/", "text"),
                app.find_config("/nosuch", "nosuch", "default"),
            ],
            default=repr,
        )

    @cherrypy.expose
    def namespaces(self) -> str:
        text = json.dumps(seen, default=repr)
        seen.clear()
        return text

    @cherrypy.expose
    def attributes(self) -> str:
        request: Any = cherrypy.request
        return json.dumps(
            [
                getattr(request, "show_tracebacks", None),
                getattr(request, "own_attribute", None),
                cherrypy.response.stream,
                cherrypy.response.headers.get("X-Config"),
                sorted(map(str, request.error_page)),
                {point: len(hooks) for point, hooks in request.hooks.items() if hooks},
            ],
        )


class Below(Reading):
    """A node with its own configuration."""

    _cp_config = {"text": "class", "own.class": True}


def function_namespace(key: str, value: object) -> None:
    """Note what was configured."""
    seen.append(["function", key, value])


class ContextNamespace:
    """A namespace that wants to know the beginning and the end."""

    def __enter__(self) -> Any:
        seen.append("enter")
        return lambda key, value: seen.append(["context", key, value])

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        seen.append(["exit", kind is None])


def build() -> Any:
    """Mount two applications, one configured from a file."""
    cherrypy.config.namespaces["noted"] = function_namespace
    cherrypy.config.update(
        {
            "noted.global": 1,
            "text": "global",
            "only.global": True,
            "tools.etags.autotags": True,
        },
    )
    seen.clear()
    root: Any = Reading()
    root.below = Below()
    cherrypy.tree.mount(root, "/file", io.StringIO(FILE))

    other: Any = Reading()
    other.below = Below()
    other.special = Reading()
    app = cherrypy.tree.mount(
        other,
        "/dict",
        {
            "/": {"text": "root section", "request.own_attribute": "set", "response.stream": False},
            "/below": {"text": "section"},
            "/below/decorated": {"own.section": True},
            "/special": {
                "request.show_tracebacks": False,
                "response.headers.X-Config": "from the configuration",
                "hooks.before_handler": lambda: seen.append("hook"),
                "error_page.404": lambda **_known: "own page",
                "context.key": "value",
                "function.key": "value",
            },
            "own": {"key": [1]},
        },
    )
    app.merge({"/below": {"merged": True}, "other": {"k": "v"}})
    request_class: Any = cherrypy._cprequest.Request
    request_class.namespaces["function"] = function_namespace
    request_class.namespaces["context"] = ContextNamespace()
    return cherrypy.tree
