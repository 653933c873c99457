"""The current request and response, and what belongs to a thread."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import pytest

import cherrypy
from cherrypy._runtime.context import ServingProxy
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


def test_a_request_can_be_made_current_by_hand() -> None:
    request: Any = object()
    response: Any = object()
    cherrypy.serving.load(request, response)
    assert cherrypy.serving.request is request
    assert cherrypy.serving.response is response
    cherrypy.serving.clear()
    assert cherrypy.request.app is None


def test_a_thread_of_an_application_serves_no_request() -> None:
    seen: list[object] = []

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            threads = [
                threading.Thread(target=lambda: seen.append(cherrypy.request.app)),
                threading.Thread(
                    target=contextvars.copy_context().run,
                    args=[lambda: seen.append(cherrypy.request.app)],
                ),
            ]
            for thread in threads:
                thread.start()
                thread.join()
            return ""

    app = cherrypy.Application(Root(), "")
    Client(app).get("/")
    assert seen == [None, app]  # unless it is given the context


def test_thread_data_is_that_of_the_thread() -> None:
    cherrypy.thread_data.own = "main"
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(hasattr(cherrypy.thread_data, "own")))
    thread.start()
    thread.join()
    assert seen == [False]
    cherrypy.thread_data.clear()
    assert not hasattr(cherrypy.thread_data, "own")


def test_a_proxy_mirrors_what_it_stands_for() -> None:
    proxy: Any = ServingProxy("mapping")
    nothing: Any = None
    cherrypy.serving.load(nothing, nothing)
    cherrypy.serving.mapping = {"a": 1}
    proxy["b"] = 2
    assert (proxy["a"], "b" in proxy, len(proxy), sorted(proxy), bool(proxy)) == (
        1,
        True,
        2,
        ["a", "b"],
        True,
    )
    del proxy["a"]
    assert dict(proxy.items()) == {"b": 2}
    assert "items" in dir(proxy)
    assert "mapping" in repr(proxy)
    del cherrypy.serving.mapping
    with pytest.raises(AttributeError):
        len(proxy)


def test_threads_are_told_to_the_bus() -> None:
    """Each thread once, before its first request."""
    cherrypy.engine.thread_manager.stop()
    acquired: list[int] = []
    cherrypy.engine.subscribe("start_thread", acquired.append)

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return ""

    client = Client(cherrypy.Application(Root(), ""))

    together = threading.Barrier(2, timeout=10)  # as an identifier is given again afterwards

    def ask_twice() -> None:
        client.get("/")
        client.get("/")
        together.wait()
        cherrypy.engine.publish("release_thread")

    threads = [threading.Thread(target=ask_twice) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(acquired) == 2
    assert len(set(acquired)) == 2


def test_the_bus_is_told_of_each_request() -> None:
    told: list[tuple[str, str]] = []

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            told.append(("handler", cherrypy.request.path_info))
            return ""

    for channel in ("before_request", "after_request"):
        cherrypy.engine.subscribe(
            channel, lambda channel=channel: told.append((channel, cherrypy.request.method))
        )
    Client(cherrypy.Application(Root(), "")).get("/")
    assert told == [("before_request", "GET"), ("handler", "/"), ("after_request", "GET")]
