"""Sessions in memory, with ids that are the same in every run."""

from __future__ import annotations

import itertools
from typing import Any

import cherrypy
from cherrypy.lib import sessions

NUMBERS = itertools.count(1)


class Numbered(sessions.RamSession):
    """Has ids that anybody can guess, as only a test may."""

    def generate_id(self) -> str:
        return f"id{next(NUMBERS)}"


class Pages:
    """Handlers that use the session."""

    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def unused(self) -> str:
        return "nothing"

    @cherrypy.expose
    def known(self) -> str:
        session = cherrypy.session
        return f"{session.missing} {session.originalid} {session.regenerated} {session.timeout}"

    @cherrypy.expose
    def mapping(self) -> str:
        session = cherrypy.session
        done: list[Any] = [session.pop("no"), session.pop("no", None), session.get("no")]
        done += [session.setdefault("a", 1), session.setdefault("b"), "a" in session]
        session.update({"c": [2]})
        done += [sorted(session.keys()), list(session.values()), sorted(session.items(), key=str)]
        del session["b"]
        try:
            session["b"]
        except KeyError as error:
            done.append(repr(error))
        done.append(dict(session.items()))
        session.clear()
        done.append(dict(session.items()))
        return repr(done)

    @cherrypy.expose
    def regenerate(self) -> str:
        session = cherrypy.session
        session["x"] = 1
        session.regenerate()
        session.regenerate()
        return f"{dict(session.items())} {session.regenerated} {session.locked}"

    @cherrypy.expose
    def expire(self) -> str:
        cherrypy.session["x"] = 2
        cherrypy.lib.sessions.expire()
        cherrypy.response.cookie["sid"]["expires"] = "then"
        return str("max-age" in cherrypy.response.cookie["sid"])

    @cherrypy.expose
    def save(self) -> str:
        cherrypy.session["saved"] = True
        cherrypy.lib.sessions.save()
        return f"{cherrypy.request._sessionsaved} {cherrypy.session.locked}"

    @cherrypy.expose
    def refuse(self) -> None:
        cherrypy.session["refused"] = True
        raise cherrypy.HTTPError(403, "No")

    @cherrypy.expose
    def redirect(self) -> None:
        cherrypy.session["redirected"] = True
        raise cherrypy.HTTPRedirect("/content")

    @cherrypy.expose
    def elsewhere(self) -> None:
        cherrypy.session["elsewhere"] = True
        raise cherrypy.InternalRedirect("/content")

    @cherrypy.expose
    def generator(self) -> Any:
        cherrypy.session["generated"] = 1
        yield "a"
        cherrypy.session["generated"] += 1
        yield "b"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Any:
        cherrypy.session["streamed"] = 1
        yield "a"
        cherrypy.session["streamed"] += 1
        yield "b"

    @cherrypy.expose
    def content(self) -> str:
        return repr(sorted(cherrypy.session.items()))

    @cherrypy.expose
    @cherrypy.config(**{"tools.sessions.on": False})
    def off(self) -> str:
        return str(hasattr(cherrypy.serving, "session"))


def build() -> Any:
    """Give the application."""
    section = {
        "tools.sessions.on": True,
        "tools.sessions.storage_class": Numbered,
        "tools.sessions.name": "sid",
        "tools.sessions.persistent": False,
        "tools.sessions.httponly": False,
        "tools.sessions.samesite": False,
        "tools.sessions.clean_freq": 0,
    }
    by_header = {"tools.sessions.path_header": "X-Path", "tools.sessions.domain": "example.com"}
    plain = {"/unused": {"tools.sessions.httponly": True, "tools.sessions.secure": True}}
    return cherrypy.tree.mount(Pages(), "", {"/": section, "/known": by_header, **plain})
