"""The same for CherryPy 18.10.0 and for this project."""

from __future__ import annotations

import logging.config
import os
import socket
import tempfile
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
    """Mount an application on the tree; nothing but what it is named after is logged."""
    cherrypy.config.update(
        {"log.screen": False, "checker.on": False, "engine.autoreload.on": False},
    )
    if application.startswith("logged"):
        log_accesses(by_logging=application == "logged_by_logging")
        cherrypy.tree.mount(Hello())
    elif application == "hello":
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


def log_accesses(*, by_logging: bool) -> None:
    """Write the access log to a file, which is gone when this interpreter has ended."""
    with tempfile.TemporaryDirectory() as folder:  # an open file needs no name
        path = os.path.join(folder, "access.log")  # noqa: PTH118 - for both as text
        if not by_logging:
            cherrypy.config.update({"log.access_file": path})
            return
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"plain": {"format": "%(message)s"}},
                "handlers": {
                    "file": {
                        "class": "logging.FileHandler",
                        "filename": path,
                        "formatter": "plain",
                        "encoding": "utf-8",
                    },
                },
                "loggers": {
                    "cherrypy.access": {"handlers": ["file"], "level": "INFO", "propagate": False},
                },
            },
        )


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
