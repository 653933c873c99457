"""Sessions in real memcached servers, and what happens when these fail."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pymemcache.client import base  # type: ignore[import-untyped]  # it has no types
from pymemcache.client.base import Client as MemcachedClient  # type: ignore[import-untyped]  # as above

import cherrypy
import memcached
from cherrypy._sessions.memcached import RELATIVE_LIMIT, expiry_for_memcached
from cherrypy._sessions.memcached_protocol import Reply
from cherrypy._sessions.memcached_servers import parse_server, servers_of
from cherrypy.lib.session_conformance import SessionConformance
from cherrypy.lib.sessions import (
    LockTimeout,
    MemcachedSession,
    Session,
    SessionConflict,
    SessionUnavailable,
)
from cherrypy.process.wspbus import bus
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[memcached.Memcached]:
    with memcached.running() as server:
        yield server


@pytest.fixture(scope="module")
def second_server() -> Iterator[memcached.Memcached]:
    with memcached.running() as server:
        yield server


@pytest.fixture
def own_server() -> Iterator[memcached.Memcached]:
    """A server that the test may stop."""
    with memcached.running() as server:
        yield server


@pytest.fixture
def client(server: memcached.Memcached) -> Iterator[Any]:
    """What changes things in the server as another process would."""
    with contextlib.closing(MemcachedClient(server.name)) as client:
        yield client


@pytest.fixture
def messages() -> Iterator[list[str]]:
    """What is logged on the bus."""
    found: list[str] = []

    def note(msg: str, level: int = logging.INFO) -> None:
        del level
        found.append(msg)

    bus.subscribe("log", note)
    yield found
    bus.unsubscribe("log", note)


def make(server: memcached.Memcached, id: str | None = None, **settings: Any) -> MemcachedSession:
    return MemcachedSession(id, servers=[server.name], clean_freq=0, **settings)


class TestMemcached(SessionConformance):
    server: memcached.Memcached

    @pytest.fixture(autouse=True)
    def _server(self, server: memcached.Memcached) -> None:
        self.server = server

    def make(self, id: str | None = None, **settings: Any) -> Session:
        return make(self.server, id, **settings)


class TestSeveralServers(SessionConformance):
    names: tuple[str, ...]

    @pytest.fixture(autouse=True)
    def _servers(self, server: memcached.Memcached, second_server: memcached.Memcached) -> None:
        self.names = (server.name, second_server.name)

    def make(self, id: str | None = None, **settings: Any) -> Session:
        return MemcachedSession(id, servers=self.names, **settings)

    def test_both_servers_are_used(self) -> None:
        for _ in range(40):
            self.store({"n": 1})
        for name in self.names:
            with contextlib.closing(MemcachedClient(name)) as client:
                assert int(client.stats()[b"curr_items"]) > 0


# ---- where keys are ------------------------------------------------------------------------------


def test_a_server_more_takes_its_share_of_the_sessions_and_no_other() -> None:
    """Consistent hashing: what does not move to the new server stays where it is."""
    three = servers_of(("a:1", "b:1", "c:1"), 1, 1, 1)
    four = servers_of(("a:1", "b:1", "c:1", "d:1"), 1, 1, 1)
    ids = [f"session-{number}" for number in range(2000)]
    before = {each: three._ring.get_node(each) for each in ids}
    after = {each: four._ring.get_node(each) for each in ids}
    moved = [each for each in ids if before[each] != after[each]]
    assert {after[each] for each in moved} == {"d:1"}
    assert 400 < len(moved) < 600
    assert all(550 < list(before.values()).count(name) < 790 for name in ("a:1", "b:1", "c:1"))


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("localhost", ("localhost", 11211)),
        ("cache.example:11212", ("cache.example", 11212)),
        ("[::1]:11212", ("::1", 11212)),
        ("[::1]", ("::1", 11211)),
        ("/run/memcached.sock", "/run/memcached.sock"),
        ("unix:/run/memcached.sock", "/run/memcached.sock"),
        ("inet:localhost:1", ("localhost", 1)),
    ],
)
def test_names_of_servers(name: str, server: object) -> None:
    assert parse_server(name) == server


@pytest.mark.parametrize("name", ["", ":11211", "host:port", "host:65536", "host:\u0661"])
def test_what_is_no_name_of_a_server(name: str) -> None:
    with pytest.raises(ValueError, match=r"tools\.sessions\.servers"):
        parse_server(name)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of a process with threads
def test_a_forked_process_has_connections_of_its_own(server: memcached.Memcached) -> None:
    """It would get the answers of its parent, and the sessions in them."""
    session = make(server)
    session["n"] = 1
    session.save()
    child = os.fork()
    if not child:
        os._exit(make(server, session.id)._servers is session._servers)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# ---- expiry --------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [1, 30 * 24 * 60, 30 * 24 * 60 + 1, 400 * 24 * 60])
def test_a_session_may_last_longer_than_a_month(
    server: memcached.Memcached, minutes: float
) -> None:
    session = make(server, timeout=minutes)
    session["n"] = 1
    session.save()
    assert make(server, session.id)["n"] == 1


def test_how_memcached_is_told_when_to_forget() -> None:
    now = time.time()
    assert expiry_for_memcached(now + 60) in {60, 61}
    assert expiry_for_memcached(now + RELATIVE_LIMIT - 1) <= RELATIVE_LIMIT
    assert expiry_for_memcached(now + RELATIVE_LIMIT + 10) >= now + RELATIVE_LIMIT
    assert expiry_for_memcached(now - 1) < 0


def test_memcached_forgets_by_itself(server: memcached.Memcached) -> None:
    session = make(server, timeout=1 / 60)
    session["n"] = 1
    session.save()
    memcached.wait_until(lambda: make(server, session.id).missing)


# ---- locks ---------------------------------------------------------------------------------------


def forget_in_this_process(session: MemcachedSession) -> None:
    """Take a session for one of another process, or of one that was killed."""
    MemcachedSession.locks.release(session.id)


def test_the_lock_of_a_killed_process_ends(server: memcached.Memcached) -> None:
    killed = make(server, lock_timeout=2)
    killed.acquire_lock()
    forget_in_this_process(killed)
    heir = make(server, lock_timeout=10)
    heir._id = killed.id
    begin = time.monotonic()
    heir.acquire_lock()
    assert time.monotonic() - begin < 5
    heir.release_lock()


def test_waiting_for_another_process_ends(server: memcached.Memcached) -> None:
    other = make(server)
    other.acquire_lock()
    forget_in_this_process(other)
    session = make(server, lock_timeout=0.05)
    session._id = other.id
    with pytest.raises(LockTimeout):
        session.acquire_lock()
    assert not session.locked
    assert session.id not in MemcachedSession.locks


def test_nobody_releases_the_lock_of_another(server: memcached.Memcached, client: Any) -> None:
    """A process whose lease is over finds the lock in other hands, and leaves it there."""
    slow = make(server, lock_timeout=10)
    slow["n"] = 1
    slow.acquire_lock()
    client.set(slow._lock_key(), b"of another", noreply=False)
    slow.save()
    assert client.get(slow._lock_key()) == b"of another"


def test_who_is_too_slow_overwrites_nothing(
    server: memcached.Memcached, client: Any, messages: list[str]
) -> None:
    session = make(server)
    session["n"] = 1
    session.save()
    slow = make(server, session.id)
    slow.acquire_lock()
    slow["n"] = 100
    forget_in_this_process(slow)
    client.delete(slow._lock_key(), noreply=False)  # its lease is over
    fast = make(server, session.id)
    fast.acquire_lock()
    fast["n"] = 2
    fast.save()
    MemcachedSession.locks.acquire(slow.id)
    with pytest.raises(SessionConflict):
        slow.save()
    assert make(server, session.id)["n"] == 2
    assert any("tools.sessions.lock_lease" in message for message in messages)


def test_a_request_waits_for_the_server_three_times_at_most(
    server: memcached.Memcached, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find the session, to lock and read it, and to store it; unlocking waits for nothing."""
    client = site(server)
    cookie = cookie_of(client.get("/"))
    waits: list[object] = []
    receive = Reply._receive

    def note(reply: Reply) -> None:
        waits.append(reply)
        receive(reply)

    monkeypatch.setattr(Reply, "_receive", note)
    for command in ("get", "gets", "add", "set", "cas", "delete"):  # which wait elsewhere
        monkeypatch.delattr(base.Client, command)
    assert client.get("/", Cookie=cookie).text == "2"
    assert len(waits) == 3
    waits.clear()
    assert site(server, locking="none").get("/read", Cookie=cookie).text == "2"
    assert len(waits) == 1


@pytest.mark.parametrize(("lock_timeout", "lock_lease"), [(2, None), (60, 1), (0.1, None)])
def test_a_lease_is_not_cut_short_by_the_clock_of_memcached(
    server: memcached.Memcached, client: Any, lock_timeout: float, lock_lease: float | None
) -> None:
    """It ticks once a second, and the first tick may come at once."""
    session = make(server, lock_timeout=lock_timeout, lock_lease=lock_lease)
    begin = time.monotonic()
    session.acquire_lock()
    lease = lock_timeout / 2 if lock_lease is None else lock_lease
    while time.monotonic() - begin < lease - 0.01:
        assert client.get(session._lock_key()) is not None
    session.release_lock()


# ---- faults --------------------------------------------------------------------------------------


def test_a_value_that_is_too_large_is_an_error_that_names_its_size(
    server: memcached.Memcached,
) -> None:
    session = make(server)
    session["text"] = "x" * 1_100_000
    with pytest.raises(ValueError, match=r"A session of 1,100,0\d\d bytes"):
        session.save()


def test_what_is_no_session_is_a_new_one(
    server: memcached.Memcached, client: Any, messages: list[str]
) -> None:
    session = make(server)
    session["n"] = 1
    session.save()
    for stored in (b"", b"\x01", b"\x80\x04cos\nsystem\n(S'true'\ntR.", b"\x02" + b"\0" * 8 + b"."):
        client.set(session._key(), stored, noreply=False)
        other = make(server, session.id)
        assert other.get("n") is None
        assert other.id != session.id
    told = [message for message in messages if "cannot be read" in message]
    assert len(told) == 4
    assert not any(session.id in message for message in told)  # logs have no keys to accounts


class Counter:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def read(self) -> str:
        return str(cherrypy.session.get("n"))


def site(server: memcached.Memcached, **settings: object) -> Client:
    config = {
        "tools.sessions.on": True,
        "tools.sessions.storage_class": MemcachedSession,
        "tools.sessions.servers": server.name,
        "tools.sessions.retry_after": 0.05,
        **{f"tools.sessions.{name}": value for name, value in settings.items()},
    }
    return Client(cherrypy.Application(Counter(), "", {"/": config}))


def cookie_of(answer: Any) -> str:
    """Return what the browser sends back."""
    (line,) = answer.values_of("Set-Cookie")
    return str(line.partition(";")[0])


def test_a_lost_server_is_503_and_comes_back(own_server: memcached.Memcached) -> None:
    client = site(own_server)
    cookie = cookie_of(client.get("/"))
    assert client.get("/", Cookie=cookie).text == "2"
    own_server.stop()
    for _ in range(2):
        answer = client.get("/", Cookie=cookie)
        assert answer.code == 503
        assert answer.field("Retry-After") == "1"
    own_server.start()
    memcached.wait_until(lambda: client.get("/", Cookie=cookie).code == 200)


def test_a_lost_server_is_a_new_session_by_setting(own_server: memcached.Memcached) -> None:
    client = site(own_server, server_loss="new")
    cookie = cookie_of(client.get("/"))
    own_server.stop()
    answer = client.get("/", Cookie=cookie)
    assert (answer.code, answer.text) == (200, "1")
    assert not answer.values_of("Set-Cookie")  # it keeps its own, for when the server is back
    own_server.start()

    def counts() -> bool:
        answer = client.get("/")
        return bool(answer.values_of("Set-Cookie")) and (
            client.get("/", Cookie=cookie_of(answer)).text == "2"
        )

    memcached.wait_until(counts)


def test_a_setting_for_losses_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"tools\.sessions\.server_loss = 'retry'"):
        MemcachedSession.setup(server_loss="retry")


def test_a_server_that_is_restarted_under_load(own_server: memcached.Memcached) -> None:
    """Threads go on counting meanwhile: they get 200 or 503, none waits for ever."""
    client = site(own_server)
    codes: set[int] = set()
    stop = threading.Event()
    has_failed, has_recovered = threading.Event(), threading.Event()

    def count() -> None:
        cookie = ""
        while not stop.is_set():
            answer = client.get("/", Cookie=cookie)
            codes.add(answer.code)
            if answer.code == 200:
                cookie = cookie_of(answer)
                if has_failed.is_set():
                    has_recovered.set()
            else:
                has_failed.set()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    own_server.stop()
    assert has_failed.wait(DEADLINE)
    own_server.start()
    assert has_recovered.wait(DEADLINE)
    stop.set()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    assert codes == {200, 503}


def test_the_error_is_of_a_class_that_applications_can_catch(
    own_server: memcached.Memcached,
) -> None:
    own_server.stop()
    with pytest.raises(SessionUnavailable):
        make(own_server, "abc")
    assert issubclass(LockTimeout, SessionUnavailable)


def test_moments_are_those_of_the_session(server: memcached.Memcached) -> None:
    session = make(server, timeout=10)
    session["n"] = 1
    session.save()
    record = make(server, session.id)._load()
    assert record is not None
    left = record[1] - session.now()
    assert dt.timedelta(minutes=9) < left <= dt.timedelta(minutes=10)
