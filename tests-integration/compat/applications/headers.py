"""Response headers and cookies."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import cherrypy


class Root:
    """Handlers that set what is asked of them."""

    @cherrypy.expose
    def set(self, name: str, value: str = "") -> str:
        cherrypy.response.headers[name] = value
        return "set"

    @cherrypy.expose
    def set_value(self, kind: str) -> str:
        values: dict[str, Any] = {
            "int": 5,
            "bytes": b"octets",
            "none": None,
            "list": ["a", "b"],
            "latin": "caf\u00e9",
            "unicode": "\u20ac uro",
            "emoji": "\U0001f600",
            "crlf": "a\r\nX-Injected: yes",
            "lf": "a\nX-Injected: yes",
            "cr": "a\rb",
            "nul": "a\x00b",
            "tab": "a\tb",
            "blanks": "  a  ",
            "long": "x" * 2000,
            "long_unicode": "\u20ac" * 60,
        }
        cherrypy.response.headers["X-Value"] = values[kind]
        return "set"

    @cherrypy.expose
    def set_name(self, kind: str) -> str:
        names = {
            "crlf": "X-A\r\nX-Injected",
            "space": "X A",
            "colon": "X:A",
            "unicode": "X-\u20ac",
            "latin": "X-\u00e9",
            "lower": "x-lower-case",
            "odd": "x-oDD-cASE",
            "underscore": "x_under_score",
        }
        cherrypy.response.headers[names[kind]] = "v"
        return "set"

    @cherrypy.expose
    def mapping(self) -> str:
        headers = cherrypy.response.headers
        headers["x-one"] = "1"
        headers.update({"X-ONE": "2", "x-two": "2"})
        headers.setdefault("X-TWO", "3")
        headers.setdefault("x-three", "3")
        removed = headers.pop("X-Three")
        return json.dumps([removed, "X-One" in headers, headers.get("x-one"), len(headers)])

    @cherrypy.expose
    def without_date(self) -> str:
        del cherrypy.response.headers["Date"]
        del cherrypy.response.headers["Server"]
        return "without"

    @cherrypy.expose
    def cookie(self, value: str = "simple") -> str:
        cherrypy.response.cookie["name"] = value
        return "cookie"

    @cherrypy.expose
    def cookie_attributes(self) -> str:
        cookie = cherrypy.response.cookie
        cookie["a"] = "1"
        cookie["a"]["path"] = "/x"
        cookie["a"]["domain"] = "example.com"
        cookie["a"]["max-age"] = 3600
        cookie["a"]["secure"] = 1
        cookie["a"]["httponly"] = True
        cookie["a"]["samesite"] = "Lax"
        cookie["b"] = "2"
        cookie["b"]["expires"] = "Wed, 01 Jan 2020 00:00:00 GMT"
        cookie["c"] = "3"
        cookie["c"]["comment"] = "why"
        cookie["c"]["version"] = 1
        return "cookies"

    @cherrypy.expose
    def cookies(self) -> str:
        return json.dumps(
            {name: morsel.value for name, morsel in cherrypy.request.cookie.items()},
            sort_keys=True,
        )

    @cherrypy.expose
    def dated(self) -> str:
        moment = dt.datetime(2024, 2, 29, 12, 0, tzinfo=dt.UTC)
        cherrypy.response.headers["Last-Modified"] = cherrypy.lib.httputil.HTTPDate(
            moment.timestamp(),
        )
        return "dated"

    @cherrypy.expose
    @cherrypy.tools.response_headers(headers=[("X-Tool", "1"), ("Content-Type", "text/plain")])
    def by_tool(self) -> str:
        return "tool"

    @cherrypy.expose
    @cherrypy.tools.response_headers(headers=[("X-Tool", "1")])
    def by_tool_overridden(self) -> str:
        cherrypy.response.headers["X-Tool"] = "2"
        return "tool"

    @cherrypy.expose
    @cherrypy.tools.ignore_headers(headers=("X-Thing", "Range"))
    def ignoring(self) -> str:
        return json.dumps(sorted(cherrypy.request.headers))

    @cherrypy.expose
    @cherrypy.tools.autovary()
    def varying(self) -> str:
        headers = cherrypy.request.headers
        headers.get("Accept-Language")
        seen = "User-Agent" in headers
        return f"varying {seen}"


def build() -> Any:
    """Mount at the root."""
    cherrypy.tree.mount(Root())
    return cherrypy.tree
