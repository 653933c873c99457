"""An application as its author writes and checks it: ``mypy --strict`` has nothing to say."""

from collections.abc import Callable, Iterator
from typing import assert_type

import cherrypy
from cherrypy import Application, Tool
from cherrypy._request.request import Request
from cherrypy._request.response import Response


@cherrypy.tools.register("before_handler", name="stamp")
def stamp(text: str = "x") -> None:
    cherrypy.response.headers["X-Stamp"] = text


cherrypy.tools.other = Tool("before_finalize", stamp, priority=60)


@cherrypy.popargs("year", "month")
class Archive:
    @cherrypy.expose
    def index(self, year: str = "", month: str = "") -> str:
        return f"{year}-{month}"


class Root:
    archive = Archive()

    @cherrypy.expose
    def index(self) -> str:
        cherrypy.log("seen")
        return cherrypy.url("/") + cherrypy.request.method

    @cherrypy.expose(["alias", "other.name"])
    def named(self, number: int = 0) -> bytes:
        return b"%d" % number

    @cherrypy.expose(methods=["GET", "POST"])
    @cherrypy.tools.gzip(compress_level=6)
    @cherrypy.tools.stamp(text="hello")
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield "a"

    @cherrypy.expose
    def fail(self) -> None:
        with cherrypy.HTTPError.handle(KeyError, 404):
            raise KeyError
        raise cherrypy.HTTPRedirect("/")


# decorators keep the signature of the handler
assert_type(Root().index(), str)
assert_type(Root().named(number=1), bytes)
assert_type(Root().stream(), Iterator[str])
assert_type(Archive(), Archive)
assert_type(cherrypy.tree.mount(Root(), "/app", {"/": {"tools.gzip.on": True}}), Application)
assert_type(cherrypy.request, Request)
assert_type(cherrypy.response, Response)
function: Callable[[str], None] = stamp
cherrypy.engine.autoreload.unsubscribe()
cherrypy.config.update({"environment": "production"})
