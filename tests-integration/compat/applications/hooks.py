"""The order in which hooks run, and what stops them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = (
    "on_start_resource",
    "before_request_body",
    "before_handler",
    "before_finalize",
    "on_end_resource",
    "on_end_request",
    "before_error_response",
    "after_error_response",
)

ran: list[object] = []


def note(
    name: str, error: BaseException | None = None, **attributes: object
) -> Callable[..., None]:
    """Make a hook that notes that it ran, and then perhaps fails."""

    def hook(**arguments: object) -> None:
        ran.append([name, sorted(arguments)] if arguments else name)
        if error is not None:
            raise error

    for key, value in attributes.items():
        setattr(hook, key, value)
    return hook


class Handlers:
    """Handlers that end in each way."""

    @cherrypy.expose
    def index(self) -> str:
        ran.append("handler")
        return "answer"

    @cherrypy.expose
    def unexpected(self) -> None:
        ran.append("handler")
        raise ValueError("in the handler")

    @cherrypy.expose
    def http_error(self) -> None:
        ran.append("handler")
        raise cherrypy.HTTPError(403)

    @cherrypy.expose
    def redirect(self) -> None:
        ran.append("handler")
        raise cherrypy.HTTPRedirect("/elsewhere")

    @cherrypy.expose
    def inside(self) -> None:
        ran.append("handler")
        raise cherrypy.InternalRedirect("/plain/")

    @cherrypy.expose
    def attach(self) -> str:
        request = cherrypy.request
        request.hooks.attach("before_finalize", note("attached late"), priority=1)
        request.hooks.attach("on_end_request", note("attached, arguments"), priority=99, a=1, b=2)
        request.hooks.attach("before_handler", note("attached too late"))
        return "attached"

    @cherrypy.expose
    def numbers(self) -> object:
        yield "1"
        ran.append("generator")
        yield "2"


class Failing(Handlers):
    """The same with one hook that fails at a point."""

    def __init__(self, point: str, error: BaseException) -> None:
        self._cp_config = {f"hooks.{point}.bad": note(f"{point} fails", error, priority=60)}


class Plain(Handlers):
    """Nothing of its own."""


def tool(name: str, priority: int, point: str = "before_handler") -> cherrypy.Tool:
    """Make a tool that notes that it ran."""

    def run(argument: object = "default") -> None:
        ran.append(["tool", name, argument])

    return cherrypy.Tool(point, run, name=name, priority=priority)


class Root(Handlers):
    """The tree, with a way to read the notes."""

    plain = Plain()

    @cherrypy.expose
    def notes(self) -> str:
        text = json.dumps(ran)
        ran.clear()
        return text


class Ordered(Handlers):
    """Hooks and tools with priorities."""

    _cp_config = {
        "hooks.before_handler.1": note("hook 50 (1)"),
        "hooks.before_handler.2": note("hook 90", priority=90),
        "hooks.before_handler.3": note("hook 10", priority=10),
        "hooks.before_handler.4": note("hook 50 (4)"),
        "tools.sixty.on": True,
        "tools.five.on": True,
        "tools.five.argument": "given",
        "tools.off.on": False,
        "tools.absent.argument": "not on",
    }


class Safe(Handlers):
    """A failing hook, and others that are or are not failsafe."""

    _cp_config = {
        "hooks.before_handler.bad": note("bad", ValueError("bad"), priority=20),
        "hooks.before_handler.safe": note("failsafe 70", failsafe=True, priority=70),
        "hooks.before_handler.unsafe": note("not failsafe 60", priority=60),
        "hooks.before_handler.bad_too": note(
            "failsafe, bad",
            KeyError("bad too"),
            failsafe=True,
            priority=80,
        ),
    }


def build() -> Any:
    """Mount at the root; every point has one hook that notes its stage."""
    toolbox: Any = cherrypy.tools
    toolbox.sixty = tool("sixty", 60)
    toolbox.five = tool("five", 5)
    toolbox.off = tool("off", 50)
    toolbox.absent = tool("absent", 50)
    root: Any = Root()
    root.ordered = Ordered()
    root.safe = Safe()
    config: dict[str, dict[str, object]] = {"/": {}, "/notes": {}}
    for point in POINTS:
        root_hook = note(point)
        for name in ("plain", "ordered", "safe"):
            config.setdefault(f"/{name}", {})[f"hooks.{point}"] = root_hook
        for kind, error in (
            ("error", ValueError("in a hook")),
            ("http", cherrypy.HTTPError(402)),
            ("redirect", cherrypy.HTTPRedirect("http://example.com/hooked")),
            ("inside", cherrypy.InternalRedirect("/plain/")),
        ):
            setattr(root, f"{point}_{kind}", Failing(point, error))
            config[f"/{point}_{kind}"] = {f"hooks.{other}": note(other) for other in POINTS}
    cherrypy.tree.mount(root, "", config)
    return cherrypy.tree
