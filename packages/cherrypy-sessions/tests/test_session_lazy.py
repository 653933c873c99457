"""``tools.sessions.lazy``: no session before there is something in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib.sessions import RamSession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Pages:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def unused(self) -> str:
        return "nothing"

    @cherrypy.expose
    def read(self) -> str:
        session = cherrypy.session
        shown = f"{session.get('n')} {'n' in session} {sorted(session.keys())}"
        return f"{shown} {session.locked}"

    @cherrypy.expose
    def undo(self) -> str:
        cherrypy.session["n"] = 1
        del cherrypy.session["n"]
        return "undone"

    @cherrypy.expose
    def fill(self) -> str:
        cherrypy.session["basket"] = ["figs"]
        return "filled"

    @cherrypy.expose
    def add(self) -> str:
        cherrypy.session["basket"].append("plums")
        return f"{cherrypy.session['basket']} {cherrypy.session.locked}"

    @cherrypy.expose
    def add_all(self) -> str:
        for value in cherrypy.session.values():
            value.append("pears")
        return f"{dict(cherrypy.session.items())} {cherrypy.session.locked}"

    @cherrypy.expose
    def cacheable(self) -> str:
        cherrypy.response.headers["Cache-Control"] = "max-age=60"
        return str(cherrypy.session.get("n"))

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def early_stream(self) -> Iterator[str]:
        cherrypy.session["n"] = 5
        return self._pieces()

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def late_stream(self) -> Iterator[str]:
        return self._pieces()

    def _pieces(self) -> Iterator[str]:
        cherrypy.session["m"] = 6
        yield "a"

    @cherrypy.expose
    def login(self) -> str:
        cherrypy.session.regenerate()
        return str(cherrypy.session.get("n"))

    @cherrypy.expose
    def logout(self) -> str:
        cherrypy.lib.sessions.expire()
        return "bye"


def headers(answer: Any) -> tuple[bool, str | None, str | None]:
    """Return whether there is a cookie, and what caches are told."""
    return (
        bool(answer.values_of("Set-Cookie")),
        answer.field("Vary"),
        answer.field("Cache-Control"),
    )


def test_who_stores_nothing_has_no_session(site: Any) -> None:
    client = site(Pages(), lazy=True)
    assert headers(client.get("/unused")) == (False, None, None)
    answer = client.get("/read")
    assert answer.text == "None False [] True"
    assert headers(answer) == (False, "Cookie", "private")  # it would be another one with a cookie
    assert headers(client.get("/undo")) == (False, "Cookie", "private")
    assert headers(client.post("/undo")) == (False, "Cookie", "private")
    assert not RamSession.cache


def test_what_is_stored_begins_a_session(site: Any, cookie: Any) -> None:
    client = site(Pages(), lazy=True)
    answer = client.get("/")
    assert headers(answer) == (True, "Cookie", "private")
    mine = cookie(answer)
    assert client.get("/", Cookie=mine).text == "2"
    answer = client.get("/read", Cookie=mine)
    assert answer.text == "2 True ['n'] True"
    assert headers(answer) == (True, "Cookie", "private")  # the browser keeps it longer
    assert headers(client.get("/unused", Cookie=mine)) == (False, None, None)
    assert headers(client.get("/cacheable", Cookie=mine)) == (True, "Cookie", "max-age=60")


def test_what_can_be_changed_is_handed_out_locked(site: Any, cookie: Any) -> None:
    client = site(Pages(), lazy=True, serializer=None)
    mine = cookie(client.get("/fill"))
    assert client.get("/add", Cookie=mine).text == "['figs', 'plums'] True"
    assert client.get("/add_all", Cookie=mine).text == (
        "{'basket': ['figs', 'plums', 'pears']} True"
    )


def test_changes_inside_of_a_value_are_stored(site: Any, cookie: Any, tmp_path: Path) -> None:
    client = site(Pages(), lazy=True, storage_type="file", storage_path=str(tmp_path))
    mine = cookie(client.get("/fill"))
    client.get("/add", Cookie=mine)
    assert client.get("/add", Cookie=mine).text == "['figs', 'plums', 'plums'] True"


def test_a_stream_may_begin_a_session_before_it_begins(site: Any, cookie: Any) -> None:
    client = site(Pages(), lazy=True)
    answer = client.get("/early_stream")
    assert answer.text == "a"
    ((data, _),) = RamSession.cache.values()
    assert data == {"n": 5, "m": 6}
    assert client.get("/", Cookie=cookie(answer)).text == "6"


def test_a_stream_that_begins_a_session_too_late_is_an_error(site: Any) -> None:
    client = site(Pages(), lazy=True)
    answer = client.get("/late_stream")
    assert (answer.code, "tools.sessions.lazy" in answer.text) == (500, True)
    assert not RamSession.cache
    assert not RamSession.locks


def test_login_and_logout(site: Any, cookie: Any) -> None:
    client = site(Pages(), lazy=True)
    first = cookie(client.get("/"))
    answer = client.get("/login", Cookie=first)
    assert answer.text == "1"
    second = cookie(answer)
    assert second != first
    assert client.get("/read", Cookie=first).text.startswith("None")
    (line,) = client.get("/logout", Cookie=second).values_of("Set-Cookie")
    assert "Max-Age" not in line
