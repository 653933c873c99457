"""Figures of the site for Prometheus: requests, durations, threads, connections, sessions, cache.

The text format is written by ``prometheus_client``, which the extra ``metrics`` brings. With
several workers it adds up their figures, through files in a folder that their supervisor makes.
"""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Protocol

from cherrypy._http.status import valid_status
from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool

__all__ = ["MetricsTool"]

STARTED = "_metrics_started"
"""Attribute of a request that is being counted: when it began, and the name of its handler."""

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_HANDLER = "none"


class MetricsTool(Tool):
    """``tools.metrics``: counts requests, and shows all figures where ``show`` is set."""

    def __init__(self) -> None:
        super().__init__("on_end_request", self.end, "metrics", priority=100)
        self._figures: _Figures | None = None
        self._lock = threading.Lock()

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Return the hooks that the tool attaches."""
        hooks: PlannedHooks = [
            ("on_start_resource", Hook(self.begin, failsafe=True, priority=0)),
            ("on_end_request", Hook(self.end, failsafe=True, priority=100)),
        ]
        if arguments.get("show"):
            priority: float | None = arguments.get("priority")
            hooks.append(("before_handler", Hook(self.answer, priority=priority)))
        return hooks

    def begin(self) -> None:
        """Note the beginning of the current request, and the page handler that was found for it."""
        request = current.get().request
        setattr(request, STARTED, (perf_counter(), name_of(request.handler)))

    def end(self, show: bool = False) -> None:
        """Count the current request, when its response has been sent.

        Args:
            show: Whether this address answers with the figures.
        """
        serving = current.get()
        request, response = serving.request, serving.response
        started: tuple[float, str] | None = getattr(request, STARTED, None)
        if started is not None:
            delattr(request, STARTED)  # counted once
            beginning, handler = started
            self.figures.count(request, response, handler, perf_counter() - beginning)

    def answer(self) -> None:
        """Answer the current request with all figures, in the text format of Prometheus."""
        serving = current.get()
        text, media_type = self.figures.text()
        serving.response.headers["Content-Type"] = media_type
        serving.response.headers["Cache-Control"] = "no-store"
        serving.response.body = text
        serving.request.handler = None

    @property
    def figures(self) -> "_Figures":
        """The figures of this process, made when they are first needed.

        Raises:
            ImportError: The extra ``metrics`` is not installed.
        """
        if self._figures is None:
            with self._lock:
                if self._figures is None:
                    self._figures = _Figures()
        return self._figures


class _Figures:
    """What is counted in this process, and read when somebody asks."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
        except ImportError as error:
            raise ImportError(
                "tools.metrics needs prometheus_client: pip install 'cherrypy-core[metrics]'"
            ) from error
        self._registry = registry = CollectorRegistry()
        self._is_shared = values.ValueClass.__name__ != "MutexValue"
        self._requests = Counter(
            "cherrypy_requests",
            "Requests that were answered.",
            ["handler", "method", "status"],
            registry=registry,
        )
        self._durations = Histogram(
            "cherrypy_request_duration_seconds",
            "From the beginning of a request until its response was sent.",
            ["handler"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._gauges = [
            (Gauge(name, text, registry=registry, multiprocess_mode="livesum"), read)
            for name, text, read in _GAUGES
        ]

    def count(self, request: Request, response: Response, handler: str, seconds: float) -> None:
        """Count a request that has been answered."""
        method = request.method if request.method in _METHODS else "other"
        self._requests.labels(handler, method, _code(response)).inc()
        self._durations.labels(handler).observe(seconds)

    def text(self) -> tuple[bytes, str]:
        """Return all figures, and their media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        for gauge, read in self._gauges:
            value = read()
            if value is not None:
                gauge.set(value)
        registry = self._registry
        if self._is_shared:
            registry = CollectorRegistry()
            collect: Callable[[CollectorRegistry], object] = MultiProcessCollector
            collect(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


def name_of(handler: object) -> str:
    """Return the name of a page handler for a label: ``shop.Basket.add``; ``none`` for no handler.

    There are as many names as there are handlers in the code, whatever clients ask for.
    """
    function: object = getattr(handler, "callable", handler)
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", None)
    if function is None or isinstance(function, Exception):
        return _NO_HANDLER
    if owner is not None and isinstance(name, str):
        return f"{_full_name(type(owner))}.{name}"
    return _full_name(function if isinstance(name, str) else type(function))


def _full_name(described: object) -> str:
    module = getattr(described, "__module__", "?")
    return f"{module}.{getattr(described, '__qualname__', '?')}"


def _code(response: Response) -> str:
    """Return the status code of a response, as text."""
    try:
        return str(valid_status(response.status)[0])
    except (ValueError, TypeError):
        return "0"


# What is read when somebody asks ------------------------------------------------------------------


class _Pool(Protocol):
    """The threads of a server."""

    size: int
    idle: int
    qsize: int


class _Server(Protocol):
    """A server that runs, as far as its figures go."""

    requests: _Pool
    connections: Sized


def _servers() -> Iterator[_Server]:
    """Yield the servers of this process that run."""
    facade = sys.modules.get("cherrypy")
    further: Mapping[str, object] = getattr(facade, "servers", {})
    for adapter in (getattr(facade, "server", None), *further.values()):
        server: _Server | None = getattr(adapter, "httpserver", None)
        if server is not None and getattr(adapter, "running", False):
            yield server


def _sum(read: Callable[[_Server], float]) -> float | None:
    """Add up a figure of all servers; None where no server has it, as those of other kinds."""
    values = []
    for server in _servers():
        with suppress(AttributeError, TypeError):
            values.append(read(server))
    return sum(values) if values else None


def _size(holder: object, name: str) -> float | None:
    """Return how much there is in an attribute; None where there is nothing of that name."""
    kept: Sized | None = getattr(holder, name, None)
    return None if kept is None else len(kept)


def _sessions() -> float | None:
    module = sys.modules.get("cherrypy.lib.sessions")
    return _size(getattr(module, "RamSession", None), "cache")


def _cached_urls() -> float | None:
    return _size(getattr(sys.modules.get("cherrypy"), "_cache", None), "store")


_GAUGES: tuple[tuple[str, str, Callable[[], float | None]], ...] = (
    (
        "cherrypy_threads",
        "Threads that answer requests.",
        partial(_sum, lambda server: server.requests.size),
    ),
    (
        "cherrypy_threads_idle",
        "Threads that wait for a request.",
        partial(_sum, lambda server: server.requests.idle),
    ),
    (
        "cherrypy_requests_waiting",
        "Requests that wait for a thread.",
        partial(_sum, lambda server: server.requests.qsize),
    ),
    (
        "cherrypy_connections",
        "Connections that are open.",
        partial(_sum, lambda server: len(server.connections)),
    ),
    ("cherrypy_sessions_in_memory", "Sessions that are kept in memory.", _sessions),
    ("cherrypy_cached_urls", "URLs whose responses are kept in memory.", _cached_urls),
)
