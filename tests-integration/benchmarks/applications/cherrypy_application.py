"""The same for CherryPy 18.10.0 and for this project."""

from __future__ import annotations

import socket
from typing import Any

from benchmarks.scenarios import DOCUMENT, GREETING, LONG_TEXT, SECTIONS

import cherrypy


class Item:
    """Resources whose handlers are methods."""

    exposed = True

    def GET(self, number: str) -> str:
        return f"resource {number}"


class Section:
    """A page whose path has a section in the configuration."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cherrypy.expose
    def page(self) -> str:
        return f"page of {self.name}"


class Hello:
    """The smallest application."""

    @cherrypy.expose
    def index(self) -> str:
        return GREETING.decode()


class Root(Hello):
    """The handlers."""

    resources = Item()

    @cherrypy.expose
    def items(self, number: str, limit: str = "5") -> str:
        return f"item {number}, limit {limit}"

    @cherrypy.expose
    def form(self, name: str, **fields: str) -> str:
        return f"{name}, {len(fields) + 1} fields"

    @cherrypy.expose
    def upload(self, title: str, upload: Any) -> str:
        assert title == "A title"
        return f"{upload.filename}: {len(upload.file.read())}"

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def document(self) -> Any:
        return DOCUMENT

    @cherrypy.expose
    @cherrypy.tools.json_in()
    def document_in(self) -> str:
        document = cherrypy.request.json
        return f"{document['title']}, {len(document['songs'])} songs"

    @cherrypy.expose
    @cherrypy.tools.gzip()
    def compressed(self) -> bytes:
        return LONG_TEXT

    @cherrypy.expose
    @cherrypy.tools.caching()
    def cached(self) -> str:
        return f"{len(LONG_TEXT)} octets"

    @cherrypy.expose
    def old(self) -> None:
        raise cherrypy.HTTPRedirect("/")


def build(application: str) -> Any:
    """Mount an application on the tree, with nothing written to any log."""
    cherrypy.config.update(
        {"log.screen": False, "checker.on": False, "engine.autoreload.on": False},
    )
    if application == "hello":
        cherrypy.tree.mount(Hello())
    elif application == "configured":
        root: Any = Root()
        sections: dict[str, dict[str, object]] = {}
        for number in range(SECTIONS):
            name = f"section_{number}"
            setattr(root, name, Section(name))
            sections[f"/{name}"] = {"own.number": number, "tools.trailing_slash.on": True}
        cherrypy.tree.mount(root, "", sections)
    else:
        by_method = {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}
        cherrypy.tree.mount(Root(), "", {"/resources": by_method})
    return cherrypy.tree


def serve(application: Any) -> int:
    """Start the engine with its HTTP server on a free port, which is returned."""
    del application  # the server serves cherrypy.tree
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    cherrypy.config.update(
        {"server.socket_host": "127.0.0.1", "server.socket_port": port, "server.thread_pool": 10},
    )
    cherrypy.engine.start()
    return port
