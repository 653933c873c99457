"""Sessions in files: what is damaged, full, read-only or hostile."""

from __future__ import annotations

import errno
import os
import pickle
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._sessions import files
from cherrypy._sessions.file_locks import lock_file, unlock_file
from cherrypy.lib.sessions import FileSession, LockTimeout, SessionUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


def make(folder: Path, id: str | None = None, **settings: Any) -> FileSession:
    return FileSession(id, storage_path=str(folder), clean_freq=0, **settings)


@pytest.fixture
def stored(tmp_path: Path) -> FileSession:
    """A session that was stored."""
    session = make(tmp_path)
    session["n"] = 1
    session.save()
    return session


def path_of(session: FileSession) -> Path:
    return Path(session._get_file_path())


@pytest.mark.parametrize("length", [0, 1, 8, 9, 10, 12])
def test_a_truncated_file_is_a_new_session_and_one_line(
    tmp_path: Path, stored: FileSession, messages: list[str], length: int
) -> None:
    path = path_of(stored)
    path.write_bytes(path.read_bytes()[:length])
    session = make(tmp_path, stored.id)
    assert session.get("n") is None
    assert session.id != stored.id
    session["n"] = 5
    session.save()
    assert make(tmp_path, session.id)["n"] == 5
    (line,) = messages
    assert f"The session file of {stored.id[:8]}... in {tmp_path} cannot be read" in line
    assert stored.id not in line


def test_a_pickle_is_not_read_unless_that_is_wanted(
    tmp_path: Path, stored: FileSession, messages: list[str]
) -> None:
    record = ({"n": 7}, stored.now().replace(year=2100))
    path_of(stored).write_bytes(pickle.dumps(record))  # as CherryPy 18 does
    assert make(tmp_path, stored.id).get("n") is None
    path_of(stored).write_bytes(pickle.dumps(record))
    assert make(tmp_path, stored.id, serializer="pickle")["n"] == 7
    assert "it is a pickle" in messages[0]


@pytest.mark.parametrize(
    "hostile", ["../x", "a/b", "a\\b", "", "\0", "a" * 300, "x.lock", ".hidden", "a:b", "\u00e4"]
)
def test_an_id_can_not_lead_out_of_the_folder(tmp_path: Path, hostile: str) -> None:
    session = make(tmp_path)
    session._id = hostile
    assert not session._exists()
    with pytest.raises(cherrypy.HTTPError) as caught:
        session._get_file_path()
    assert caught.value.status == 400


def test_the_lock_of_a_session_is_not_taken_for_a_session(
    tmp_path: Path, stored: FileSession
) -> None:
    stored.acquire_lock()
    assert make(tmp_path, f"{stored.id}.lock").missing
    stored.release_lock()


@pytest.fixture
def full_disk(stored: FileSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that had room for one session, and has none for another."""
    del stored

    def write(_descriptor: int, content: bytes) -> int:
        return len(content) // 2

    monkeypatch.setattr(files, "_allocate", None)
    monkeypatch.setattr(os, "write", write)


@pytest.mark.usefixtures("full_disk")
def test_on_a_full_disk_the_old_session_stays(
    tmp_path: Path, stored: FileSession, messages: list[str]
) -> None:
    session = make(tmp_path, stored.id)
    session.acquire_lock()
    session["n"] = 2
    with pytest.raises(SessionUnavailable) as caught:
        session.save()
    assert caught.value.status == 503
    assert not session.locked
    assert make(tmp_path, stored.id)["n"] == 1
    names = {path_of(stored).name, f"{path_of(stored).name}.lock"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert "No space left on device" in messages[0]
    assert stored.id not in messages[0]


@pytest.mark.parametrize(
    ("number", "is_failure"), [(errno.ENOSPC, True), (errno.EOPNOTSUPP, False)]
)
def test_a_file_system_that_can_not_allocate_is_no_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, is_failure: bool
) -> None:
    def allocate(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "_allocate", allocate)
    session = make(tmp_path)
    session["n"] = 1
    if is_failure:
        with pytest.raises(SessionUnavailable):
            session.save()
    else:
        session.save()
        assert make(tmp_path, session.id)["n"] == 1


class Pages:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])


@pytest.mark.usefixtures("full_disk")
def test_a_visitor_is_told_that_it_is_not_their_fault(
    site: Any, tmp_path: Path, messages: list[str]
) -> None:
    in_production = {"request.show_tracebacks": False}
    settings = {"storage_type": "file", "storage_path": str(tmp_path)}
    answer = site(Pages(), in_production, **settings).get("/")
    assert (answer.code, answer.field("Retry-After")) == (503, "1")
    assert str(tmp_path) not in answer.text
    assert len(messages) == 1
    assert not FileSession.locks


def test_a_folder_that_can_not_be_written(
    tmp_path: Path, stored: FileSession, monkeypatch: pytest.MonkeyPatch, messages: list[str]
) -> None:
    """As root, who runs many tests, one may write everywhere: so the system is made to refuse."""
    real_open = os.open

    def refuse(path: str, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    session = make(tmp_path, stored.id)
    with pytest.raises(SessionUnavailable):
        session._save(session._expiration())
    with pytest.raises(SessionUnavailable):
        session.acquire_lock()
    assert not session.locked
    assert not FileSession.locks
    assert all("Permission denied" in message for message in messages)


def test_waiting_for_another_process_ends(tmp_path: Path, stored: FileSession) -> None:
    """Another process is one that does not queue in this one."""
    lock = lock_file(stored._get_file_path() + stored.LOCK_SUFFIX, 0)
    session = make(tmp_path, stored.id, lock_timeout=0.05)
    with pytest.raises(LockTimeout):
        session.acquire_lock()
    unlock_file(lock)
    session.acquire_lock()
    session.release_lock()


def test_waiting_for_another_thread_ends(tmp_path: Path, stored: FileSession) -> None:
    stored.acquire_lock()
    session = make(tmp_path, stored.id, lock_timeout=0.05)
    with pytest.raises(LockTimeout):
        session.acquire_lock()
    stored.release_lock()
    assert not FileSession.locks


def test_cleaning_removes_what_killed_processes_left_behind(tmp_path: Path) -> None:
    expired, living = make(tmp_path, timeout=-1), make(tmp_path)
    for session in (expired, living):
        session["n"] = 1
        session.save()
    names = ("session-aa.lock", "unfinished-old", "session-damaged", "session-18")
    for name in names:
        (tmp_path / name).write_bytes(b"\x80" if name == "session-18" else b"")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "unfinished-new").touch()
    (tmp_path / "session-bb").touch()
    (tmp_path / "README").touch()
    held = make(tmp_path, timeout=-1)
    held["n"] = 1
    held.save()
    held.acquire_lock()
    living.clean_up()
    left = {"unfinished-new", "session-bb", "README", f"session-{living.id}"}
    in_use = {f"session-{held.id}", f"session-{held.id}.lock"}
    assert {path.name for path in tmp_path.iterdir()} == left | in_use
    assert len(living) == 3
    held.release_lock()


def test_cleaning_a_folder_that_is_gone(tmp_path: Path) -> None:
    make(tmp_path / "gone").clean_up()


def test_two_configurations_have_two_folders(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a"), make(tmp_path / "b")
    for session in (first, second):
        FileSession.setup(storage_path=session.storage_path)
        session["n"] = 1
        session.save()
    assert make(tmp_path / "b", first.id).missing
    assert not make(tmp_path / "a", first.id).missing


def test_names_that_applications_override(tmp_path: Path) -> None:
    class Own(FileSession):
        SESSION_PREFIX = "visitor_"
        LOCK_SUFFIX = ".locked"

        def _get_file_path(self) -> str:
            return str(tmp_path / f"x{self.SESSION_PREFIX}{self.id}")

    session = Own(storage_path=str(tmp_path), clean_freq=0)
    session.acquire_lock()
    assert (tmp_path / f"xvisitor_{session.id}.locked").exists()
    session["n"] = 1
    session.save()
    assert Own(session.id, storage_path=str(tmp_path), clean_freq=0)["n"] == 1


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before
