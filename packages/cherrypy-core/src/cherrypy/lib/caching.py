"""The caching tool, which keeps responses in memory (RFC 9111), and the expires tool."""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import time
from typing import Any, cast

from cherrypy._http.dates import HTTPDate
from cherrypy._http.headers import HeaderMap
from cherrypy._http.status import format_status, valid_status
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPRedirect
from cherrypy._runtime.iterators import WrappedBody
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._tools.function import tool_function
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool
from cherrypy.lib.cache_rules import directives, is_storable, wanted_age
from cherrypy.lib.conditional import validate_since
from cherrypy.lib.memory_cache import (
    FLIGHT,
    AntiStampedeCache,
    Cache,
    CacheableRequest,
    Flight,
    MemoryCache,
    Variant,
    flight_of,
    url_of,
)

__all__ = [
    "AntiStampedeCache",
    "Cache",
    "MemoryCache",
    "expires",
    "get",
    "shared",
    "tee_output",
]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1."""

DEFAULT_INVALID_METHODS = ("POST", "PUT", "DELETE")
KNOWN_METHODS = SAFE_METHODS.union(DEFAULT_INVALID_METHODS)

LAST_PRIORITY = 90
"""The cache comes late at its hook point, after everything that may refuse a request."""

TEE_PRIORITY = 100
"""The response is kept as it is sent, after everything that changes it."""

OWN_SETTINGS = frozenset({"antistampede_timeout", "delay", "maxobj_size"})
"""Settings that each path has for itself; the others belong to the cache."""


class SharedCache:
    """Holds the cache of the process, ``cherrypy._cache``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.cache: Any = None

    def get_or_make(self, settings: Mapping[str, Any]) -> Cache:
        """Return the cache; it is made for the first request that could use it.

        Args:
            settings: Attributes of the cache, and its class as ``cache_class``. Only those of the
                first request count.
        """
        with self._lock:
            if self.cache is None:
                attributes = dict(settings)
                cache_class: type[Cache] = attributes.pop("cache_class", MemoryCache)
                cache = cache_class()
                for name, value in attributes.items():
                    if cache_class is not MemoryCache or name not in OWN_SETTINGS:
                        setattr(cache, name, value)
                self.cache = cache
            made: Cache = self.cache
            return made


shared = SharedCache()

MAX_URL_LENGTH = 8192
"""Answers at longer URLs are not kept: the limits of the cache count content, not URLs."""


# The tool ----------------------------------------------------------------------------------------


class CachingTool(Tool):
    """Answers from the cache, and keeps other answers."""

    def _wrapper(self, **kwargs: object) -> None:
        request = current.get().request
        if request.found_handler is None:
            return  # another tool has answered already, with a file for example
        setattr(request, FLIGHT, Flight(kwargs))
        function: Callable[..., object] = get if self.callable is _ORDINARY[0] else self.callable
        if function(**kwargs):
            request.handler = None

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Return the hooks that the tool attaches."""
        return [
            ("before_handler", Hook(self._wrapper, **{"priority": LAST_PRIORITY, **arguments})),
            ("before_finalize", Hook(tee_output)),
            ("on_end_resource", Hook(end_flight)),
        ]


@tool_function()
def get(
    request: Request,
    response: Response,
    /,
    invalid_methods: Sequence[str] = DEFAULT_INVALID_METHODS,
    debug: bool = False,
    **kwargs: Any,
) -> bool:
    """Answer the request from the cache, if there is an answer.

    Sets ``request.cached``, and ``request.cacheable``: whether the answer may be kept.

    Args:
        invalid_methods: Request methods after which nothing that is kept for the URL counts any
            longer. That is so for every unsafe method that is not one of the default ones.
        debug: Not used any more.
        **kwargs: Attributes of the cache, such as ``delay``.

    Returns:
        Whether the response is set.

    Raises:
        HTTPRedirect: 304, if the client has the answer.
        HTTPError: 412 for the same reason; 400 if its ``Cache-Control`` is malformed.

    See: RFC 9111 sections 4, 4.4 and 5.2.1.
    """
    asked = cast("CacheableRequest", request)
    flight = flight_of(asked)
    if flight is None:  # called without the tool
        flight = asked.cache_flight = Flight(kwargs)
        asked.hooks.attach("on_end_resource", end_flight)
    cache = shared.get_or_make(kwargs)
    flight.changes = getattr(cache, "changes", None)
    asked.cached = asked.cacheable = False
    method = asked.method
    if method in invalid_methods or method not in KNOWN_METHODS:
        flight.invalidates = True
        cache.delete()
        return False
    if method not in {"GET", "HEAD"} or len(url_of(asked)) > MAX_URL_LENGTH:
        return False
    wishes = directives(asked.headers)
    # the answer to HEAD may be another one
    asked.cacheable = method == "GET" and "no-store" not in wishes
    max_age = wanted_age(wishes)
    if "no-cache" in wishes:
        return False
    variant = cache.get()
    age = 0 if variant is None else max(int(time() - variant[3]), 0)
    if variant is None or (max_age is not None and age > max_age):
        return False
    asked.cached = True
    asked.cacheable = False
    _answer(asked, response, variant, age, cache)
    return True


_ORDINARY = (get,)
"""What the tool calls; a program may have put another function in place of it."""


def _answer(request: Request, response: Response, variant: Variant, age: int, cache: Any) -> None:
    """Make the response the one that was kept."""
    status, headers, content, _ = variant
    response.headers = HeaderMap.of_canonical({**headers, "Age": str(age)})
    try:
        validate_since.function(request, response)
    except HTTPRedirect:
        if isinstance(cache, MemoryCache):
            cache.tot_non_modified += 1
        raise
    response.status = status
    response.body = content


@tool_function(priority=TEE_PRIORITY)
def tee_output(request: Request, response: Response) -> None:
    """Keep the response, while or before it is sent, if it may be kept."""
    is_cacheable = getattr(request, "cacheable", False) and is_storable(request, response)
    if not is_cacheable or _has_used_session():
        return
    cache = shared.get_or_make({})
    if response.stream:
        flight = flight_of(request) or Flight({})
        limit: int | None = flight.settings.get("maxobj_size", getattr(cache, "maxobj_size", None))
        flight.tee = response.body = Tee(response.body, request, response, limit)
    else:
        _keep(response, response.collapse_body())


def _has_used_session() -> bool:
    """Tell whether the response may depend on a session, and is for one visitor."""
    session = getattr(current.get(), "session", None)
    return session is not None and getattr(session, "loaded", True)


def _keep(response: Response, content: bytes) -> None:
    """Put the response to the current request into the cache."""
    code, reason, _ = valid_status(response.status)
    headers = {**response.headers, "Content-Length": str(len(content))}
    variant = format_status(code, reason), headers, content, response.time
    shared.get_or_make({}).put(variant, len(content))


class Tee(WrappedBody[bytes]):
    """A body that is sent as it is produced, and kept when all of it has been sent.

    Args:
        body: The body.
        request: The request that is answered.
        response: The answer.
        limit: Greatest number of bytes that are kept; ``None`` for any number.
    """

    def __init__(
        self, body: Iterable[bytes], request: Request, response: Response, limit: int | None
    ) -> None:
        super().__init__(body)
        self._request = request
        self._response = response
        self._limit = limit
        self._size = 0
        self._read: list[bytes] | None = []

    def __next__(self) -> bytes:
        """Return the next chunk, and keep them all after the last one."""
        try:
            chunk: bytes = next(self.chunks)
        except StopIteration:
            if self._read is not None and not _has_used_session():  # while the body was made
                _keep(self._response, b"".join(self._read))
            self._give_up()
            raise
        if self._read is not None:
            self._read.append(chunk)
            self._size += len(chunk)
            if self._limit is not None and self._size > self._limit:
                self._give_up()
        return chunk

    def _give_up(self) -> None:
        """Stop keeping the body, and wake the requests that wait for it."""
        if self._read is not None:
            self._read = None
            release(self._request)

    def close(self) -> None:
        """Close the body, sent to its end or not."""
        self._give_up()
        super().close()


@tool_function(failsafe=True)
def end_flight(request: Request, response: Response) -> None:
    """Wake the requests that wait, and forget the answers that a change may have outdated."""
    flight = flight_of(request)
    if flight is None:
        return
    if flight.invalidates:
        # an answer that was made during the change may show the state before it
        shared.get_or_make({}).delete()
    elif flight.tee is None or response.body is not flight.tee:
        release(request)


def release(request: Request) -> None:
    """Wake the requests that wait for the answer to this one."""
    flight = flight_of(request)
    if flight is not None and isinstance(shared.cache, MemoryCache):
        shared.cache.release(request, flight)


# The expires tool --------------------------------------------------------------------------------

INDICATORS = ("ETag", "Last-Modified", "Age", "Expires")
"""Fields that show that the response is meant to be cached."""

LONG_AGO = 1169942400  # Sun, 28 Jan 2007 00:00:00 GMT


@tool_function()
def expires(
    request: Request,
    response: Response,
    secs: float | dt.timedelta = 0,
    force: bool = False,
    debug: bool = False,
) -> None:
    """Say how long the response may be cached by clients and on the way to them.

    Args:
        secs: Seconds from now on; 0 to forbid it.
        force: Whether every response gets these fields, in place of its own ones. By default, only
            those get them that have ``ETag``, ``Last-Modified``, ``Age`` or ``Expires``.
        debug: Not used any more.

    See: RFC 9111 section 5.3.
    """
    headers = response.headers
    if not force and not any(name in headers for name in INDICATORS):
        return
    seconds = secs.total_seconds() if isinstance(secs, dt.timedelta) else secs
    fields = {}
    if seconds == 0:
        fields["Pragma"] = "no-cache"
        if request.protocol >= (1, 1):
            fields["Cache-Control"] = "no-cache, must-revalidate"
    moment = LONG_AGO if seconds == 0 else response.time + seconds
    fields["Expires"] = HTTPDate(moment)
    for name, value in fields.items():
        if force or name not in headers:
            headers[name] = value


publish(__name__)
