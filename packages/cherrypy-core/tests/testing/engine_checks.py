"""The life of the engine in a test, and that tests leave nothing to one another."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy import _assembly
from cherrypy.lib.caching import MemoryCache, shared
from cherrypy.process.plugins import Monitor, SimplePlugin
from cherrypy.process.wspbus import ChannelFailures, states
from cherrypy.testing import Client, isolated, live_server, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Scope = Callable[[], AbstractContextManager[None]]

pytestmark = pytest.mark.usefixtures("site")


class Plugin(SimplePlugin):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__(cherrypy.engine)
        self.heard: list[str] = []

    def start(self) -> None:
        """Note it."""
        self.heard.append("start")

    def stop(self) -> None:
        """Note it."""
        self.heard.append("stop")

    def exit(self) -> None:
        """Note it."""
        self.heard.append("exit")

    def graceful(self) -> None:
        """Note it."""
        self.heard.append("graceful")


class Root:
    """Answers."""

    @cherrypy.expose
    def index(self) -> str:
        """Answer with the state of the engine."""
        return str(cherrypy.engine.state)

    @cherrypy.expose
    def exit(self) -> str:
        """End the site."""
        cherrypy.engine.exit()
        return "ended"


class TestRunning:
    """``running`` and ``client.engine()``."""

    def test_plugins_live_as_in_a_process(self) -> None:
        plugin = Plugin()
        plugin.subscribe()
        client = Client(cherrypy.Application(Root()))
        with client.engine():
            assert client.get("/").text == "states.STARTED"
            assert plugin.heard == ["start"]
            cherrypy.engine.graceful()
        assert plugin.heard == ["start", "graceful", "stop", "exit"]
        assert cherrypy.engine.state is states.STOPPED

    def test_again_and_again(self) -> None:
        plugin = Plugin()
        plugin.subscribe()
        for _ in range(2):
            with running():
                pass
        assert plugin.heard == ["start", "stop", "exit"] * 2

    def test_it_stops_when_the_test_fails(self) -> None:
        with pytest.raises(LookupError), running():
            raise LookupError
        assert cherrypy.engine.state is states.STOPPED

    def test_no_server_is_started(self) -> None:
        class Server:
            httpserver = None

            def start(self) -> None:
                raise AssertionError("started")

        cherrypy.engine.subscribe("start", Server().start)
        with running():
            assert not [each for each in threading.enumerate() if "HTTPServer" in each.name]

    def test_nobody_looks_for_changed_files(self) -> None:
        with running():
            assert cherrypy.engine.autoreload.thread is None

    def test_threads_of_plugins_end(self) -> None:
        called = threading.Event()
        monitor = Monitor(cherrypy.engine, called.set, frequency=0.001)
        monitor.subscribe()
        with running():
            assert called.wait(10)
            thread = monitor.thread
        assert thread is not None
        thread.join(10)
        assert not thread.is_alive()

    def test_each_thread_is_told_of_once_more(self) -> None:
        """So that a plugin which opens something for each thread does so in every test."""
        for _ in range(2):
            with running():
                numbers: list[int] = []
                cherrypy.engine.subscribe("start_thread", numbers.append)
                client = Client(cherrypy.Application(Root()))
                client.get("/")
                client.get("/")
                assert numbers == [1]

    def test_not_twice_at_a_time(self) -> None:
        with running(), pytest.raises(RuntimeError, match="STARTED"), running():
            pass

    def test_the_application_may_end_it(self) -> None:
        plugin = Plugin()
        plugin.subscribe()
        with running():
            assert Client(cherrypy.Application(Root())).get("/exit").text == "ended"
            assert plugin.heard == ["start", "stop", "exit"]
        assert plugin.heard == ["start", "stop", "exit"]
        assert cherrypy.engine.state is states.STOPPED

    def test_a_listener_that_can_not_start_fails_the_test_and_not_the_process(self) -> None:
        plugin = Plugin()
        plugin.subscribe()

        def fail() -> None:
            raise LookupError("no database")

        cherrypy.engine.subscribe("start", fail)
        with pytest.raises(ChannelFailures, match="no database"), running():
            pass
        assert plugin.heard == ["start", "stop", "exit"]

    def test_a_listener_that_gives_up_fails_the_test_and_not_the_process(self) -> None:
        with isolated():

            def give_up() -> None:
                cherrypy.engine.exit()

            cherrypy.engine.subscribe("start", give_up)
            with pytest.raises(RuntimeError, match="exit"), running():
                pass
        with running():  # exit() is that of the bus again
            cherrypy.engine.exit()
            assert cherrypy.engine.state is states.EXITING

    @pytest.mark.parametrize("channel", ["stop", "exit"])
    def test_a_listener_that_can_not_stop_fails_the_test(self, channel: str) -> None:
        plugin = Plugin()
        plugin.subscribe()

        def fail() -> None:
            raise LookupError("stuck")

        with pytest.raises(ChannelFailures, match="stuck"), running():
            cherrypy.engine.subscribe(channel, fail)
        assert plugin.heard == ["start", "stop", "exit"]
        assert cherrypy.engine.state is states.STOPPED

    def test_a_restart_is_not_waited_for(self) -> None:
        with running():
            cherrypy.engine.restart()
        assert not cherrypy.engine.execv


@pytest.mark.parametrize("scope", [isolated, running])
class TestIsolation:
    """What a test changes, and the next one does not see."""

    def test_what_is_mounted(self, scope: Scope) -> None:
        cherrypy.tree.mount(Root(), "/before")
        before = dict(cherrypy.tree.apps)
        with scope():
            cherrypy.tree.mount(Root(), "/before")
            cherrypy.tree.mount(Root(), "/more")
        assert cherrypy.tree.apps == before

    def test_configuration(self, scope: Scope) -> None:
        cherrypy.config.update({"own.key": "before", "only.before": 1})
        before = dict(cherrypy.config)
        root, client = Root(), Client()
        cherrypy.tree.mount(root)
        with scope():
            cherrypy.config.update({"own.key": "changed", "response.headers.X-A": "1"})
            cherrypy.config.update({"tools.response_headers.on": True})
            cherrypy.config["tools.response_headers.headers"] = [("X-A", "1")]
            del cherrypy.config["only.before"]
            cherrypy.config.namespaces["own"] = lambda _key, _value: None
            assert client.get("/").headers["X-A"] == "1"
        assert dict(cherrypy.config) == before
        assert "own" not in cherrypy.config.namespaces
        assert "X-A" not in client.get("/").headers  # no plan has outlived it

    def test_what_configuration_acts_on(self, scope: Scope) -> None:
        engine = cherrypy.engine
        checker_on, frequency = cherrypy.checker.on, engine.autoreload.frequency
        with scope():
            cherrypy.config.update(
                {
                    "checker.on": not checker_on,
                    "engine.autoreload.on": False,
                    "engine.autoreload.frequency": 77,
                    "engine.own_attribute": 1,
                    "engine.drain_timeout": 1,
                    "log.screen": True,
                }
            )
        assert cherrypy.checker.on is checker_on
        assert engine.autoreload.frequency == frequency
        assert engine.autoreload.start in engine.listeners["start"]
        assert not hasattr(engine, "own_attribute")
        assert engine.drain_timeout == type(engine).drain_timeout
        assert not cherrypy.log.screen

    def test_listeners(self, scope: Scope) -> None:
        order: list[str] = []
        first, last = (lambda: order.append("first")), (lambda: order.append("last"))
        cherrypy.engine.subscribe("own", first, 90)
        with scope():
            cherrypy.engine.unsubscribe("own", first)
            cherrypy.engine.subscribe("own", last, 10)
            cherrypy.engine.subscribe("new", last)
        cherrypy.engine.subscribe("own", last, 95)
        cherrypy.engine.publish("own")
        cherrypy.engine.publish("new")
        assert order == ["first", "last"]  # with the priorities that they had

    def test_log_files(self, scope: Scope, tmp_path: Path) -> None:
        handlers = cherrypy.log.error_log.handlers[:]
        with scope():
            cherrypy.config.update({"log.error_file": f"{tmp_path}/error.log"})
            cherrypy.log.error_log.setLevel(logging.CRITICAL)
        assert cherrypy.log.error_log.handlers == handlers
        assert cherrypy.log.error_log.level == logging.INFO

    def test_a_handler_of_the_root_logger_stays_open(self, scope: Scope, tmp_path: Path) -> None:
        """Applications hand one file to all their loggers."""
        handler = logging.FileHandler(tmp_path / "all.log")
        logging.root.addHandler(handler)
        try:
            with scope():
                cherrypy.log.error_log.addHandler(handler)
            assert handler not in cherrypy.log.error_log.handlers
            assert handler.stream is not None
        finally:
            logging.root.removeHandler(handler)
            handler.close()

    def test_cached_responses(self, scope: Scope) -> None:
        mine = shared.cache = MemoryCache()
        try:
            with scope():
                assert shared.cache is None
                shared.cache = MemoryCache()
            assert shared.cache is mine
        finally:
            shared.cache = None

    def test_nothing_goes_to_the_screen(
        self,
        scope: Scope,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        cherrypy.log.screen = True
        with scope():
            cherrypy.log("quiet")
        assert cherrypy.log.screen
        cherrypy.log("loud")
        shown = capsys.readouterr().err
        assert "quiet" not in shown
        assert "loud" in shown


def test_without_a_server_a_live_one_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_assembly, "find_extension", lambda _group, _name: None)
    monkeypatch.setattr(_assembly.default_server, "_server", None)
    with pytest.raises(AttributeError, match="pip install cherrypy-server"), live_server():
        pass
