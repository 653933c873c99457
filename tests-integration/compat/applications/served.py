"""What is asked over a socket: bodies in both directions, and limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Iterator


class Root:
    """Handlers that need a real connection."""

    @cherrypy.expose
    def index(self, **params: str) -> str:
        return "index " + json.dumps(params, sort_keys=True)

    @cherrypy.expose
    def seen(self, *args: str, **params: str) -> str:
        request = cherrypy.request
        headers = {
            name: value for name, value in request.headers.items() if not name.startswith("Remote")
        }
        return json.dumps(
            [
                request.method,
                request.path_info,
                request.query_string,
                request.request_line,
                request.server_protocol,
                request.protocol,
                headers,
                args,
                params,
            ],
            sort_keys=True,
        )

    @cherrypy.expose
    def body(self) -> bytes:
        content: bytes = cherrypy.request.body.read()
        return content

    @cherrypy.expose
    def unread(self) -> str:
        return "unread"

    unread._cp_config = {"request.process_request_body": False}

    @cherrypy.expose
    def stream(self) -> Iterator[str]:
        yield "first "
        yield ""
        yield "last"

    stream._cp_config = {"response.stream": True}

    @cherrypy.expose
    def generator(self) -> Iterator[str]:
        yield "first "
        yield "last"

    @cherrypy.expose
    def nothing(self) -> None:
        cherrypy.response.status = 204

    @cherrypy.expose
    def not_modified(self) -> None:
        raise cherrypy.HTTPRedirect([], 304)

    @cherrypy.expose
    def close(self) -> str:
        cherrypy.response.headers["Connection"] = "close"
        return "closed"

    @cherrypy.expose
    def fail(self) -> None:
        raise ValueError("unexpected")

    @cherrypy.expose
    def injected(self) -> str:
        cherrypy.response.headers["X-Own"] = "a\r\nX-Injected: yes"
        return "not injected"


def build() -> Any:
    """Mount at the root, with small limits."""
    cherrypy.config.update(
        {"server.max_request_header_size": 2000, "server.max_request_body_size": 1000},
    )
    cherrypy.tree.mount(Root(), "", {"/": {"request.show_tracebacks": False}})
    return cherrypy.tree
