"""A site with sessions, as tests want it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._sessions import cleaning
from cherrypy.lib.sessions import RamSession
from cherrypy.process.wspbus import bus
from log_records import Records
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wsgi_client import Answer

Site = Any
"""``site(root, **settings of the tool)``: a client of an application with sessions."""


@pytest.fixture(autouse=True)
def _clean_process() -> Iterator[None]:
    """Forget the sessions of a test, and stop the threads that it has started."""
    cherrypy.log.screen = False
    yield
    assert not RamSession.locks, "a session is locked still"
    RamSession.cache.clear()
    for monitor in cleaning._started.values():
        thread = monitor.thread
        monitor.unsubscribe()
        monitor.stop()
        if thread is not None:
            thread.join(10)
    cleaning._started.clear()


@pytest.fixture
def site() -> Callable[..., Client]:
    """Make a client of an application with sessions, of its root and settings of the tool."""

    def make(root: object, config: dict[str, Any] | None = None, **settings: object) -> Client:
        section = {"tools.sessions.on": True, "tools.sessions.clean_freq": 0}
        section |= {f"tools.sessions.{name}": value for name, value in settings.items()}  # type: ignore[misc]
        return Client(cherrypy.Application(root, "", {"/": section | (config or {})}))

    return make


@pytest.fixture
def errors() -> Iterator[Records]:
    """What is written to the error logs of the site and of its applications."""
    records = Records()
    cherrypy.log.error_log.addHandler(records)
    yield records
    cherrypy.log.error_log.removeHandler(records)


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


@pytest.fixture
def cookie() -> Callable[[Answer], str]:
    """Give the cookie that a browser sends back after an answer."""

    def find(answer: Answer) -> str:
        (line,) = answer.values_of("Set-Cookie")
        return line.partition(";")[0]

    return find
