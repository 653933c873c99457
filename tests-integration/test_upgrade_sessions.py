"""Sessions that CherryPy 18.10 has stored, with objects of the application's own, and the way back.

Real processes of both take turns with the same storage.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
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
    assert site.log.count(NOT_READ) == (storage["storage_class"] == "FileSession")
    assert "Traceback" not in site.log


@pytest.mark.parametrize("storage", ["files"], indirect=True)
def test_it_goes_on_where_pickle_is_asked_for(old_python: Path, storage: dict[str, Any]) -> None:
    with running(old_python, storage) as site:
        cookie = site.get("/").cookie
    with running(sys.executable, {**storage, "serializer": "pickle"}) as site:
        assert site.get("/", cookie) == (200, "2", cookie)
        assert site.get("/", cookie) == (200, "3", cookie)
    assert UNPICKLED in site.log


@pytest.mark.parametrize("storage", ["memcached"], indirect=True)
def test_the_way_back(old_python: Path, storage: dict[str, Any]) -> None:
    """CherryPy 18.10 finds what it has stored itself, and nothing of ours."""
    with running(old_python, storage) as site:
        before = site.get("/").cookie
    with running(sys.executable, storage) as site:
        ours = site.get("/plain", before).cookie
    with running(old_python, storage) as site:
        assert site.get("/", before) == (200, "2", before)
        answer = site.get("/plain", ours)
        assert answer[:2] == (200, "1")
        assert answer.cookie != ours
