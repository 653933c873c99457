"""cherrypy.url in all its forms, and what a request knows of itself."""

from __future__ import annotations

import json
from typing import Any

import cherrypy

FORMS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((), {}),
    (("",), {}),
    (("/",), {}),
    (("/x",), {}),
    (("x",), {}),
    (("x/",), {}),
    (("../x",), {}),
    (("./x/",), {}),
    (("..",), {}),
    (("x/../y",), {}),
    (("/a/../b",), {}),
    (("/a//b",), {}),
    (("?y=2",), {}),
    (("#part",), {}),
    (("x", "q=1"), {}),
    (("x", {"q": "a b", "r": 1}), {}),
    (("x", [("q", 1), ("q", 2)]), {}),
    (("/x",), {"script_name": ""}),
    (("/x",), {"script_name": "/s"}),
    (("x",), {"script_name": "/s"}),
    (("/x",), {"base": "https://secure.example"}),
    (("/x",), {"base": ""}),
    (("",), {"base": "https://secure.example"}),
    (("/x",), {"relative": True}),
    (("x",), {"relative": True}),
    (("",), {"relative": True}),
    (("/sub/x",), {"relative": True}),
    (("/sub/deep/x",), {"relative": True}),
    (("/x",), {"relative": False}),
    (("/x",), {"relative": "server"}),
    (("x", "q=1"), {"relative": "server"}),
    (("/x",), {"relative": "server", "base": "https://secure.example"}),
)


class Asking:
    """Handlers that tell what they know."""

    @cherrypy.expose
    def index(self, **params: str) -> str:
        del params
        return "\n".join(f"{args} {named}: {cherrypy.url(*args, **named)}" for args, named in FORMS)

    page = index

    @cherrypy.expose
    def request(self, **params: str) -> str:
        request = cherrypy.request
        told = {
            "app": repr(request.app).partition("(")[0],
            "base": request.base,
            "closed": request.closed,
            "cookie": {name: morsel.value for name, morsel in request.cookie.items()},
            "dispatch": type(request.dispatch).__name__,
            "error_page": request.error_page,
            "header_list": sorted([name.title(), value] for name, value in request.header_list),
            "headers": dict(request.headers),
            "is_index": request.is_index,
            "local": [request.local.ip, request.local.port, request.local.name],
            "login": request.login,
            "method": request.method,
            "methods_with_bodies": request.methods_with_bodies,
            "params": request.params,
            "path_info": request.path_info,
            "prev": request.prev,
            "process_request_body": request.process_request_body,
            "protocol": request.protocol,
            "query_string": request.query_string,
            "query_string_encoding": request.query_string_encoding,
            "remote": [request.remote.ip, request.remote.port, request.remote.name],
            "request_line": request.request_line,
            "scheme": request.scheme,
            "script_name": request.script_name,
            "server_protocol": request.server_protocol,
            "show_mismatched_params": request.show_mismatched_params,
            "show_tracebacks": request.show_tracebacks,
            "stage": request.stage,
            "throw_errors": request.throw_errors,
            "throws": [throw.__name__ for throw in request.throws],
            "toolmaps": {key: sorted(tools) for key, tools in request.toolmaps.items()},
            "unique_id": [type(request.unique_id).__name__, len(str(request.unique_id))],
            "config": {key: repr(value) for key, value in sorted(request.config.items())},
            "given": params,
        }
        return json.dumps(told, sort_keys=True, indent=1)

    @cherrypy.expose
    def response(self) -> str:
        response = cherrypy.response
        return json.dumps(
            {
                "status": response.status,
                "header_list": response.header_list,
                "body": response.body,
                "stream": response.stream,
                "time": type(response.time).__name__,
                "headers": sorted(response.headers),
                "cookie": response.cookie.output(),
            },
        )

    @cherrypy.expose
    def headers(self) -> str:
        headers = cherrypy.request.headers
        return json.dumps(
            [
                headers.get("x-thing"),
                headers.get("X-THING"),
                "x-thing" in headers,
                headers.get("absent"),
                headers.get("absent", "default"),
                [[str(element), element.params] for element in headers.elements("Accept")],
                headers.values("Accept"),
                [[str(element), element.params] for element in headers.elements("X-Thing")],
                headers.elements("absent"),
            ],
            default=str,
        )

    @cherrypy.expose
    def header_names(self) -> str:
        return json.dumps([name for name, _ in cherrypy.request.header_list])

    @cherrypy.expose
    def own(self) -> str:
        request: Any = cherrypy.request
        request.user = "ann"
        request.login = "bob"
        return (
            f"{cherrypy.serving.request.user} {cherrypy.request.login} {hasattr(request, 'nosuch')}"
        )


class Root(Asking):
    """The tree."""

    sub = Asking()
    _cp_config = {"own.key": "own value"}


def build() -> Any:
    """Mount below the root."""
    cherrypy.tree.mount(Root(), "/app", {"/sub": {"own.section": [1, 2]}})
    return cherrypy.tree
