"""The hooks of the sessions tool, and what applications put in the place of its parts."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy.lib import sessions
from cherrypy.lib.sessions import SessionTool
from wsgi_client import Client


class NotedSession(dict[str, Any]):
    """Notes what is done with it; it has nothing that is ours."""

    def __init__(self, done: list[object]) -> None:
        super().__init__()
        self.done = done
        self.id = "abc"
        self.locked = False

    def acquire_lock(self) -> None:
        """Note it."""
        self.done.append("lock")
        self.locked = True

    def release_lock(self) -> None:
        """Note it."""
        self.done.append("release")

    def save(self) -> None:
        """Note it."""
        self.done.append("save")

    def regenerate(self) -> None:
        """Note it."""
        self.done.append("regenerate")


class Root:
    def __init__(self, done: list[object]) -> None:
        self.done = done

    @cherrypy.expose
    def index(self) -> str:
        self.done.append("handler")
        return ""

    @cherrypy.expose
    def fails(self) -> None:
        raise ValueError

    @cherrypy.expose
    def regenerates(self) -> str:
        tool: Any = cherrypy.tools.noted_sessions
        tool.regenerate()
        return ""


def ask(target: str = "/", tool: Any = None, **settings: object) -> tuple[Any, list[object]]:
    """Ask for a page with a session that somebody else opens; return answer and steps."""
    done: list[object] = []

    def open_session(**given: object) -> None:
        done.append(("open", cherrypy.request.stage, given))
        cherrypy.serving.session = NotedSession(done)

    tool = tool or SessionTool()
    tool.callable = open_session
    cherrypy.tools.noted_sessions = tool
    config = {"tools.noted_sessions.on": True}
    config |= {f"tools.noted_sessions.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    try:
        return Client(cherrypy.Application(Root(done), "", {"/": config})).get(target), done
    finally:
        del cherrypy.tools.noted_sessions


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({}, ["lock", "handler", "save", "release"]),
        ({"locking": "implicit"}, ["lock", "handler", "save", "release"]),
        ({"locking": "early"}, ["lock", "handler", "save", "release"]),
        ({"locking": "explicit"}, ["handler", "save"]),
        ({"locking": "none", "timeout": 5}, ["handler", "save"]),
    ],
)
def test_sessions_are_opened_locked_saved_and_closed(
    settings: dict[str, Any], steps: list[str]
) -> None:
    answer, done = ask(**settings)
    assert answer.code == 200
    assert done == [("open", "before_request_body", settings), *steps]


def test_sessions_are_closed_when_something_fails() -> None:
    answer, done = ask("/fails")
    assert answer.code == 500
    assert done[1:] == ["lock", "release"]


def test_the_tool_sends_the_new_id_with_the_settings_of_the_cookie() -> None:
    answer, done = ask("/regenerates", name="sid", persistent=False, storage="x")
    assert "regenerate" in done
    assert answer.values_of("Set-Cookie") == ["sid=abc; HttpOnly; Path=/; SameSite=Lax"]


def test_a_subclass_may_set_up_in_its_own_way() -> None:
    class Own(SessionTool):
        calls = 0

        def _setup(self) -> None:
            Own.calls += 1
            super()._setup()

    _, done = ask(tool=Own())
    assert Own.calls == 1
    assert done[1:] == ["lock", "handler", "save", "release"]


def test_the_hooks_are_where_and_what_they_were_in_cherrypy_18() -> None:
    """Applications attach their own before and after them."""
    tool: Any = cherrypy.tools.sessions
    assert (tool._point, tool._priority, tool.callable) == (
        "before_request_body",
        50,
        sessions.init,
    )
    assert sessions.save.failsafe
    assert sessions.close.failsafe
    assert sessions.close.priority == 90


def test_settings_can_be_looked_up_on_the_tool() -> None:
    tool: Any = cherrypy.tools.sessions
    names = ("timeout", "name", "path", "domain", "secure", "storage_type", "persistent")
    assert [getattr(tool, name) for name in names] == [None] * len(names)


def test_the_class_is_found_where_cherrypy_18_has_it() -> None:
    assert cherrypy._cptools.SessionTool is SessionTool
