"""Objects of every kind along a path."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Callable


def told(name: str, /, *args: object, **params: object) -> str:
    """Tell which handler answered, what it got, and what the dispatcher decided."""
    request = cherrypy.request
    sections = sorted(key for key in request.config if key.startswith("seen."))
    return json.dumps(
        {
            "handler": name,
            "args": args,
            "params": params,
            "is_index": request.is_index,
            "script_name": request.script_name,
            "path_info": request.path_info,
            "sections": {key: request.config[key] for key in sections},
        },
        sort_keys=True,
    )


class Leaf:
    """A node with index and default, and configuration on each level."""

    _cp_config = {"seen.leaf": True, "seen.nearest": "class leaf"}

    @cherrypy.expose
    def index(self, *args: str, **params: str) -> str:
        return told("leaf.index", *args, **params)

    index._cp_config = {"seen.leaf.index": True}

    @cherrypy.expose
    def default(self, *args: str, **params: str) -> str:
        return told("leaf.default", *args, **params)


class OnlyIndex:
    """A node with index alone."""

    @cherrypy.expose
    def index(self) -> str:
        return told("only_index.index")


class OnlyDefault:
    """A node with default alone."""

    @cherrypy.expose
    def default(self, *args: str) -> str:
        return told("only_default.default", *args)


class StrictDefault:
    """A default that takes exactly one segment."""

    @cherrypy.expose
    def default(self, one: str) -> str:
        return told("strict_default.default", one)

    @cherrypy.expose
    def index(self) -> str:
        return told("strict_default.index")


class Named:
    """Aliases, punctuation and names that are not to be reached."""

    public_data = "text"

    @cherrypy.expose
    def method(self, a: str, b: str = "2") -> str:
        return told("named.method", a, b)

    @cherrypy.expose(["al.ias", "other_name"])
    def aliased(self, *args: str) -> str:
        return told("named.aliased", *args)

    @cherrypy.expose("single")
    def one_alias(self) -> str:
        return told("named.one_alias")

    def hidden(self) -> str:
        return told("named.hidden")

    @cherrypy.expose
    def _underscore(self) -> str:
        return told("named._underscore")

    @cherrypy.expose
    def a_b(self) -> str:
        return told("named.a_b")

    def by_hand(self) -> str:
        return told("named.by_hand")

    by_hand.exposed = True

    def withdrawn(self) -> str:
        return told("named.withdrawn")

    withdrawn.exposed = False


class Called:
    """An object that is called itself."""

    exposed = True
    _cp_config = {"seen.called": True}
    below = OnlyIndex()

    def __call__(self, *args: str, **params: str) -> str:
        return told("called", *args, **params)


@cherrypy.expose
class ExposedClass:
    """A class exposed by the decorator."""

    def __call__(self) -> str:
        return told("exposed_class")


class Nested:
    """Several levels, of which some have no handler of their own."""

    def __init__(self, depth: int) -> None:
        if depth:
            self.down = Nested(depth - 1)
        else:
            self.end = OnlyIndex()


@cherrypy.popargs("year", "month")
class Archive:
    """Path segments that become named parameters."""

    @cherrypy.expose
    def index(self, year: str | None = None, month: str | None = None) -> str:
        return told("archive.index", year=year, month=month)

    @cherrypy.expose
    def show(self, year: str, month: str | None = None, *, title: str = "none") -> str:
        return told("archive.show", year=year, month=month, title=title)


class Day:
    """What stands behind a date."""

    @cherrypy.expose
    def index(self, **params: str) -> str:
        return told("day.index", **params)

    @cherrypy.expose
    def edit(self, day: str) -> str:
        return told("day.edit", day=day)


@cherrypy.popargs("day", handler=Day())
class Calendar:
    """Segments that lead to another handler."""

    @cherrypy.expose
    def index(self) -> str:
        return told("calendar.index")


class PoppedByAttribute:
    """popargs as the value of _cp_dispatch."""

    _cp_dispatch = cherrypy.popargs("name")

    @cherrypy.expose
    def index(self, name: str = "nobody") -> str:
        return told("popped.index", name=name)


class Dispatching:
    """A _cp_dispatch method that chooses, consumes and gives up."""

    leaf = Leaf()

    def _cp_dispatch(self, vpath: list[str]) -> object:
        first = vpath.pop(0)
        if first == "to-leaf":
            return self.leaf
        if first == "keep":
            cherrypy.request.params["kept"] = vpath.pop(0) if vpath else "nothing"
            return self
        if first == "method":
            return self.shown
        return None

    @cherrypy.expose
    def index(self, **params: str) -> str:
        return told("dispatching.index", **params)

    @cherrypy.expose
    def shown(self, *args: str) -> str:
        return told("dispatching.shown", *args)


class Growing:
    """Nodes that come and go between requests."""

    @cherrypy.expose
    def index(self) -> str:
        return told("growing.index", *sorted(vars(self)))

    @cherrypy.expose
    def add(self, name: str) -> str:
        setattr(self, name, OnlyIndex())
        return told("growing.add")

    @cherrypy.expose
    def remove(self, name: str) -> str:
        delattr(self, name)
        return told("growing.remove")


class Lazy:
    """Children made when they are asked for."""

    def __getattr__(self, name: str) -> object:
        if name == "wanted":
            return OnlyIndex()
        raise AttributeError(name)


def decorated(handler: Callable[..., str]) -> Callable[..., str]:
    """Wrap a handler as applications do."""

    @functools.wraps(handler)
    def wrapper(*args: Any, **params: Any) -> str:
        return "decorated " + handler(*args, **params)

    return wrapper


class Root:
    """The tree."""

    _cp_config = {"seen.root": True, "seen.nearest": "class root"}

    leaf = Leaf()
    only_index = OnlyIndex()
    only_default = OnlyDefault()
    strict = StrictDefault()
    named = Named()
    called = Called()
    exposed_class = ExposedClass()
    nested = Nested(2)
    archive = Archive()
    calendar = Calendar()
    popped = PoppedByAttribute()
    dispatching = Dispatching()
    growing = Growing()
    lazy = Lazy()
    nothing = None
    number = 5

    @cherrypy.expose
    def index(self, **params: str) -> str:
        return told("index", **params)

    @cherrypy.expose
    def method(self, **params: str) -> str:
        return told("method", **params)

    method.child = cherrypy.expose(lambda *args: told("method.child", *args))

    @cherrypy.expose
    @decorated
    def wrapped(self, a: str, b: str = "B") -> str:
        return told("wrapped", a, b)

    @staticmethod
    @cherrypy.expose
    def static(a: str = "A") -> str:
        return told("static", a)

    late = functools.partial(told, "late")
    late.exposed = True


def build() -> Any:
    """Mount the tree at the root, with sections for existing and missing paths."""
    paths = (
        "/",
        "/index",
        "/leaf",
        "/leaf/",
        "/leaf/index",
        "/leaf/default",
        "/leaf/a",
        "/leaf/a/b",
        "/method",
        "/method/foo",
        "/nosuch",
        "/nosuch/deeper",
        "/named/a_b",
        "/named/a.b",
        "/archive/2024",
    )
    config = {path: {f"seen.section {path}": True} for path in paths}
    config["/leaf"]["seen.nearest"] = "section /leaf"
    config["/leaf/a"]["seen.nearest"] = "section /leaf/a"
    cherrypy.tree.mount(Root(), "", config)
    return cherrypy.tree
