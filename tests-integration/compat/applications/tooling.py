"""The tools that need neither sessions nor files, and tools made by applications."""

from __future__ import annotations

import json
from typing import Any

import cherrypy


class Told:
    """Handlers that tell what the tools changed."""

    @cherrypy.expose
    def index(self, **params: object) -> str:
        request = cherrypy.request
        return json.dumps(
            {
                "params": params,
                "base": request.base,
                "scheme": request.scheme,
                "remote": request.remote.ip,
                "path_info": request.path_info,
                "url": cherrypy.url("/x"),
            },
            sort_keys=True,
            default=repr,
        )

    @cherrypy.expose
    def text(self) -> str:
        return "text"

    @cherrypy.expose
    def nested(self) -> object:
        return [[b"a", b"b"], iter([b"c", iter([b"d"])]), b"e"]

    @cherrypy.expose
    def generators(self) -> object:
        def inner() -> object:
            yield b"b"
            yield b"c"

        yield b"a"
        yield inner()
        yield b"d"

    @cherrypy.expose
    def chosen(self) -> str:
        best = cherrypy.tools.accept.callable(["text/html", "application/json", "text/plain"])
        return str(best)

    @cherrypy.expose
    def typed(self, number: int, ratio: float = 1.5, word: str = "w") -> str:
        return json.dumps([number, ratio, word])

    # Not as text, as the future import would make them: CherryPy does not resolve that.
    typed.__annotations__.update(number=int, ratio=float, word=str)

    @cherrypy.expose
    def error(self) -> None:
        raise cherrypy.HTTPError(404)


class Section(Told):
    """The same handlers under other settings."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._cp_config = settings


def settings(tool: str, **arguments: object) -> dict[str, object]:
    """Turn a tool on with arguments."""
    return {f"tools.{tool}.on": True} | {f"tools.{tool}.{k}": v for k, v in arguments.items()}


def make_tools() -> Any:
    """Add the application's own tools, and give a toolbox of its own."""
    toolbox: Any = cherrypy.tools

    def shout(mark: str = "") -> None:
        body = cherrypy.response.collapse_body()
        cherrypy.response.body = body.upper() + mark.encode()
        cherrypy.response.headers.pop("Content-Length", None)

    def second() -> None:
        cherrypy.response.body = cherrypy.response.collapse_body() + b" second"

    def answering(text: str) -> bool:
        cherrypy.response.body = text.encode()
        return bool(text)

    def wrapper(next_handler: Any, *args: str, **params: str) -> str:
        return "wrapped " + str(next_handler(*args, **params))

    def on_error() -> None:
        cherrypy.response.status = 503
        cherrypy.response.body = b"error tool"

    toolbox.shout = cherrypy.Tool("before_finalize", shout, priority=60)
    toolbox.second = cherrypy.Tool("before_finalize", second, priority=70)
    toolbox.answering = cherrypy._cptools.HandlerTool(answering)
    toolbox.wrapping = cherrypy._cptools.HandlerWrapperTool(wrapper)
    toolbox.on_error = cherrypy._cptools.ErrorTool(on_error)

    @toolbox.register("before_handler", priority=20)
    def registered(value: str = "default") -> None:
        cherrypy.request.registered = value

    mybox: Any = cherrypy._cptools.Toolbox("mybox")

    def mine(value: object = None) -> None:
        cherrypy.request.mine = value

    mybox.mine = cherrypy.Tool("before_handler", mine)
    return mybox


MYBOX = make_tools()


class Own:
    """Tools that applications make."""

    @cherrypy.expose
    @cherrypy.tools.shout(mark="!")
    def decorated(self) -> str:
        return "decorated"

    @cherrypy.expose
    def configured(self) -> str:
        return "configured"

    configured._cp_config = {"tools.shout.on": True, "tools.shout.mark": "?"}

    @cherrypy.expose
    @cherrypy.tools.shout(priority=99)
    @cherrypy.tools.second()
    def prioritised(self) -> str:
        return "prioritised"

    @cherrypy.expose
    @cherrypy.tools.answering(text="by the tool")
    def answered(self) -> str:
        return "not reached"

    @cherrypy.expose
    @cherrypy.tools.answering(text="")
    def not_answered(self) -> str:
        return "reached"

    by_handler = cherrypy.tools.answering.handler(text="by handler")
    reconfigured = cherrypy.tools.answering.handler(text="by handler")

    @cherrypy.expose
    def merged(self) -> str:
        return json.dumps(cherrypy.tools.shout._merged_args({"mark": "default", "more": 1}))

    @cherrypy.expose
    @cherrypy.tools.wrapping()
    def wrapped(self, *args: str, **params: str) -> str:
        return f"{args} {params}"

    @cherrypy.expose
    @cherrypy.tools.on_error()
    def failing(self) -> None:
        raise ValueError("seen by the tool")

    @cherrypy.expose
    @cherrypy.tools.registered(value="given")
    def registered(self) -> str:
        return str(getattr(cherrypy.request, "registered", None))

    @cherrypy.expose
    def others(self) -> str:
        return json.dumps(
            [sorted(cherrypy.request.toolmaps), getattr(cherrypy.request, "mine", None)]
        )

    others._cp_config = {"mybox.mine.on": True, "mybox.mine.value": 7}

    @cherrypy.expose
    def off(self) -> str:
        return "off"

    off._cp_config = {"tools.shout.on": False}

    @cherrypy.expose
    def unknown(self) -> str:
        return "unknown"

    unknown._cp_config = {"tools.nosuch.on": True}

    @cherrypy.expose
    def wrong_argument(self) -> str:
        return "wrong"

    wrong_argument._cp_config = {"tools.shout.on": True, "tools.shout.nosuch": 1}


def build() -> Any:
    """Mount at the root."""
    root: Any = Told()
    root.own = Own()
    root.accept = Section(settings("accept", media="text/html"))
    root.accept_many = Section(settings("accept", media=["text/html", "application/json"]))
    root.allow = Section(settings("allow", methods=["GET", "HEAD"]))
    root.allow_one = Section(settings("allow", methods="POST"))
    root.flatten = Section(settings("flatten") | {"tools.encode.on": False})
    root.referer = Section(settings("referer", pattern="http://example.com/.*"))
    root.referer_missing = Section(
        settings("referer", pattern="http://example.com/.*", accept_missing=True),
    )
    root.referer_refused = Section(
        settings(
            "referer", pattern="http://evil.example/.*", accept=False, error=410, message="no"
        ),
    )
    root.proxy = Section(settings("proxy"))
    root.proxy_base = Section(settings("proxy", base="https://front.example"))
    root.proxy_path = Section(settings("proxy", base="https://front.example/app"))
    root.proxy_no_local = Section(settings("proxy", base="https://front.example", local=""))
    root.proxy_names = Section(
        settings("proxy", local="X-Host", remote="X-Real-Ip", scheme="X-Scheme"),
    )
    root.proxy_ssl = Section(settings("proxy", scheme="Front-End-Https"))
    root.proxy_off = Section(settings("proxy", local="", remote="", scheme=""))
    root.params = Section(settings("params"))
    root.params_error = Section(settings("params", error=422))
    root.expires = Section(settings("expires", secs=3600))
    root.expires_now = Section(settings("expires"))
    root.expires_forced = Section(settings("expires", secs=60, force=True))
    root.decode = Section(settings("decode", encoding="iso-8859-1"))
    root.decode_default = Section(settings("decode", default_encoding="iso-8859-1"))
    app = cherrypy.tree.mount(
        root,
        "",
        {
            "/own/reconfigured": {"tools.answering.text": "by configuration"},
            "/own/merged": {"tools.shout.mark": "by configuration"},
        },
    )
    app.toolboxes["mybox"] = MYBOX
    return cherrypy.tree
