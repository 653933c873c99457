"""Sessions that CherryPy 18.10 has stored, with objects of the application's own, and the way back.

Real processes of both take turns with the same storage.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import memcached
from environments import REFERENCE, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = Path(__file__).parent / "upgrade_site.py"
DEADLINE = 30.0
UNPICKLED = "a basket was unpickled"
NOT_READ = "a new session begins"


class Answer(NamedTuple):
    status: int
    page: str
    cookie: str


class Site:
    """A running site.

    Args:
        python: The interpreter, which has one CherryPy or the other.
        settings: Settings of the sessions tool.
    """

    def __init__(self, python: str | Path, settings: dict[str, Any]) -> None:
        self._port = memcached.find_free_port()
        command = [str(python), "-W", "ignore", str(SITE), str(self._port), json.dumps(settings)]
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "serving\n"
        self.log = ""

    def get(self, path: str, cookie: str = "") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        connection.request("GET", path, headers={"Cookie": cookie})
        response = connection.getresponse()
        page = response.read().decode()
        connection.close()
        sent = response.getheader("Set-Cookie") or cookie
        return Answer(response.status, page, sent.partition(";")[0])

    def stop(self) -> None:
        _, self.log = self._process.communicate("", timeout=DEADLINE)


@contextmanager
def running(python: str | Path, settings: dict[str, Any]) -> Iterator[Site]:
    site = Site(python, settings)
    try:
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="module")
def old_python() -> Path:
    """Return the interpreter that has CherryPy 18.10 with its client of memcached."""
    return environment("cherrypy-18.10.0-memcached", (*REFERENCE, "python-memcached==1.62"))


@pytest.fixture(params=["files", "memcached"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Return the settings of a storage."""
    if request.param == "files":
        yield {"storage_class": "FileSession", "storage_path": str(tmp_path)}
    else:
        with memcached.running() as server:
            yield {"storage_class": "MemcachedSession", "servers": [server.name]}


def test_a_session_of_cherrypy_18_ends_as_a_new_one(
    old_python: Path, storage: dict[str, Any]
) -> None:
    """And with at most one line: the key in memcached is another, so nothing is found there."""
    with running(old_python, storage) as site:
        cookie = site.get("/").cookie
        assert site.get("/", cookie) == (200, "2", cookie)
    with running(sys.executable, storage) as site:
        answer = site.get("/plain", cookie)
        assert answer[:2] == (200, "1")
        assert answer.cookie != cookie
        assert site.get("/plain", answer.cookie) == (200, "2", answer.cookie)
    assert UNPICKLED not in site.log
    in_files = storage["storage_class"] == "FileSession"
    assert site.log.count(NOT_READ) == in_files
    assert site.log.count("tools.sessions.serializer to 'pickle'") == in_files
    assert "Traceback" not in site.log


@pytest.mark.parametrize("storage", ["files"], indirect=True)
def test_it_goes_on_where_pickle_is_asked_for(old_python: Path, storage: dict[str, Any]) -> None:
    with running(old_python, storage) as site:
        cookie = site.get("/").cookie
    with running(sys.executable, {**storage, "serializer": "pickle"}) as site:
        assert site.get("/", cookie) == (200, "2", cookie)
        assert site.get("/", cookie) == (200, "3", cookie)
    assert UNPICKLED in site.log


def test_the_way_back(old_python: Path, storage: dict[str, Any]) -> None:
    """CherryPy 18.10 takes a session of ours for none, and begins a new one.

    In memcached it finds what it has stored itself, too; a file is gone when its visitor came back.
    """
    with running(old_python, storage) as site:
        before = site.get("/").cookie
    with running(sys.executable, storage) as site:
        ours = site.get("/plain", before).cookie
        assert site.get("/plain", ours)[:2] == (200, "2")
    with running(old_python, storage) as site:
        kept = storage["storage_class"] == "MemcachedSession"
        assert site.get("/", before)[:2] == (200, "2" if kept else "1")
        answer = site.get("/plain", ours)
        assert answer[:2] == (200, "1")
        assert site.get("/plain", answer.cookie)[:2] == (200, "2")
    assert "Traceback" not in site.log


@pytest.mark.parametrize("storage", ["files"], indirect=True)
@pytest.mark.parametrize("serializer", ["safe", "pickle"])
def test_the_way_back_with_each_serializer(
    old_python: Path, storage: dict[str, Any], serializer: str
) -> None:
    with running(sys.executable, {**storage, "serializer": serializer}) as site:
        ours = site.get("/plain").cookie
    with running(old_python, storage) as site:
        assert site.get("/plain", ours)[:2] == (200, "1")
    assert "Traceback" not in site.log


@pytest.mark.parametrize("storage", ["files"], indirect=True)
def test_cleaning_of_cherrypy_18_passes_our_files(
    old_python: Path, storage: dict[str, Any], tmp_path: Path
) -> None:
    """It goes on with its own files, and leaves ours where they are."""
    with running(sys.executable, storage) as site:
        ours = site.get("/plain").cookie.partition("=")[2]
    impatient = {**storage, "clean_freq": 0.001, "timeout": 0.002}
    with running(old_python, impatient) as site:
        theirs = [site.get("/plain").cookie.partition("=")[2] for _ in range(3)]
        deadline = time.monotonic() + DEADLINE
        while any((tmp_path / f"session-{each}").exists() for each in theirs[:-1]):
            assert time.monotonic() < deadline
            site.get("/plain")
    assert (tmp_path / f"session-{ours}").exists()
    assert "Traceback" not in site.log


def test_an_object_is_refused_in_words_that_help(storage: dict[str, Any]) -> None:
    """The log says which key and type, and which setting to choose; the lock is not kept."""
    with running(sys.executable, {**storage, "lock_timeout": 1}) as site:
        cookie = site.get("/plain").cookie
        assert site.get("/", cookie).status == 500
        assert site.get("/plain", cookie)[:2] == (200, "2")
    assert "session['basket'] is of the type __main__.Basket" in site.log
    assert "set tools.sessions.serializer to 'pickle'" in site.log
