"""The content of requests."""

from __future__ import annotations

import json
from typing import Any

from mounted import ask
from telling import alone, attempt, make, tell

import cherrypy


@alone
def read(config: Any, headers: list[list[str]], body: str, method: str) -> Any:
    """Read the content of a request, and tell what a handler gets of it."""

    class Root:
        _cp_config = {"request.show_tracebacks": False}

        @cherrypy.expose
        def index(self, **kwargs: Any) -> str:
            entity = cherrypy.serving.request.body
            return json.dumps(
                {
                    "kwargs": sorted([key, _told(value)] for key, value in kwargs.items()),
                    "params": sorted([key, _told(value)] for key, value in entity.params.items()),
                    "parts": [_told(part) for part in entity.parts or []],
                    "type": str(entity.content_type),
                    "charset": entity.charset,
                    "length": tell(entity.length),
                    "rest": tell(entity.fp.read() if entity.fp else None)
                    if entity.params == {} and not entity.parts
                    else None,
                }
            )

    app = cherrypy.Application(Root(), "", {"/": make(config)} if config else None)
    return ask(app, method, "/", headers, body, "HTTP/1.1")


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(item) for item in value]
    if not hasattr(value, "content_type"):
        return tell(value)
    return {
        "name": tell(value.name),
        "filename": tell(value.filename),
        "type": str(value.content_type),
        "charset": tell(value.charset),
        "headers": sorted(value.headers.items()),
        "file": attempt(value.file.read) if value.file else None,
        "value": attempt(lambda: value.value),
    }


def sized(content: str, length: Any, maxbytes: Any, steps: list[list[Any]]) -> Any:
    """Read from a reader that knows the length, step by step."""
    reader = cherrypy._cpreqbody.SizedReader(
        make({"file": content}), length, maxbytes, bufsize=8, has_trailers=False
    )
    return [attempt(getattr(reader, name), *args) for name, *args in steps]
