"""JSON in both directions: the settings of both tools, and every kind of document."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib import jsontools

if TYPE_CHECKING:
    from collections.abc import Iterator


def own_processor(entity: Any) -> None:
    """As applications have them: with a decoder of their own."""
    cherrypy.request.json = [entity.fp.read().decode("utf-8")]


def own_handler(*args: Any, **kwargs: Any) -> Iterator[bytes]:
    """As applications have them: with an encoder of their own."""
    value = cherrypy.serving.request._json_inner_handler(*args, **kwargs)
    yield b"own "
    yield str(value).encode("utf-8")


def wrapping_handler(*args: Any, **kwargs: Any) -> bytes:
    """What is called by the default handler, in parentheses."""
    return b"(" + b"".join(jsontools.json_handler(*args, **kwargs)) + b")"


VALUES = {
    "object": {"a": [1, 2.5, None, True], "b": {}},
    "text": "\u00e9\u20ac\U0001f600\u2028</script>\x7f",
    "null": None,
    "keys": {1: "one", None: "null", 2.5: "float", "1": "text"},
    "truth": {True: False},
    "tuple": (1, (2, ())),
    "number": 1e100,
    "small": 1e-10,
    "large": 10**30,
    "zero": -0.0,
    "surrogate": "\ud800",
    "empty": "",
    "nan": float("nan"),
    "infinity": [float("inf"), -float("inf")],
    "set": {1},
    "decimal": decimal.Decimal("1.50"),
    "octets": b"octets",
    "anything": object(),
    "complex": 1j,
}


class Inward:
    """Handlers that take JSON; each tells what it got."""

    def index(self, **fields: str) -> str:
        """Tell the value and the parameters."""
        request = cherrypy.request
        return repr((getattr(request, "json", "none"), sorted(fields.items())))

    index.exposed = True  # type: ignore[attr-defined]


class Strict(Inward):
    _cp_config = {"tools.json_in.on": True}


class Lenient(Inward):
    _cp_config = {"tools.json_in.on": True, "tools.json_in.force": False}


class OneType(Inward):
    _cp_config = {
        "tools.json_in.on": True,
        "tools.json_in.content_type": "application/vnd.api+json",
    }


class TwoTypes(Inward):
    _cp_config = {
        "tools.json_in.on": True,
        "tools.json_in.content_type": ["application/a+json", "application/b+json"],
    }


class Own(Inward):
    _cp_config = {"tools.json_in.on": True, "tools.json_in.processor": own_processor}


class Unread(Inward):
    _cp_config = {"tools.json_in.on": True, "request.process_request_body": False}


class Methods(Inward):
    _cp_config = {"tools.json_in.on": True, "request.methods_with_bodies": ("POST", "DELETE")}


class Outward:
    """Handlers that give JSON."""

    _cp_config = {"tools.json_out.on": True}

    @cherrypy.expose
    def index(self, *names: str, **fields: str) -> object:
        return [names, fields]

    @cherrypy.expose
    def value(self, name: str) -> object:
        return VALUES[name]

    @cherrypy.expose
    def typed(self) -> object:
        cherrypy.response.headers["Content-Type"] = "application/hal+json"
        return 1

    @cherrypy.expose
    def status(self, code: str) -> object:
        cherrypy.response.status = int(code)
        return {"status": code}

    @cherrypy.expose
    def error(self, code: str = "404") -> object:
        raise cherrypy.HTTPError(int(code), "not here")

    @cherrypy.expose
    def redirect(self) -> object:
        raise cherrypy.HTTPRedirect("/value?name=null")

    @cherrypy.expose
    def inside(self) -> object:
        raise cherrypy.InternalRedirect("/value?name=null")

    @cherrypy.expose
    def failing(self) -> object:
        raise ValueError

    @cherrypy.expose
    @cherrypy.tools.json_out(on=False)
    def off(self) -> object:
        return "off"

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type="application/vnd.api+json")
    def one_type(self) -> object:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type="text/plain")
    def as_text(self) -> object:
        return "\u00e9"

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type=None)
    def no_type(self) -> object:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(handler=own_handler)
    def own(self, a: str = "none") -> object:
        return a

    @cherrypy.expose
    @cherrypy.tools.json_out(handler=wrapping_handler)
    def wrapped(self) -> object:
        return {"a": 1}

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def streamed(self) -> object:
        return {"a": [1, 2]}

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def tagged(self) -> object:
        return {"a": 1}

    @cherrypy.expose
    @cherrypy.tools.gzip(mime_types=["application/json"])
    def packed(self) -> object:
        return {"a": "b" * 500}

    @cherrypy.expose
    @cherrypy.tools.encode(text_only=False)
    def encoded(self) -> object:
        return {"a": "\u00e9"}

    @cherrypy.expose
    @cherrypy.tools.encode(on=False)
    def unencoded(self) -> object:
        return {"a": "\u00e9"}

    @cherrypy.expose
    @cherrypy.tools.accept(media="application/json")
    def accepted(self) -> object:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_in()
    def echo(self) -> object:
        return cherrypy.request.json

    @cherrypy.expose
    def inner(self) -> object:
        return type(cherrypy.request._json_inner_handler).__name__


class Rest:
    exposed = True
    _cp_config = {"tools.json_in.on": True, "tools.json_out.on": True}

    def GET(self) -> object:
        return {"method": "GET"}

    def POST(self) -> object:
        return {"method": "POST", "json": cherrypy.request.json}


class Root:
    strict = Strict()
    lenient = Lenient()
    one_type = OneType()
    two_types = TwoTypes()
    own = Own()
    unread = Unread()
    methods = Methods()
    out = Outward()
    rest = Rest()


def build() -> Any:
    """Mount at the root."""
    by_method = {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}
    cherrypy.tree.mount(Root(), "", {"/rest": by_method})
    return cherrypy.tree
