"""``tools.sessions.lazy``: no session before there is something in it, no lock to read one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.sessions import FileSession, RamSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE = 20.0


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
    assert answer.text == "None False [] False"
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
    assert answer.text == "2 True ['n'] False"
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
    with pytest.raises(RuntimeError, match=r"tools\.sessions\.lazy"):
        client.get("/late_stream")
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


# ---- several requests at once --------------------------------------------------------------------


class Meeting(Pages):
    """Pages that meet each other while they read."""

    def __init__(self) -> None:
        self.runs = 0
        self.has_read = threading.Event()
        self.may_go_on = threading.Event()
        self.is_unsafe = False

    def _meet(self) -> int:
        count: int = cherrypy.session.get("n", 0)
        self.runs += 1
        if self.runs == 1:
            self.has_read.set()
            assert self.may_go_on.wait(DEADLINE)
        return count

    @cherrypy.expose
    def slow_read(self) -> str:
        return str(self._meet())

    @cherrypy.expose
    def slow_count(self) -> str:
        try:
            cherrypy.session["n"] = self._meet() + 1
        except Exception as error:
            return f"swallowed {error}"
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def save_between(self) -> str:
        cherrypy.session["m"] = cherrypy.session.get("m", 0) + 1
        cherrypy.session.save()
        cherrypy.session["n"] = self._meet_locked() + 1
        return f"{cherrypy.session['m']} {cherrypy.session['n']}"

    def _meet_locked(self) -> int:
        self.has_read.set()
        count: int = cherrypy.session.get("n", 0)
        self.runs += 1
        return count

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def slow_stream(self) -> Iterator[str]:
        yield "counting: "
        cherrypy.session["n"] = self._meet() + 1
        yield str(cherrypy.session["n"])


def meet(site: Any, cookie: Any, path: str, meanwhile: Callable[[Any, str], None]) -> Any:
    """Ask for a page, and do something while it has read the session; give its answer."""
    pages = Meeting()
    client = site(pages, lazy=True)
    mine = cookie(client.get("/"))
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(client.get(path, Cookie=mine))
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert pages.has_read.wait(DEADLINE)
    meanwhile(client, mine)
    pages.may_go_on.set()
    thread.join(DEADLINE)
    return client, mine, pages, answers[0]


def count_up(client: Any, mine: str) -> None:
    assert client.get("/", Cookie=mine).text == "2"


def test_who_reads_keeps_nobody_waiting(site: Any, cookie: Any) -> None:
    client, mine, pages, answer = meet(site, cookie, "/slow_read", count_up)
    assert (answer.text, pages.runs) == ("1", 1)
    assert client.get("/read", Cookie=mine).text.startswith("2")


def test_who_has_read_what_is_outdated_reads_again_before_it_writes(site: Any, cookie: Any) -> None:
    client, mine, pages, answer = meet(site, cookie, "/slow_count", count_up)
    assert (answer.text, pages.runs) == ("3", 2)
    assert client.get("/read", Cookie=mine).text.startswith("3")


def test_who_has_read_what_is_still_so_runs_once(site: Any, cookie: Any) -> None:
    def only_read(client: Any, mine: str) -> None:
        assert client.get("/read", Cookie=mine).text.startswith("1")

    _, _, pages, answer = meet(site, cookie, "/slow_count", only_read)
    assert (answer.text, pages.runs) == ("2", 1)


def test_a_stream_can_not_run_again_and_is_an_error(site: Any, cookie: Any) -> None:
    client, mine, _, answer = meet(site, cookie, "/slow_stream", count_up)
    assert isinstance(answer, cherrypy.HTTPError)
    assert answer.status == 503
    assert client.get("/read", Cookie=mine).text.startswith("2")
    assert not RamSession.locks


def test_who_has_stored_something_does_not_run_again(site: Any, cookie: Any) -> None:
    """From there on it locks to read, as others do."""

    def nothing(client: Any, mine: str) -> None:
        del client, mine

    _, _, pages, answer = meet(site, cookie, "/save_between", nothing)
    assert (answer.text, pages.runs) == ("1 2", 1)


def test_a_request_that_is_not_safe_locks_to_read(site: Any, cookie: Any) -> None:
    """Its handler must not run twice."""
    client = site(Pages(), lazy=True)
    mine = cookie(client.get("/"))
    assert client.post("/read", Cookie=mine).text.endswith("True")


# ---- expiry --------------------------------------------------------------------------------------


def test_who_only_reads_makes_the_session_last_longer(
    site: Any, cookie: Any, tmp_path: Path
) -> None:
    client = site(Pages(), lazy=True, storage_type="file", storage_path=str(tmp_path), timeout=60)
    mine = cookie(client.get("/"))

    def expiry() -> Any:
        session = FileSession(mine.partition("=")[2], storage_path=str(tmp_path))
        record = session._load()
        assert record is not None
        return record[1]

    first = expiry()
    client.get("/read", Cookie=mine)
    assert expiry() == first  # not each time: that would be a file written for each page
    longer = site(Pages(), lazy=True, storage_type="file", storage_path=str(tmp_path), timeout=120)
    longer.get("/read", Cookie=mine)
    assert (expiry() - first).total_seconds() > 3500


def test_who_has_it_locked_makes_it_last_longer_instead(site: Any, cookie: Any) -> None:
    client = site(Pages(), lazy=True, timeout=60)
    mine = cookie(client.get("/"))
    session_id = mine.partition("=")[2]
    RamSession.locks.acquire(session_id)
    before = RamSession.cache[session_id]
    longer = site(Pages(), lazy=True, timeout=120)
    assert longer.get("/read", Cookie=mine).text.startswith("1")
    assert RamSession.cache[session_id] is before
    RamSession.locks.release(session_id)
