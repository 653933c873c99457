"""What handlers return, and what the encode tool makes of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Iterator

E_ACUTE_EURO = "\u00e9\u20ac"


class Kinds:
    """One handler for each kind of result."""

    @cherrypy.expose
    def none(self) -> None:
        return None

    @cherrypy.expose
    def empty(self) -> str:
        return ""

    @cherrypy.expose
    def text(self) -> str:
        return E_ACUTE_EURO

    @cherrypy.expose
    def octets(self) -> bytes:
        return b"\xff\x00"

    @cherrypy.expose
    def list(self) -> object:
        return ["a", b"b", E_ACUTE_EURO]

    @cherrypy.expose
    def empty_list(self) -> object:
        return []

    @cherrypy.expose
    def tuple(self) -> object:
        return ("a", "b")

    @cherrypy.expose
    def generator(self) -> Iterator[object]:
        yield "a"
        yield b"b"
        yield E_ACUTE_EURO

    @cherrypy.expose
    def empty_generator(self) -> Iterator[str]:
        yield from ()

    @cherrypy.expose
    def generator_with_none(self) -> Iterator[object]:
        yield "a"
        yield None
        yield "b"

    @cherrypy.expose
    def failing_generator(self) -> Iterator[str]:
        yield "a"
        raise ValueError("in the generator")

    @cherrypy.expose
    def generator_of_numbers(self) -> Iterator[int]:
        yield 1

    @cherrypy.expose
    def octets_file(self) -> object:
        return io.BytesIO(b"file")

    @cherrypy.expose
    def text_file(self) -> object:
        return io.StringIO(E_ACUTE_EURO)

    @cherrypy.expose
    def mapping(self) -> object:
        return {"a": 1, "b": 2}

    @cherrypy.expose
    def number(self) -> object:
        return 5

    @cherrypy.expose
    def truth(self) -> object:
        return True

    @cherrypy.expose
    def object(self) -> object:
        return object()

    @cherrypy.expose
    def nested(self) -> object:
        return ["a", ["b"]]

    @cherrypy.expose
    def response_body(self) -> None:
        cherrypy.response.body = b"set by hand"

    @cherrypy.expose
    def both(self) -> str:
        cherrypy.response.body = b"set by hand"
        return "returned"


class Types(Kinds):
    """Content types."""

    @cherrypy.expose
    def typed(self, media_type: str) -> str:
        cherrypy.response.headers["Content-Type"] = media_type
        return E_ACUTE_EURO

    @cherrypy.expose
    def typed_octets(self, media_type: str) -> bytes:
        cherrypy.response.headers["Content-Type"] = media_type
        return b"octets"

    @cherrypy.expose
    def untyped(self) -> str:
        del cherrypy.response.headers["Content-Type"]
        return "text"

    @cherrypy.expose
    def own_length(self, length: str) -> str:
        cherrypy.response.headers["Content-Length"] = length
        return "text"

    @cherrypy.expose
    def collapse(self) -> bytes:
        cherrypy.response.body = iter([b"a", b"b"])
        collapsed: bytes = cherrypy.response.collapse_body()
        return collapsed + b"c"


class Section(Types):
    """The same handlers under other settings."""

    def __init__(self, **settings: object) -> None:
        self._cp_config = {key.replace("__", "."): value for key, value in settings.items()}


class Root(Types):
    """The tree, one branch for each set of encode options."""

    off = Section(tools__encode__on=False)
    latin = Section(tools__encode__encoding="iso-8859-1")
    ascii = Section(tools__encode__encoding="us-ascii")
    replace = Section(tools__encode__encoding="us-ascii", tools__encode__errors="xmlcharrefreplace")
    default = Section(tools__encode__default_encoding="utf-16-le")
    everything = Section(tools__encode__text_only=False)
    no_charset = Section(tools__encode__add_charset=False)
    stream = Section(response__stream=True)
    stream_latin = Section(response__stream=True, tools__encode__encoding="iso-8859-1")
    stream_off = Section(response__stream=True, tools__encode__on=False)


def build() -> Any:
    """Mount at the root."""
    cherrypy.tree.mount(Root())
    return cherrypy.tree
