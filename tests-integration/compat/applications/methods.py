"""The method dispatcher, XML-RPC, and dispatchers chosen by configuration."""

from __future__ import annotations

import json
from typing import Any

import cherrypy


class Item:
    """One resource with some methods."""

    exposed = True

    def __init__(self, name: str = "item") -> None:
        self.name = name

    def GET(self, *args: str, **params: str) -> str:
        return json.dumps([self.name, "GET", args, params])

    def PUT(self, *args: str, **params: str) -> str:
        return json.dumps([self.name, "PUT", args, params])

    GET._cp_config = {
        "tools.response_headers.on": True,
        "tools.response_headers.headers": [("X-Get", "1")],
    }


class Collection:
    """A resource that has others below it."""

    exposed = True
    _cp_config = {
        "tools.response_headers.on": True,
        "tools.response_headers.headers": [("X-All", "1")],
    }
    known = Item("known")

    def GET(self, limit: str = "10") -> str:
        return f"collection of {limit}"

    def HEAD(self) -> str:
        cherrypy.response.headers["X-Head"] = "own"
        return ""

    def POST(self, **params: str) -> str:
        cherrypy.response.status = 201
        return json.dumps(params)

    def DELETE(self) -> None:
        cherrypy.response.status = 204

    def OPTIONS(self) -> str:
        return "own options"


@cherrypy.expose
class Decorated:
    """A resource exposed by the decorator, with an unusual method."""

    def GET(self) -> str:
        return "decorated"

    def PROPFIND(self) -> str:
        return "found"

    def get_lower(self) -> str:
        return "not a method"


class Hidden:
    """Not exposed."""

    def GET(self) -> str:
        return "hidden"


@cherrypy.popargs("number")
class Numbered:
    """A resource that takes its name from the path."""

    exposed = True

    def GET(self, number: str | None = None) -> str:
        return f"number {number}"


class Resources:
    """The root of the method tree."""

    exposed = True
    collection = Collection()
    decorated = Decorated()
    hidden = Hidden()
    numbered = Numbered()
    item = Item()

    def GET(self) -> str:
        return "root"


class Remote(cherrypy._cptools.XMLRPCController):
    """Functions to be called from afar."""

    @cherrypy.expose
    def add(self, a: int, b: int) -> int:
        return a + b

    @cherrypy.expose
    def echo(self, value: object) -> object:
        return value

    @cherrypy.expose
    def fail(self) -> None:
        raise ValueError("failed")


class Own:
    """An application with a dispatcher of its own."""

    @cherrypy.expose
    def page(self) -> str:
        return f"own dispatcher, {cherrypy.request.config.get('given')}"


def own_dispatcher(path_info: str) -> None:
    """Find the same handler for every path but one."""
    request = cherrypy.request
    request.config = dict(cherrypy.config, given=path_info)
    if path_info == "/nothing":
        request.handler = cherrypy.NotFound()
    else:
        request.handler = cherrypy.dispatch.PageHandler(Own().page)


def build() -> Any:
    """Mount several applications, each with its dispatcher."""
    by_method = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    cherrypy.tree.mount(Resources(), "/rest", by_method)
    cherrypy.tree.mount(Own(), "/own", {"/": {"request.dispatch": own_dispatcher}})
    remote: Any = type("Root", (), {})()
    remote.rpc = Remote()
    cherrypy.tree.mount(remote, "/remote")
    mixed: Any = type("Mixed", (), {})()
    mixed.index = cherrypy.expose(lambda: "default dispatcher")
    mixed.api = Resources()
    cherrypy.tree.mount(
        mixed,
        "/mixed",
        {"/api": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}},
    )
    hosts: Any = type("Hosts", (), {})()
    for name in ("one", "two"):
        site: Any = type("Site", (), {})()
        site.index = cherrypy.expose(lambda name=name: f"site {name}")
        site.page = cherrypy.expose(lambda *args, name=name: f"page of {name} {args}")
        setattr(hosts, name, site)
    hosts.index = cherrypy.expose(lambda: f"default site {cherrypy.request.path_info}")
    hosts.page = cherrypy.expose(lambda: cherrypy.url("/x"))
    cherrypy.tree.mount(
        hosts,
        "/hosts",
        {
            "/": {
                "request.dispatch": cherrypy.dispatch.VirtualHost(
                    **{"one.example": "/one", "two.example:8080": "/two"},
                ),
            },
        },
    )
    return cherrypy.tree
