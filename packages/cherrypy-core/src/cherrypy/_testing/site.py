"""The state that all applications of a process share, for the time of a test."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import cherrypy
from cherrypy._assembly import default_server
from cherrypy._config.generations import generation
from cherrypy.lib.caching import shared
from cherrypy.process.wspbus import ChannelFailures, states

Undo = Callable[[], object]

_LOOPBACK = "127.0.0.1"
_SECONDS_TO_STOP = 0.05  # our server would take ten times as long
_CAN_START = frozenset({states.STOPPED, states.EXITING})


@contextmanager
def isolated() -> Iterator[None]:
    """Put back, at the end, whatever a test changes in the state that all applications share.

    That is the applications on ``cherrypy.tree``, ``cherrypy.config`` and the objects that its
    settings act on (server, engine, checker, logs), the listeners of the engine, the cache of the
    caching tool, and the threads that the engine knows. In between, everything is as it was before,
    but nothing is written to the screen. Tools and sessions stay as the test leaves them.
    """
    with ExitStack() as stack:
        for undo in _preserve():
            stack.callback(undo)
        stack.callback(_forget_request_and_threads)
        _forget_request_and_threads()
        shared.cache = None
        cherrypy.log.screen = False
        yield


def _preserve() -> Iterator[Undo]:
    """Preserve the state for :func:`isolated`; yield functions that put it back."""
    config, engine, log = cherrypy.config, cherrypy.engine, cherrypy.log
    yield generation.bump  # called last: settings were put back without telling handlers
    for mapping in (
        cherrypy.tree.apps,
        config,
        config.namespaces,
        engine._ranks,
        default_server.servers,
    ):
        yield _contents(mapping)
    servers = filter(None, [default_server.peek(), *default_server.servers.values()])
    for holder in (config, cherrypy.checker, engine.autoreload, shared, default_server, *servers):
        yield _contents(vars(holder))
    yield _contents(vars(engine), _is_public)
    yield _listeners()
    yield from map(_logger, (log.error_log, log.access_log))


@contextmanager
def running() -> Iterator[None]:
    """Start ``cherrypy.engine`` without an HTTP server and without the autoreloader; stop it again.

    Plugins and other listeners get ``start``, then ``stop`` and ``exit``, as in the life of a
    process. Everything that :func:`isolated` puts back is put back.

    Raises:
        RuntimeError: The engine runs already, or a listener made it exit while it started.
        ChannelFailures: A listener failed. Here, that does not end the process.
    """
    with isolated():
        _keep_servers_off()
        with started():
            yield


@dataclass(frozen=True)
class LiveServer:
    """A site that is served on a port of this machine.

    Attributes:
        base: Scheme, host and port, such as ``http://127.0.0.1:40125``.
        host: Address.
        port: Port.
    """

    base: str
    host: str
    port: int

    def url(self, path: str = "/") -> str:
        """Return the absolute URL of a path."""
        return f"{self.base}/{path.removeprefix('/')}"


@contextmanager
def live_server(host: str = _LOOPBACK, port: int = 0) -> Iterator[LiveServer]:
    """Serve ``cherrypy.tree`` by ``cherrypy.server``, as configured, on a free port.

    Otherwise it is as :func:`running`. Applications that are mounted meanwhile are served at once.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 lets the system choose a free one.

    Raises:
        AttributeError: The distribution that brings the server is not installed.
        RuntimeError: The engine runs already.
        ChannelFailures: A listener failed, as where the port is in use.
    """
    with isolated():
        server = cherrypy.server
        server.socket_file = None
        server.socket_host, server.socket_port = host, port
        _keep_servers_off()
        server.subscribe()
        make_quick(server)
        with started():
            yield LiveServer(server.base(), *server.bound_addr)


def make_quick(server: Any) -> None:
    """Have a server look often whether it is to stop, so that tests need not wait for that.

    Args:
        server: ``cherrypy.server``, with its settings. A server of another kind is left alone.
    """
    if server.instance is None and server.httpserver is None:
        server.instance, _ = server.httpserver_from_self()
        server.instance.expiration_interval = _SECONDS_TO_STOP


def _keep_servers_off() -> None:
    """Unsubscribe from the engine everything that would serve the site, or make a server for it."""
    engine = cherrypy.engine
    for channel in ("start", "stop"):
        for listener in tuple(engine.listeners[channel]):
            owner = getattr(listener, "__self__", None)
            if owner is default_server or hasattr(owner, "httpserver"):
                engine.unsubscribe(channel, listener)


@contextmanager
def started() -> Iterator[None]:
    """Take the engine through its life, but for the end of the process and the autoreloader.

    Raises:
        RuntimeError: The engine runs already, or a listener made it exit while it started.
        ChannelFailures: A listener failed.
    """
    engine = cherrypy.engine
    if engine.state not in _CAN_START:
        raise RuntimeError(f"cherrypy.engine is in the state {engine.state}: stop it first")
    engine.autoreload.unsubscribe()
    try:
        _start()
        yield
    finally:
        _stop()


def _start() -> None:
    """Start the engine. A failure does not end the process, as it does by ``engine.start()``."""
    engine = cherrypy.engine
    gave_up = threading.Event()
    vars(engine)["exit"] = gave_up.set  # listeners that cannot start, as of a server, call it
    try:
        engine.state = states.STARTING
        engine.log("Bus STARTING")
        engine.publish("start")
    finally:
        del engine.exit
    if gave_up.is_set():
        raise RuntimeError("a listener called cherrypy.engine.exit() while the engine started")
    engine.state = states.STARTED
    engine.log("Bus STARTED")


def _stop() -> None:
    """Stop the engine and have it exit, unless the application did so itself."""
    engine = cherrypy.engine
    failures: list[ChannelFailures] = []
    if engine.state is not states.EXITING:
        for channel, during in (("stop", states.STOPPING), ("exit", states.EXITING)):
            engine.state = during
            try:
                engine.publish(channel)
            except ChannelFailures as failure:
                failures.append(failure)
    engine.execv = False
    engine.state = states.STOPPED
    if failures:
        raise failures[0]


def _contents(mapping: dict[Any, Any], is_kept: Callable[[Any], bool] = lambda _key: True) -> Undo:
    """Preserve the items of a dictionary, but not the state of their values.

    Args:
        mapping: The dictionary. Methods of subclasses, which may act on a change, are not called.
        is_kept: Tells of a key whether its value is preserved.
    """
    before = {key: value for key, value in mapping.items() if is_kept(key)}

    def undo() -> None:
        for key in [key for key in mapping if is_kept(key)]:
            dict.__delitem__(mapping, key)
        dict.update(mapping, before)

    return undo


def _listeners() -> Undo:
    engine = cherrypy.engine
    before = {channel: set(each) for channel, each in engine.listeners.items()}

    def undo() -> None:
        for channel in {*engine.listeners, *before}:
            engine.listeners[channel] = set(before.get(channel, ()))

    return undo


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _logger(log: logging.Logger) -> Undo:
    handlers, level = log.handlers[:], log.level
    propagate, is_disabled = log.propagate, log.disabled

    def undo() -> None:
        for handler in [handler for handler in log.handlers if handler not in handlers]:
            log.removeHandler(handler)
            if not _is_used(handler):
                handler.close()
        log.handlers[:] = handlers
        log.setLevel(level)
        log.propagate, log.disabled = propagate, is_disabled

    return undo


def _is_used(handler: logging.Handler) -> bool:
    """Tell whether any logger still has a handler, as the root may."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    return any(handler in getattr(logger, "handlers", ()) for logger in loggers)


def _forget_request_and_threads() -> None:
    """Let the next request be the first one of its thread."""
    cherrypy.serving.clear()
    cherrypy.engine.thread_manager.stop()
