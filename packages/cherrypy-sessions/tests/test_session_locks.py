"""Locks by name, and how long to wait for one."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from cherrypy._sessions.locks import KeyedLocks
from cherrypy.lib import locking
from cherrypy.lib.sessions import SessionUnavailable

DEADLINE = 20.0


def test_locks_of_different_names_are_different() -> None:
    locks = KeyedLocks()
    assert locks.acquire("a")
    assert locks.acquire("b", timeout=0)
    assert not locks.acquire("a", timeout=0)
    assert not locks.acquire("a", timeout=0.01)
    locks.release("a")
    assert locks.acquire("a", timeout=0)
    locks.release("a")
    locks.release("b")
    assert not locks


def test_what_nobody_holds_can_not_be_released() -> None:
    with pytest.raises(KeyError):
        KeyedLocks().release("a")


def test_one_at_a_time_and_nothing_is_left_behind() -> None:
    locks = KeyedLocks()
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for number in range(300):
            name = str(number % 3)
            assert locks.acquire(name, DEADLINE)
            if name == "0":
                inside.append(1)
                most.append(len(inside))
                inside.pop()
            locks.release(name)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert len(most) == 600
    assert max(most) == 1
    assert not locks


@pytest.mark.parametrize("timeout", [0, 0.0, dt.timedelta(0)])
def test_a_lock_checker_gives_up(timeout: Any) -> None:
    with pytest.raises(locking.LockTimeout):
        locking.LockChecker("id", timeout).expired()


@pytest.mark.parametrize("timeout", [None, 60, dt.timedelta(minutes=1)])
def test_a_lock_checker_is_patient(timeout: Any) -> None:
    checker = locking.LockChecker("id", timeout)
    assert checker.expired() is False
    assert checker.session_id == "id"
    assert isinstance(checker.timer, locking.NeverExpires) is (timeout is None)


@pytest.mark.parametrize("timeout", [-1, "soon", dt.timedelta(-1), float("nan")])
def test_what_is_no_timeout_is_an_error_that_names_the_setting(timeout: Any) -> None:
    with pytest.raises(ValueError, match=r"tools\.sessions\.lock_timeout = .*expected seconds"):
        locking.LockChecker("id", timeout)


def test_timers() -> None:
    assert not locking.Timer.after(60).expired()
    assert locking.Timer.after(dt.timedelta(0)).expired()
    assert not locking.NeverExpires().expired()


def test_whoever_catches_exceptions_of_cherrypy_18_catches_ours() -> None:
    assert issubclass(locking.LockTimeout, SessionUnavailable)
    assert str(locking.LockTimeout().code) == "503"
