"""What applications that were written for CherryPy 18 do with sessions, and with their storages."""

from __future__ import annotations

import datetime as dt
import importlib
import pickle
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import cherrypy
from cherrypy._sessions.locks import KeyedLocks
from cherrypy.lib import sessions
from cherrypy.lib.sessions import FileSession, RamSession

if TYPE_CHECKING:
    from pathlib import Path


class Pages:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def locked(self) -> str:
        return str(cherrypy.session.locked)

    @cherrypy.expose
    def logout(self) -> str:
        cherrypy.session.delete()
        return "bye"

    @cherrypy.expose
    def login(self) -> str:
        cherrypy.session.regenerate()
        return "in"

    @cherrypy.expose
    def save_and_logout(self) -> str:
        cherrypy.session["n"] = 5
        cherrypy.session.save()
        cherrypy.session.delete()
        return "bye"

    @cherrypy.expose
    def kind(self) -> str:
        return type(cherrypy.serving.session).__name__


def zoned_storage(zone: dt.tzinfo | None) -> type[RamSession]:
    """Return a storage with an own clock, as one has that keeps sessions in a database."""

    class ZonedSession(RamSession):
        cache: ClassVar[dict[str, Any]] = {}
        locks: ClassVar[Any] = {}
        moments: ClassVar[list[dt.datetime]] = []

        def now(self) -> dt.datetime:
            return dt.datetime(2026, 3, 28, 12, 0, 0, 123457, tzinfo=zone)

        def _save(self, expiration_time: dt.datetime) -> None:
            self.moments.append(expiration_time)
            super()._save(expiration_time)

    return ZonedSession


@pytest.mark.parametrize("zone", [None, dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30))])
def test_a_session_expires_by_its_own_clock(site: Any, cookie: Any, zone: dt.tzinfo | None) -> None:
    """An application overrides ``now()``, and compares what ``_save`` gets with it."""
    storage: Any = zoned_storage(zone)
    client = site(Pages(), storage_class=storage, timeout=10)
    answer = client.get("/")
    assert client.get("/", Cookie=cookie(answer)).text == "2"
    (moment,) = set(storage.moments)
    session = storage()
    assert moment == session.now() + dt.timedelta(minutes=10)
    assert moment.utcoffset() == session.now().utcoffset()
    assert type(storage.locks) is KeyedLocks
    session.clean_up()
    assert len(storage.cache) == 1
    storage.now = lambda _self: moment
    session.clean_up()
    assert not storage.cache


class ForeignLock:
    """A lock as zc.lockfile has them: it is had from the beginning, and closed to give it back."""

    def __init__(self, path: str, events: list[str]) -> None:
        self._events = events
        events.append(f"locked {path[-5:]}")

    def close(self) -> None:
        self._events.append("closed")


def test_a_file_storage_with_its_own_lock(site: Any, cookie: Any, tmp_path: Path) -> None:
    """An application overrides ``acquire_lock`` alone, with what 18.10 has for ``self.lock``."""
    events: list[str] = []

    class OwnLockSession(FileSession):
        def acquire_lock(self, path: str | None = None) -> None:
            path = (path or self._get_file_path()) + self.LOCK_SUFFIX
            self.lock = ForeignLock(path, events)
            self.locked = True

    client = site(Pages(), storage_class=OwnLockSession, storage_path=str(tmp_path))
    mine = cookie(client.get("/"))
    assert client.get("/", Cookie=mine).text == "2"
    assert events == ["locked .lock", "closed"] * 2
    session = OwnLockSession(storage_path=str(tmp_path), timeout=0)
    session["n"] = 1
    session.save()
    events.clear()
    session.clean_up()
    assert events == ["locked .lock", "closed"]
    assert len(session) == 1


def test_a_file_storage_that_closes_the_lock_itself(site: Any, cookie: Any, tmp_path: Path) -> None:
    """An application overrides ``release_lock`` alone, and does what 18.10 does there."""

    class OwnReleaseSession(FileSession):
        def release_lock(self, path: str | None = None) -> None:
            del path
            self.lock.close()
            self.locked = False

    client = site(
        Pages(), storage_class=OwnReleaseSession, storage_path=str(tmp_path), lock_timeout=1
    )
    mine = cookie(client.get("/"))
    assert client.get("/", Cookie=mine).text == "2"
    assert not FileSession.locks


def test_a_file_is_locked_by_its_path(tmp_path: Path) -> None:
    """An application locks a session file by its path; the lock lies beside that."""
    session = FileSession(storage_path=str(tmp_path))
    path = tmp_path / "session-a"
    path.touch()
    session.acquire_lock(str(path))
    assert {file.name for file in tmp_path.iterdir()} == {"session-a", "session-a.lock"}
    session.release_lock(str(path))
    assert not FileSession.locks


def test_a_storage_that_was_put_beside_the_others(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application puts its class into cherrypy.lib.sessions, and says ``storage_type``."""

    class MineSession(RamSession):
        pass

    monkeypatch.setattr(sessions, "MineSession", MineSession, raising=False)
    for name in ("mine", "Mine", "MINE"):
        assert site(Pages(), storage_type=name).get("/kind").text == "MineSession"
    monkeypatch.setattr(sessions, "RamSession", MineSession)
    for default in (None, "ram"):
        assert site(Pages(), storage_type=default).get("/kind").text == "MineSession"


def test_what_is_no_storage_is_an_error_that_says_what_is(
    site: Any, errors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MineSession", RamSession, raising=False)
    assert site(Pages(), storage_type="yours").get("/kind").code == 500
    assert "expected one of 'file', 'memcached', 'mine', 'ram'" in errors.text


class StrictSession(RamSession):
    """Insists on being locked, as the storages that keep sessions in Redis do."""

    cache: ClassVar[dict[str, Any]] = {}

    def acquire_lock(self) -> None:
        assert not self.locked, "Locked already"
        super().acquire_lock()

    def _load(self) -> Any:
        assert self.locked, "Cannot load unlocked session"
        return super()._load()

    def _save(self, expiration_time: dt.datetime) -> None:
        assert self.locked, "Cannot save unlocked session"
        super()._save(expiration_time)

    def _delete(self) -> None:
        assert self.locked, "Cannot delete unlocked session"
        super()._delete()


@pytest.mark.parametrize("locking", ["implicit", "early"])
def test_a_storage_that_insists_on_being_locked(site: Any, cookie: Any, locking: str) -> None:
    """An application asserts that in ``_load``, ``_save`` and ``_delete``."""
    client = site(Pages(), storage_class=StrictSession, locking=locking)
    for path in ("/locked", "/", "/login", "/logout", "/save_and_logout"):
        assert client.get(path).code == 200, path
        mine = cookie(client.get("/"))
        assert client.get(path, Cookie=mine).code == 200, path
    assert client.get("/locked").text == "True"
    StrictSession.cache.clear()


def test_a_tool_may_use_the_session_before_it_is_locked(site: Any, cookie: Any) -> None:
    """An application logs visitors in by a hook; its storage can not be locked twice."""

    def look() -> None:
        cherrypy.session.get("n")

    hook = cherrypy._cprequest.Hook(look, priority=20)
    client = site(Pages(), {"hooks.before_handler": hook}, storage_class=StrictSession)
    assert client.get("/", Cookie=cookie(client.get("/"))).text == "2"
    StrictSession.cache.clear()


def test_names_that_applications_import_from_the_module() -> None:
    module = importlib.import_module("cherrypy.lib.sessions")
    found = [getattr(module, name) for name in ("pickle", "threading", "time", "datetime")]
    assert [each.__name__ for each in found] == [
        *(pickle.__name__, threading.__name__, time.__name__, "datetime"),
    ]
    for name in ("httputil", "is_iterator", "missing", "os"):
        assert hasattr(module, name), name
