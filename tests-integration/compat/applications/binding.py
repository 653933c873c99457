"""Parameters of the path, the query and the body, and the handlers that take them."""

from __future__ import annotations

import functools
import json
from typing import Any

import cherrypy


def told(*args: object, **params: object) -> str:
    """Tell what arrived, with its types."""
    return json.dumps([args, params], sort_keys=True, default=repr)


class Callable:
    """A callable object as a handler."""

    exposed = True

    def __call__(self, a: str, b: str = "B") -> str:
        return told(a, b)


class Strict:
    """Handlers that do not say why the arguments did not fit."""

    _cp_config = {"request.show_mismatched_params": False}

    @cherrypy.expose
    def two(self, a: str, b: str) -> str:
        return told(a, b)


class Latin:
    """Handlers for another encoding of the query."""

    _cp_config = {"request.query_string_encoding": "iso-8859-1"}

    @cherrypy.expose
    def any(self, **params: str) -> str:
        return told(**params)


class Root:
    """Handlers with every kind of signature."""

    callable = Callable()
    strict = Strict()
    latin = Latin()
    partial = functools.partial(told, "bound")
    partial.exposed = True

    @cherrypy.expose
    def none(self) -> str:
        return told()

    @cherrypy.expose
    def one(self, a: str) -> str:
        return told(a)

    @cherrypy.expose
    def two(self, a: str, b: str = "B") -> str:
        return told(a, b)

    @cherrypy.expose
    def args(self, *args: str) -> str:
        return told(*args)

    @cherrypy.expose
    def params(self, **params: str) -> str:
        return told(**params)

    @cherrypy.expose
    def all(self, a: str, *args: str, **params: str) -> str:
        return told(a, *args, **params)

    @cherrypy.expose
    def keyword(self, *, k: str) -> str:
        return told(k=k)

    @cherrypy.expose
    def keyword_default(self, a: str = "A", *, k: str = "K") -> str:
        return told(a, k=k)

    @cherrypy.expose
    def positional(self, a: str, /, b: str = "B") -> str:
        return told(a, b)

    @cherrypy.expose
    def type_error(self, a: str) -> str:
        return told(len(5), a)  # type: ignore[arg-type]

    @cherrypy.expose
    def inner_mismatch(self, a: str) -> str:
        return self.two(a, a, a)  # type: ignore[call-arg]

    @cherrypy.expose
    def attributes(self, **params: str) -> str:
        request = cherrypy.request
        return told(
            request.params,
            request.body.params,
            request.query_string,
            request.handler.callable.__name__
            if hasattr(request.handler, "callable")
            else "wrapped",
            **params,
        )

    @cherrypy.expose
    def body(self) -> str:
        body = cherrypy.request.body
        return told(
            body.content_type.value,
            body.content_type.params,
            body.charset,
            body.length,
            body.name,
            body.filename,
            body.params,
            type(body.fp).__name__ if body.fp is None else "fp",
        )

    @cherrypy.expose
    def read(self) -> bytes:
        content: bytes = cherrypy.request.body.read()
        return content


def build() -> Any:
    """Mount at the root."""
    cherrypy.tree.mount(Root())
    return cherrypy.tree
