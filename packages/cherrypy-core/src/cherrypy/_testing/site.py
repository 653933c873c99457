"""What all applications of a process share, for the time of a test."""

import logging
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
    """Put back, at the end, what a test changes of what all applications share.

    That is what is mounted on ``cherrypy.tree``, ``cherrypy.config`` and what its settings act on
    (server, engine, checker, logs), the listeners of the engine, the cache of the caching tool, and
    the threads that the engine knows. What was there before is there in between, too; only
    nothing is written to the screen. Tools, which are code, and sessions stay.
    """
    with ExitStack() as stack:
        for preserve in (_tree, _listeners, _settings, _logs, _cache):
            stack.callback(preserve())
        stack.callback(_forget_request_and_threads)
        _forget_request_and_threads()
        cherrypy.log.screen = False
        yield


@contextmanager
def running() -> Iterator[None]:
    """Start ``cherrypy.engine`` without an HTTP server and without the autoreloader; stop it again.

    Plugins and other listeners get ``start``, then ``stop`` and ``exit``, as in the life of a
    process. Everything that :func:`isolated` puts back is put back.

    Raises:
        RuntimeError: The engine runs already, or a listener made it exit while it started.
        ChannelFailures: A listener failed. Unlike otherwise, the process does not end.
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
        port: Port, which was free.
    """

    base: str
    host: str
    port: int

    def url(self, path: str = "/") -> str:
        """Give the absolute URL of a path."""
        return f"{self.base}/{path.removeprefix('/')}"


@contextmanager
def live_server(host: str = _LOOPBACK, port: int = 0) -> Iterator[LiveServer]:
    """Serve ``cherrypy.tree`` by ``cherrypy.server``, as configured, on a free port.

    Otherwise it is as :func:`running`. What is mounted in the meantime is served at once.

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
        server: ``cherrypy.server``, with its settings. One that serves by other means is left
            alone.
    """
    if server.instance is None and server.httpserver is None:
        server.instance, _ = server.httpserver_from_self()
        server.instance.expiration_interval = _SECONDS_TO_STOP


def _keep_servers_off() -> None:
    """Unsubscribe from the engine whatever would serve the site, or make a server for it."""
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
    exits: list[None] = []
    # what a listener calls where it can not start, such as that of a server
    engine.exit = lambda: exits.append(None)  # type: ignore[method-assign]
    try:
        engine.state = states.STARTING
        engine.log("Bus STARTING")
        engine.publish("start")
    finally:
        del engine.exit
    if exits:
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


def _tree() -> Undo:
    tree = cherrypy.tree
    apps = dict(tree.apps)

    def undo() -> None:
        tree.apps.clear()
        tree.apps.update(apps)

    return undo


def _listeners() -> Undo:
    engine = cherrypy.engine
    listeners = {channel: set(each) for channel, each in engine.listeners.items()}
    ranks = dict(engine._ranks)

    def undo() -> None:
        for channel in engine.listeners.keys() - listeners.keys():
            engine.listeners[channel].clear()
        for channel, each in listeners.items():
            engine.listeners[channel] = set(each)
        engine._ranks.clear()
        engine._ranks.update(ranks)

    return undo


def _settings() -> Undo:
    """Preserve ``cherrypy.config``, and the objects that its settings are stored in."""
    config = cherrypy.config
    settings, namespaces, paths = dict(config), dict(config.namespaces), config.contained_paths
    made, others = default_server.peek(), dict(default_server.servers)
    engine = cherrypy.engine
    holders = [engine.autoreload, cherrypy.checker, *filter(None, [made, *others.values()])]
    undo_attributes = [_attributes(engine, is_public), *map(_attributes, holders)]

    def undo() -> None:
        config.reset()
        dict.clear(config)
        dict.update(config, settings)  # no handler is told: what they did is undone below
        config.namespaces.clear()
        config.namespaces.update(namespaces)
        config.contained_paths = paths
        generation.bump()
        default_server.servers.clear()
        default_server.servers.update(others)
        default_server._server = made
        for undo_each in undo_attributes:
            undo_each()

    return undo


def is_public(name: str) -> bool:
    """Tell whether an attribute is for everybody."""
    return not name.startswith("_")


def _attributes(holder: Any, is_setting: Callable[[str], bool] = bool) -> Undo:
    """Preserve the attributes of an object, but not what is in them."""
    before = {name: value for name, value in vars(holder).items() if is_setting(name)}

    def undo() -> None:
        for name in [name for name in vars(holder) if is_setting(name)]:
            if name not in before:
                delattr(holder, name)
        vars(holder).update(before)

    return undo


def _logs() -> Undo:
    undo_each = [_logger(log) for log in (cherrypy.log.error_log, cherrypy.log.access_log)]

    def undo() -> None:
        for each in undo_each:
            each()

    return undo


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


def _cache() -> Undo:
    before, shared.cache = shared.cache, None

    def undo() -> None:
        shared.cache = before

    return undo


def _forget_request_and_threads() -> None:
    """Let the next request be the first one of its thread."""
    cherrypy.serving.clear()
    cherrypy.engine.thread_manager.stop()
