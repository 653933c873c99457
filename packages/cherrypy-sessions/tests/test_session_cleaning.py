"""Expired sessions go away, also where nobody asks for anything any more."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._sessions.expiry import ExpiryIndex
from cherrypy.lib.sessions import FileSession, MemcachedSession, RamSession, Session

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 20.0


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1000)), st.floats(0, 1000))
def test_the_index_finds_whatever_has_expired(moments: dict[str, float], now: float) -> None:
    index = ExpiryIndex()
    for session_id, expires in moments.items():
        index.add(session_id, expires)
    found = {session_id for ids in index.take(now) for session_id in ids}
    assert found >= {session_id for session_id, expires in moments.items() if expires <= now}
    assert all(moments[session_id] < now + 60 for session_id in found)
    rest = {session_id for ids in index.take(10_000) for session_id in ids}
    assert found | rest == set(moments)
    assert not found & rest


def store(**settings: Any) -> RamSession:
    session = RamSession(clean_freq=0, **settings)
    session["n"] = 1
    session.save()
    return session


def test_a_session_that_is_used_again_stays() -> None:
    session = store(timeout=-10)
    again = RamSession(clean_freq=0)
    again._id = session.id
    again["n"] = 2
    again.save()  # which lasts longer than it was known to
    store(timeout=-10)
    session.clean_up()
    assert list(RamSession.cache) == [session.id]
    assert len(session) == 1
    tomorrow = dt.timedelta(days=1)

    class Later(RamSession):
        def now(self) -> dt.datetime:
            return super().now() + tomorrow

    Later().clean_up()
    assert not RamSession.cache


def test_a_storage_of_its_own_has_an_index_of_its_own() -> None:
    class Own(RamSession):
        cache: ClassVar[dict[str, Any]] = {}

    session = Own(timeout=-10, clean_freq=0)
    session["n"] = 1
    session.save()
    kept = store(timeout=-10)
    session.clean_up()
    assert not Own.cache
    assert list(RamSession.cache) == [kept.id]


class Pages:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = 1
        return "stored"

    @cherrypy.expose
    def unused(self) -> str:
        return "nothing"


@pytest.mark.parametrize("storage", ["ram", "file"])
def test_an_idle_site_is_cleaned(
    site: Any, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned = threading.Event()
    kind: Any = {"ram": RamSession, "file": FileSession}[storage]
    clean_up = kind.clean_up

    def note(self: Session) -> None:
        clean_up(self)
        if len(self) == 0:
            cleaned.set()

    monkeypatch.setattr(kind, "clean_up", note)
    settings = {"storage_type": storage, "storage_path": str(tmp_path)}
    client = site(Pages(), clean_freq=0.0005, timeout=-10, **settings)
    client.get("/")
    assert cleaned.wait(DEADLINE)
    assert list(tmp_path.iterdir()) == []
    assert kind.clean_thread.name == "Session cleanup"


def names_of_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_there_is_no_thread_unless_sessions_are_used(site: Any) -> None:
    site(Pages(), clean_freq=5).get("/unused")
    assert "Session cleanup" not in names_of_threads()
    site(Pages(), clean_freq=0).get("/")
    assert "Session cleanup" not in names_of_threads()
    site(Pages(), clean_freq=5).get("/")
    site(Pages(), clean_freq=5).get("/")
    assert names_of_threads().count("Session cleanup") == 1


def test_memcached_needs_no_thread() -> None:
    assert MemcachedSession.clean_up is Session.clean_up


MILLION = """
import gc, sys
from cherrypy.lib.sessions import RamSession

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

session = RamSession(clean_freq=0)
gc.collect()
before, blocks = resident(), sys.getallocatedblocks()
moment = session.now().replace(year=2020)
for number in range(1_000_000):
    session._id = f"{number:040x}"
    session._data = {"n": number}
    session._save(moment)
full = resident()
session._data = {}
session.clean_up()
gc.collect()
print(full - before, resident() - before, len(session), sys.getallocatedblocks() - blocks)
"""


def test_the_memory_of_a_million_expired_sessions_is_given_back() -> None:
    command = [sys.executable, "-c", MILLION]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    taken, kept, sessions, blocks = map(int, run.stdout.split())
    assert sessions == 0
    assert blocks < 1000
    assert taken > 200e6
    assert kept < taken / 10


def test_cleaning_starts_again_where_an_application_has_removed_its_thread(site: Any) -> None:
    client = site(Pages(), clean_freq=5)
    client.get("/")
    first = RamSession.clean_thread
    thread = first.thread
    first.stop()
    first.unsubscribe()
    thread.join(DEADLINE)
    RamSession.clean_thread = None
    client.get("/")
    assert RamSession.clean_thread is not first
    assert RamSession.clean_thread.thread.is_alive()
    assert names_of_threads().count("Session cleanup") == 1


def test_a_storage_that_cannot_count_says_so() -> None:
    class Uncounted(Session):
        def _exists(self) -> bool:
            return False

        def _load(self) -> None:
            return None

    with pytest.raises(NotImplementedError):
        len(Uncounted())
    assert list(Uncounted()) == []  # which asks for a length, if there is one
