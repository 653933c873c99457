"""Several applications side by side, grafted callables and virtual hosts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Iterable


class Site:
    """An application that tells its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cherrypy.expose
    def default(self, *args: str, **params: str) -> str:
        request = cherrypy.request
        return json.dumps(
            {
                "site": self.name,
                "args": args,
                "params": params,
                "script_name": request.script_name,
                "path_info": request.path_info,
                "app": request.app.script_name,
                "url": cherrypy.url("/x"),
                "tree": cherrypy.tree.script_name(),
                "config": request.app.config.get("own", {}),
                "found": request.app.find_config("/deep/er", "key", "no key"),
            },
            sort_keys=True,
        )

    index = default


def grafted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Tell what a foreign WSGI application sees."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = {
        key: environ[key] for key in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD")
    }
    return [json.dumps(told, sort_keys=True).encode()]


def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Fail as foreign applications may."""
    del environ, start_response
    raise ValueError("grafted and broken")


def middleware(application: Any) -> Any:
    """Put a header on every response."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("X-Middleware", "1")], exc_info)

        return application(environ, start)

    return wrapped


def build() -> Any:
    """Mount and graft."""
    tree = cherrypy.tree
    tree.mount(Site("root"), "/")
    tree.mount(Site("a"), "/a", {"own": {"k": "v"}, "/deep": {"key": "from /deep"}})
    tree.mount(Site("a/b"), "/a/b/")
    tree.mount(Site("ab"), "/ab")
    tree.mount(Site("replaced"), "/replaced")
    tree.mount(Site("replacing"), "/replaced")
    tree.graft(grafted, "/graft")
    tree.graft(failing, "/failing")
    wrapped = tree.mount(Site("wrapped"), "/wrapped", {"/": {"wsgi.pipeline": [("m", middleware)]}})
    assert wrapped.script_name == "/wrapped"
    removed = tree.mount(Site("removed"), "/removed")
    del tree.apps[removed.script_name]
    one = cherrypy.Application(Site("host one"))
    two = cherrypy.Application(Site("host two"))
    hosts = cherrypy.wsgi.VirtualHost(one, {"two.example": two, "two.example:8080": two})
    tree.graft(hosts, "/hosts")
    return tree
