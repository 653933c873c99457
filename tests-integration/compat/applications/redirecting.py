"""Redirects, to the outside and inside."""

from __future__ import annotations

import json
from typing import Any

import cherrypy

ALL_HEADERS = (
    "Accept-Ranges",
    "Age",
    "Allow",
    "Cache-Control",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "ETag",
    "Expires",
    "Last-Modified",
    "Location",
    "Retry-After",
    "Vary",
    "WWW-Authenticate",
    "X-Own",
)


def set_every_header() -> None:
    """Set what a handler may have set before it changes its mind."""
    for name in ALL_HEADERS:
        cherrypy.response.headers[name] = "1"
    cherrypy.response.headers["Content-Type"] = "text/plain"
    cherrypy.response.cookie["seen"] = "yes"


class Root:
    """Handlers that send the client elsewhere."""

    @cherrypy.expose
    def index(self, **params: str) -> str:
        return "index " + json.dumps(params, sort_keys=True)

    @cherrypy.expose
    def to(self, url: str, status: str | None = None) -> None:
        raise cherrypy.HTTPRedirect(url, int(status) if status else None)

    @cherrypy.expose
    def to_text_status(self, status: str) -> None:
        raise cherrypy.HTTPRedirect("/x", status)

    @cherrypy.expose
    def several(self, status: str = "303") -> None:
        raise cherrypy.HTTPRedirect(["/a", "b?x=1&y=2", "http://other.example/<c>"], int(status))

    @cherrypy.expose
    def after_headers(self, status: str) -> None:
        set_every_header()
        raise cherrypy.HTTPRedirect("/x", int(status))

    @cherrypy.expose
    def encoded(self) -> None:
        raise cherrypy.HTTPRedirect("/caf\u00e9", encoding="iso-8859-1")

    @cherrypy.expose
    def injected(self) -> None:
        raise cherrypy.HTTPRedirect("/x\r\nX-Injected: yes")

    @cherrypy.expose
    def inspected(self) -> str:
        try:
            raise cherrypy.HTTPRedirect(["/a", "b"], 301)
        except cherrypy.HTTPRedirect as redirect:
            return json.dumps([redirect.urls, redirect.status, redirect.args])

    @cherrypy.expose
    def generated(self) -> object:
        yield "never seen"
        raise cherrypy.HTTPRedirect("/from-generator")

    @cherrypy.expose
    def inside(self, path: str, query: str = "") -> None:
        raise cherrypy.InternalRedirect(path, query)

    @cherrypy.expose
    def target(self, **params: str) -> str:
        request = cherrypy.request
        previous = []
        while request.prev is not None:
            request = request.prev
            previous.append([request.path_info, request.query_string, request.method])
        return json.dumps(
            {
                "params": params,
                "path_info": cherrypy.request.path_info,
                "query_string": cherrypy.request.query_string,
                "method": cherrypy.request.method,
                "request_line": cherrypy.request.request_line,
                "previous": previous,
            },
            sort_keys=True,
        )

    @cherrypy.expose
    def loop(self) -> None:
        raise cherrypy.InternalRedirect("/loop")

    @cherrypy.expose
    def long_loop(self, n: str = "0") -> str:
        if int(n) < 3:
            raise cherrypy.InternalRedirect("/long_loop", f"n={int(n) + 1}")
        return f"after {n}"

    @cherrypy.expose
    def inside_to_outside(self) -> None:
        raise cherrypy.InternalRedirect("/to", "url=/x")

    @cherrypy.expose
    def changed(self) -> None:
        cherrypy.response.headers["X-First"] = "1"
        cherrypy.response.cookie["first"] = "1"
        cherrypy.response.status = 201
        raise cherrypy.InternalRedirect("/")

    slashed = type("Slashed", (), {"index": cherrypy.expose(lambda self: "slashed")})()


class ByTool(Root):
    """Redirects by configuration."""

    @cherrypy.expose
    @cherrypy.tools.redirect(url="/app/target", internal=False)
    def external(self) -> str:
        return "not reached"

    @cherrypy.expose
    @cherrypy.tools.redirect(url="/target")
    def internal(self) -> str:
        return "not reached"

    @cherrypy.expose
    @cherrypy.tools.trailing_slash(extra=True)
    def no_slash(self) -> str:
        return "no slash"

    @cherrypy.expose
    @cherrypy.tools.trailing_slash(status=307, extra=True)
    def temporary(self) -> str:
        return "no slash"

    unslashed = type(
        "Unslashed",
        (),
        {
            "index": cherrypy.expose(lambda self: "unslashed"),
            "_cp_config": {"tools.trailing_slash.on": False},
        },
    )()
    unfilled = type(
        "Unfilled",
        (),
        {
            "index": cherrypy.expose(lambda self: "unfilled"),
            "_cp_config": {"tools.trailing_slash.missing": False},
        },
    )()


def build() -> Any:
    """Mount below the root, so that relative addresses show their base."""
    cherrypy.tree.mount(ByTool(), "/app")
    return cherrypy.tree
