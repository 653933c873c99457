"""``tools.sessions.locking = 'none'``: pages that only read, and wait for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.sessions import FileSession, RamSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Pages:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    @cherrypy.config(**{"tools.sessions.locking": "none"})
    def read(self) -> str:
        session = cherrypy.session
        return f"{session.get('n')} {'n' in session} {dict(session.items())} {session.locked}"

    @cherrypy.expose
    @cherrypy.config(**{"tools.sessions.locking": "none"})
    def unused(self) -> str:
        return "nothing"

    @cherrypy.expose
    @cherrypy.config(**{"tools.sessions.locking": "none"})
    def change(self, by: str) -> str:
        session = cherrypy.session
        changes: dict[str, Callable[[], object]] = {
            "item": lambda: session.__setitem__("n", 5),
            "deletion": lambda: session.__delitem__("n"),
            "pop": lambda: session.pop("n"),
            "setdefault": lambda: session.setdefault("n", 5),
            "update": lambda: session.update({"n": 5}),
            "clear": session.clear,
            "delete": session.delete,
            "regenerate": session.regenerate,
            "item after reading": lambda: session.__setitem__("n", session["n"]),
        }
        changes[by]()
        return "changed"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True, "tools.sessions.locking": "none"})
    def stream(self) -> Iterator[str]:
        yield str(cherrypy.session.get("n"))


@pytest.fixture(params=["ram", "file"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of a storage."""
    return {"storage_type": request.param, "storage_path": str(tmp_path)}


def test_a_page_that_only_reads_waits_for_nobody(
    site: Any, cookie: Any, storage: dict[str, str]
) -> None:
    client = site(Pages(), lock_timeout=0, **storage)
    mine = cookie(client.get("/"))
    kind = {"ram": RamSession, "file": FileSession}[storage["storage_type"]]
    holder: Any = kind(mine.partition("=")[2], storage_path=storage["storage_path"])
    holder.acquire_lock()
    assert client.get("/", Cookie=mine).code == 503
    answer = client.get("/read", Cookie=mine)
    assert answer.text == "1 True {'n': 1} False"
    assert answer.field("Cache-Control") == "private"
    assert answer.values_of("Set-Cookie")  # the browser keeps it longer
    assert client.get("/stream", Cookie=mine).text == "1"
    holder.release_lock()


@pytest.mark.parametrize(
    "by",
    [
        *("item", "deletion", "pop", "setdefault", "update", "clear", "delete", "regenerate"),
        "item after reading",
    ],
)
def test_a_change_is_refused_and_says_why(site: Any, cookie: Any, errors: Any, by: str) -> None:
    client = site(Pages())
    mine = cookie(client.get("/"))
    assert client.get(f"/change?by={by}", Cookie=mine).code == 500
    assert "tools.sessions.locking = 'none'" in errors.text
    assert client.get("/read", Cookie=mine).text.startswith("1")
    assert not RamSession.locks


def test_a_visitor_without_a_session_gets_none(site: Any) -> None:
    client = site(Pages())
    for path in ("/read", "/unused", "/stream"):
        assert client.get(path).values_of("Set-Cookie") == []
        assert client.get(path, Cookie="session_id=unknown").values_of("Set-Cookie") == []
    assert not RamSession.cache


# ---- expiry --------------------------------------------------------------------------------------


def test_a_page_that_only_reads_makes_the_session_last_longer(
    site: Any, cookie: Any, tmp_path: Path
) -> None:
    settings = {"storage_type": "file", "storage_path": str(tmp_path)}
    client = site(Pages(), timeout=60, **settings)
    mine = cookie(client.get("/"))

    def expiry() -> Any:
        session = FileSession(mine.partition("=")[2], storage_path=str(tmp_path))
        record = session._load()
        assert record is not None
        return record[1]

    first = expiry()
    client.get("/read", Cookie=mine)
    assert expiry() == first  # not each time: that would be a file written for each page
    longer = site(Pages(), timeout=120, **settings)
    longer.get("/read", Cookie=mine)
    assert (expiry() - first).total_seconds() > 3500


def test_a_request_that_has_it_locked_makes_it_last_longer_instead(site: Any, cookie: Any) -> None:
    client = site(Pages(), timeout=60)
    mine = cookie(client.get("/"))
    session_id = mine.partition("=")[2]
    RamSession.locks.acquire(session_id)
    before = RamSession.cache[session_id]
    longer = site(Pages(), timeout=120)
    assert longer.get("/read", Cookie=mine).text.startswith("1")
    assert RamSession.cache[session_id] is before
    RamSession.locks.release(session_id)
