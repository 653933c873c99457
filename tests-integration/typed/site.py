"""What the other distributions bring, and attributes of an application's own, as users write it."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Protocol, assert_type, cast

import cherrypy
from cherrypy._cprequest import Request
from cherrypy._cptools import HandlerTool, SessionTool
from cherrypy.lib import auth_basic, auth_digest, static
from cherrypy.process.plugins import Monitor


class SiteRequest(Request):
    """The attributes that this site puts on its requests."""

    db: sqlite3.Connection
    visits: int = 0


request = cast("SiteRequest", cherrypy.request)  # the line that declares them


class HasUser(Protocol):
    """The same for attributes of a tool, which works in every application."""

    user: str


def connect() -> None:
    cherrypy.request.db = sqlite3.connect(":memory:")  # needs no declaration
    cast("HasUser", cherrypy.request).user = cherrypy.request.login or "nobody"


cherrypy.tools.connect = cherrypy.Tool("before_handler", connect)


class Members:
    _cp_config = {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "members",
        "tools.auth_basic.checkpassword": auth_basic.checkpassword_dict({"ann": "secret"}),
    }

    @cherrypy.expose
    def index(self) -> str:
        return cherrypy.request.login or ""

    @cherrypy.expose
    @cherrypy.tools.auth_digest(realm="x", get_ha1=auth_digest.get_ha1_dict_plain({}), key="k")
    def digest(self) -> str:
        return "digest"


class Api:
    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    @cherrypy.tools.allow(methods=["POST"])
    def add(self) -> dict[str, int]:
        numbers: list[int] = cherrypy.request.json
        return {"sum": sum(numbers)}


class Resource:
    exposed = True

    def GET(self) -> bytes:
        return b"got"


class Root:
    members = Members()
    api = Api()
    files = cherrypy.tools.staticdir.handler(section="/files", dir="/srv/files")

    @cherrypy.expose
    @cherrypy.tools.sessions(timeout=20)
    @cherrypy.tools.connect()
    def index(self, name: str = "") -> str:
        session = cherrypy.session
        if "seen" not in session:
            session["seen"] = 0
        session["seen"] += 1
        session.setdefault("names", []).append(name)
        for key, value in session.items():
            cherrypy.log(f"{key}: {value}")
        cherrypy.session.regenerate()
        assert_type(cherrypy.session.id, str)
        assert_type(cherrypy.session.get("seen"), Any)
        cherrypy.tools.sessions.regenerate()
        assert_type(request.db, sqlite3.Connection)
        assert_type(request.visits + 1, int)
        rows: list[tuple[int]] = cherrypy.request.db.execute("select 1").fetchall()
        return f"{rows} {cherrypy.request.app.script_name} {cherrypy.request.app.config['/']}"

    @cherrypy.expose
    def download(self) -> Iterable[bytes]:
        return static.serve_file("/srv/files/a.pdf", "application/pdf", "attachment")

    @cherrypy.expose
    def upload(self, file: Any) -> str:
        cherrypy.response.status = "201 Created"
        cherrypy.response.headers["Location"] = cherrypy.url("/files/1")
        cherrypy.response.cookie["a"] = "b"
        cherrypy.response.cookie["a"]["max-age"] = 3600
        accepted: str | None = cherrypy.request.headers.get("Accept")
        cherrypy.log(accepted or "")
        assert_type(cherrypy.request.params, dict[str, Any])
        return str(file.filename)


class Counted(Monitor):
    """A plugin of the site's own."""


class OwnDispatcher(cherrypy.dispatch.Dispatcher):
    def find_handler(self, path: str) -> tuple[Any, list[str]]:
        return super().find_handler(path)


assert_type(cherrypy.tools.sessions, SessionTool)
assert_type(cherrypy.tools.staticdir, HandlerTool)
methods = cherrypy.dispatch.MethodDispatcher()
hosts = cherrypy.dispatch.VirtualHost(**{"a.example": "/a"})
routes: Callable[[], object] = cherrypy.dispatch.RoutesDispatcher
app = cherrypy.Application(Root(), "/", {"/": {"request.dispatch": methods}})
app.request_class = SiteRequest
app.wsgiapp.pipeline.append(("trap", cherrypy.wsgi.ExceptionTrapper))
by_host = cherrypy.wsgi.VirtualHost(app, {"b.example": cherrypy.Application(Api())})
cherrypy.tree.graft(by_host, "/hosts")
cherrypy.checker.on = False


def configure() -> None:
    cherrypy.server.socket_host = "0.0.0.0"  # noqa: S104
    cherrypy.server.socket_port = 8443
    cherrypy.server.thread_pool = 30
    cherrypy.server.ssl_certificate = "cert.pem"
    cherrypy.server.max_request_body_size = 0
    cherrypy.server.unsubscribe()
    assert_type(cherrypy.server.base(), str)
    cherrypy.servers["second"].socket_port = 8081
    if cherrypy.server.httpserver is not None:
        cherrypy.server.httpserver.stop()


def serve() -> None:
    Counted(cherrypy.engine, configure, frequency=60).subscribe()
    cherrypy.engine.subscribe("start", configure)
    cherrypy.engine.start()
    cherrypy.server.restart()
    cherrypy.engine.block()
