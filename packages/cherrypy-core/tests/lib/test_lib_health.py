"""``tools.health``: whether the site can take requests, as load balancers ask it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy.process.wspbus import Bus
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("site")


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "page"


@pytest.fixture
def client() -> Client:
    config = {"/health": {"tools.health.on": True}}
    return Client(cherrypy.tree.mount(Root(), "", config))


@pytest.fixture
def listeners() -> Iterator[None]:
    """Take away what a test listens with."""
    before = set(cherrypy.engine.listeners.get("health", ()))
    yield
    cherrypy.engine.listeners["health"] = before


@pytest.mark.usefixtures("listeners")
def test_a_site_that_is_well_and_one_that_is_not(client: Client) -> None:
    answer = client.get("/health")
    assert (answer.code, answer.body) == (200, b"well\n")
    assert answer.field("Cache-Control") == "no-store"
    assert client.head("/health").code == 200

    def look() -> None:
        raise OSError("the secret database is gone")

    cherrypy.engine.subscribe("health", look)
    answer = client.get("/health")
    assert (answer.code, answer.body) == (503, b"unwell\n")  # why is for the log only
    assert client.get("/").code == 200
    cherrypy.engine.unsubscribe("health", look)
    assert client.get("/health").code == 200


def test_a_site_that_is_about_to_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bus, "is_leaving", property(lambda _: True))
    answer = client.get("/health")
    assert (answer.code, answer.body) == (503, b"leaving\n")
    assert client.get("/").code == 200


def test_as_a_page_handler() -> None:
    class Site:
        alive = cherrypy.tools.health.handler()

    assert Client(cherrypy.tree.mount(Site(), "")).get("/alive").body == b"well\n"


def test_the_exit_is_delayed_by_the_signal() -> None:
    bus = Bus()
    bus.exit_delay = 0.05
    bus.start()
    assert not bus.is_leaving
    bus.interrupt(f"Signal {signal.SIGTERM.name}", 143, bus.exit)
    assert bus.is_leaving
    assert bus.state is bus.states.STARTED
    bus.wait(bus.states.EXITING)
    assert bus.is_leaving


def test_ctrl_c_is_not_delayed() -> None:
    bus = Bus()
    bus.exit_delay = 3600
    bus.start()
    bus.interrupt("Keyboard Interrupt", 130)
    assert bus.state is bus.states.EXITING
