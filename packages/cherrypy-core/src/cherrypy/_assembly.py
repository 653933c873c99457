"""Builds the objects that an application finds in ``cherrypy``, once for a process."""

import threading
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from cherrypy._app import application
from cherrypy._app import serving as app_serving
from cherrypy._app.quickstart import Quickstart
from cherrypy._app.tree import Tree
from cherrypy._config.config import Config, file_hooks
from cherrypy._config.extensions import find_extension, missing
from cherrypy._config.generations import TrackedDict
from cherrypy._request.parts import DEFAULT_HOSTS
from cherrypy._request.request import Request
from cherrypy._request.response import Response
from cherrypy._runtime import context, urls
from cherrypy._runtime.logs import GlobalLogManager
from cherrypy._workers.parts import Parts
from cherrypy.lib import caching
from cherrypy.lib.toolset import make_default_toolbox
from cherrypy.process._autoreload import Autoreloader
from cherrypy.process._service import ServiceNotifier
from cherrypy.process._signals import SignalHandler
from cherrypy.process._threads import ThreadManager
from cherrypy.process.wspbus import Bus, bus

if TYPE_CHECKING:
    from cherrypy._app.checker import Checker
    from cherrypy._app.http_server import Server

DEFAULTS = {
    "tools.log_tracebacks.on": True,
    "tools.log_headers.on": True,
    "tools.trailing_slash.on": True,
    "tools.encode.on": True,
}
"""Tools that are on where configuration does not say otherwise."""

CHECKER_PRIORITY = 50
SERVER_PRIORITY = 75


class SignalsPlugin:
    """``engine.signals``: whether signals of the system reach the engine."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    def subscribe(self) -> None:
        """Let the engine act on Ctrl-C, SIGTERM and their like."""
        for name in ("signal_handler", "console_control_handler"):
            handler = getattr(self.bus, name, None)
            if handler is not None:
                handler.subscribe()


class DefaultServer:
    """``cherrypy.server``, made when it is first needed: at the start, or by name."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._server: Server | None = None
        self.servers: dict[str, Server] = {}

    def get(self) -> "Server":
        """Return the server; it is made of an installed distribution that announces one.

        Raises:
            AttributeError: No distribution does.
        """
        with self._lock:
            if self._server is None:
                engine.unsubscribe("start", self.start)
                try:
                    self._server = self.make()
                except BaseException:
                    engine.subscribe("start", self.start, SERVER_PRIORITY)
                    raise
                self._server.subscribe()
            return self._server

    def peek(self) -> "Server | None":
        """Return the server if it has been made; ``None`` if not."""
        return self._server

    def make(self) -> "Server":
        """Return a new server, not subscribed to the engine.

        Raises:
            AttributeError: No installed distribution announces one.
        """
        server_class = find_extension("servers", "cheroot")
        if server_class is None:
            raise AttributeError(missing("servers", "cheroot"))
        made: Server = server_class()
        return made

    def start(self) -> None:
        """Start the server with the engine, if there is one to be had."""
        if find_extension("servers", "cheroot") is not None:
            self.get().start()

    def base(self) -> str:
        """Return scheme, host and port at which the site is reached from this machine."""
        return _configured_base() if self._server is None else self._server.base()

    def configure(self, key: str, value: object) -> None:
        """Act on a setting of the namespace ``server``.

        Args:
            key: Attribute of the server, or ``name.attribute`` of another server.
            value: Its value.
        """
        if find_extension("servers", "cheroot") is None:
            return  # another server runs the site, and is configured in its own way
        name, dot, attribute = key.partition(".")
        if not dot:
            setattr(self.get(), key, value)
            return
        if name not in self.servers:
            self.servers[name] = self.make()
            # as it is the first of its settings that counts
            self.servers[name].subscribe()
        if attribute == "on":
            (self.servers[name].subscribe if value else self.servers[name].unsubscribe)()
        else:
            setattr(self.servers[name], attribute, value)


def _configured_base() -> str:
    """Return the base that the server would have, without making one."""
    host = config.get("server.socket_host") or "127.0.0.1"
    port = config.get("server.socket_port") or 8080
    encrypting = ("server.ssl_certificate", "server.ssl_certificates", "server.ssl_context")
    scheme = "https" if any(config.get(name) for name in encrypting) else "http"
    default_port = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host}" + ("" if port == default_port else f":{port}")


def _configure_engine(key: str, value: Any) -> None:
    """Act on a setting of the namespace ``engine``: ``autoreload.on``, ``SIGTERM``."""
    if key in ("SIGHUP", "SIGTERM"):
        if value is not None:
            engine.subscribe(key, value)
        return
    name, dot, attribute = key.partition(".")
    if not dot:
        setattr(engine, key, value)
        return
    plugin = getattr(engine, name)
    if attribute == "on":
        (plugin.subscribe if value else plugin.unsubscribe)()
    else:
        setattr(plugin, attribute, value)


def _configure_tree(_key: str, value: Any) -> None:
    """Act on a setting of the namespace ``tree``: mount what it names."""
    if isinstance(value, dict):
        for script_name, app in value.items():
            tree.graft(app, script_name)
    else:
        tree.graft(value, value.script_name)


def _log_bus(msg: str, level: int) -> None:
    log.error(msg, "ENGINE", severity=level)


@cache
def checker() -> "Checker":
    """Return ``cherrypy.checker``, made when it is first needed."""
    from cherrypy._app.checker import Checker

    return Checker(
        config=lambda: config,
        apps=lambda: tree.apps,
        toolboxes=lambda: {"tools": tools},
        server=default_server.peek,
    )


def response_cache() -> object:
    """Return ``cherrypy._cache``; ``None`` as long as the caching tool has not been used."""
    return caching.shared.cache


def _check() -> None:
    """Check the configuration, when the engine starts."""
    checker()()


class Engine(Bus):
    """``cherrypy.engine``, as type checkers see it: the bus with the plugins of a site."""

    autoreload: Autoreloader
    thread_manager: ThreadManager
    service_notifier: ServiceNotifier
    signal_handler: SignalHandler
    signals: SignalsPlugin


engine = cast("Engine", bus)
tree = Tree()
tools = make_default_toolbox()
log = GlobalLogManager()
default_server = DefaultServer()

config = Config()
config.defaults = DEFAULTS
config.namespaces["server"] = default_server.configure
config.namespaces["engine"] = _configure_engine
config.namespaces["tree"] = _configure_tree
config.namespaces["log"] = lambda key, value: setattr(log, key, value)
config.namespaces["checker"] = lambda key, value: setattr(checker(), key, value)
config.reset()

for channel in ("before_request", "after_request", "acquire_thread"):
    engine.listeners.setdefault(channel, set())
engine.autoreload = Autoreloader(engine)
engine.thread_manager = ThreadManager(engine)
engine.signal_handler = SignalHandler(engine)
engine.signals = SignalsPlugin(engine)
engine.service_notifier = ServiceNotifier(engine)
engine.autoreload.subscribe()
engine.thread_manager.subscribe()
engine.subscribe("log", _log_bus)
engine.subscribe("graceful", log.reopen_files)
engine.subscribe("start", _check, CHECKER_PRIORITY)
engine.subscribe("start", default_server.start, SERVER_PRIORITY)
file_hooks.append(engine.autoreload.files.add)

application.site.config = config
application.Application.toolboxes = TrackedDict(tools=tools)
app_serving.site.log = log
app_serving.site.threads = engine.thread_manager.threads
urls.site.server_base = default_server.base
Request.namespaces["tools"] = tools
context.idle.request = Request(*DEFAULT_HOSTS)
context.idle.response = Response()

log.screen = True


def _listen_to_system() -> None:
    """Let the engine act on signals, and tell the service manager how it is."""
    engine.signals.subscribe()
    engine.service_notifier.subscribe()


def _lead() -> None:
    """Tell the process that does what is to be done once in a site, however many serve it."""
    engine.publish("lead")


engine.subscribe("started", _lead)


def worker_parts() -> Parts:
    """Return what processes need that serve the site together."""
    return Parts(engine, config, tree, _find_server, default_server.servers, _prepare_worker, _lead)


def _find_server() -> "Server | None":
    return None if find_extension("servers", "cheroot") is None else default_server.get()


def _prepare_worker() -> None:
    """Leave to the supervisor of this process what it does for all workers."""
    config.update({"engine.autoreload.on": False})
    engine.unsubscribe("start", default_server.start)
    engine.unsubscribe("started", _lead)
    server = default_server.peek()
    for each in ([] if server is None else [server]) + list(default_server.servers.values()):
        each.unsubscribe()


def count_workers() -> int:
    """Return how many processes the configuration asks for: 0 for this one alone."""
    server = default_server.peek()
    count = getattr(server, "workers", None) or config.get("server.workers") or 0
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ValueError(f"server.workers = {count!r}: expected an int of 0 or more")
    return count


def _serve_by_workers() -> bool:
    """Serve by several processes, if the configuration asks for them; tell whether it does."""
    count = count_workers()
    if count:
        from cherrypy._workers.serving import serve_by_workers  # with multiprocessing

        serve_by_workers(worker_parts(), count)
    return count > 0


quickstart = Quickstart(
    tree, engine, config.update, default_server.get, _listen_to_system, _serve_by_workers
)

request = cast("Request", context.request)
response = cast("Response", context.response)
serving = context.serving
thread_data = context.thread_data
