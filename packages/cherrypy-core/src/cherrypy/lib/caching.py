"""The caching tool, which keeps responses in memory (RFC 9111), and the expires tool."""

import datetime as dt
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import time
from typing import Any

from cherrypy._http.dates import HTTPDate
from cherrypy._http.headers import HeaderMap
from cherrypy._http.status import format_status, valid_status
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPRedirect
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool
from cherrypy.lib.cache_rules import directives, is_storable, wanted_age
from cherrypy.lib.conditional import check_since
from cherrypy.lib.memory_cache import (
    AntiStampedeCache,
    Cache,
    Flight,
    MemoryCache,
    Variant,
    url_of,
)

__all__ = [
    "AntiStampedeCache",
    "Cache",
    "CachingTool",
    "MemoryCache",
    "expires",
    "get",
    "shared",
    "tee_output",
]

Request = Any
Response = Any

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1."""

DEFAULT_INVALID_METHODS = ("POST", "PUT", "DELETE")
KNOWN_METHODS = SAFE_METHODS.union(DEFAULT_INVALID_METHODS)

LAST_PRIORITY = 90
"""The cache comes late at its hook point: what refuses a request has done so before."""

TEE_PRIORITY = 100
"""What is kept is what is sent: whatever changes it has done so before."""

OWN_SETTINGS = frozenset({"antistampede_timeout", "delay", "maxobj_size"})
"""Settings that each path has for itself; the others are of the cache."""


class SharedCache:
    """Holds the cache of the process, ``cherrypy._cache``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.cache: Any = None

    def get_or_make(self, settings: Mapping[str, Any]) -> Any:
        """Return the cache; it is made for the first request that could use it.

        Args:
            settings: Attributes of the cache, and its class as ``cache_class``. Only those of the
                first request count.
        """
        if self.cache is None:
            with self._lock:
                if self.cache is None:
                    self.cache = self._make(dict(settings))
        return self.cache

    @staticmethod
    def _make(settings: dict[str, Any]) -> Any:
        cache_class = settings.pop("cache_class", MemoryCache)
        cache = cache_class()
        for name, value in settings.items():
            if cache_class is not MemoryCache or name not in OWN_SETTINGS:
                setattr(cache, name, value)
        return cache


shared = SharedCache()

MAX_URL_LENGTH = 8192
"""Answers at longer URLs are not kept: the limits of the cache count content, not URLs."""


# The tool ----------------------------------------------------------------------------------------


class CachingTool(Tool):
    """Answers from the cache, and puts into it what is answered."""

    def _wrapper(self, **kwargs: Any) -> None:
        request = current.get().request
        if request.found_handler is None:
            return  # another tool has answered already, with a file for example
        request.cache_flight = Flight(kwargs)
        if self.callable(**kwargs):
            request.handler = None

    def _setup(self) -> None:
        """Attach what the tool does to the current request."""
        hooks = current.get().request.hooks
        for point, hook in CachingTool._plan(self, self._merged_args()):
            hooks[point].append(hook)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Say which hooks the tool attaches."""
        settings = dict(arguments)
        priority = settings.pop("priority", LAST_PRIORITY)
        return [
            ("before_handler", Hook(self._wrapper, priority=priority, **settings)),
            ("before_finalize", Hook(tee_output)),
            ("on_end_resource", Hook(end_flight)),
        ]


def get(
    invalid_methods: Sequence[str] = DEFAULT_INVALID_METHODS,
    debug: bool = False,
    **kwargs: Any,
) -> bool:
    """Answer the current request from the cache, if there is an answer.

    Sets ``request.cached``, and ``request.cacheable``: whether the answer may be kept.

    Args:
        invalid_methods: Request methods after which what is kept for the URL counts no longer.
            That is so for every unsafe method that is not one of the default ones.
        debug: Not used any more.
        **kwargs: Attributes of the cache, such as ``delay``.

    Returns:
        Whether the response is set.

    Raises:
        HTTPRedirect: 304, if the client has the answer.
        HTTPError: 412 for the same reason; 400 if its ``Cache-Control`` is malformed.

    See: RFC 9111 sections 4, 4.4 and 5.2.1.
    """
    del debug
    serving = current.get()
    request = serving.request
    if "cache_flight" not in request.__dict__:  # the tool would have made one
        request.cache_flight = Flight(kwargs)
        request.hooks.attach("on_end_resource", end_flight)
    cache = shared.get_or_make(kwargs)
    request.cache_flight.changes = getattr(cache, "changes", None)
    request.cached = request.cacheable = False
    method = request.method
    if method in invalid_methods or method not in KNOWN_METHODS:
        request.cache_flight.invalidates = True
        cache.delete()
        return False
    if method not in {"GET", "HEAD"} or len(url_of(request)) > MAX_URL_LENGTH:
        return False
    wishes = directives(request.headers)
    # who asks by HEAD may be answered in another way
    request.cacheable = method == "GET" and "no-store" not in wishes
    max_age = wanted_age(wishes)
    if "no-cache" in wishes:
        return False
    variant = cache.get()
    age = 0 if variant is None else max(int(time() - variant[3]), 0)
    if variant is None or (max_age is not None and age > max_age):
        return False
    request.cached = True
    request.cacheable = False
    _answer(request, serving.response, variant, age, cache)
    return True


def _answer(request: Request, response: Response, variant: Variant, age: int, cache: Any) -> None:
    """Make the response what was kept."""
    status, headers, content, _ = variant
    fields = dict(headers)
    fields["Age"] = str(age)
    response.headers = HeaderMap.of_canonical(fields)
    try:
        check_since(request, response)
    except HTTPRedirect:
        if isinstance(cache, MemoryCache):
            cache.tot_non_modified += 1
        raise
    response.status = status
    response.body = content


def tee_output() -> None:
    """Keep the response, while or before it is sent, if it may be kept."""
    serving = current.get()
    request = serving.request
    response = serving.response
    if not getattr(request, "cacheable", False) or not is_storable(request, response):
        return
    if _has_used_session():
        return
    cache = shared.get_or_make({})
    if response.stream:
        flight = request.__dict__.get("cache_flight") or Flight({})
        limit = flight.settings.get("maxobj_size", getattr(cache, "maxobj_size", None))
        flight.tee = response.body = Tee(response.body, request, response, cache, limit)
    else:
        content = response.collapse_body()
        cache.put(_kept(response, content), len(content))


tee_output.priority = TEE_PRIORITY  # type: ignore[attr-defined]  # see Hook


def _has_used_session() -> bool:
    """Tell whether the current response may tell what is in a session, and is for one visitor."""
    session = current.get().__dict__.get("session")
    return session is not None and getattr(session, "loaded", True)


def _kept(response: Response, content: bytes) -> Variant:
    code, reason, _ = valid_status(response.status)
    headers = {**response.headers, "Content-Length": str(len(content))}
    return format_status(code, reason), headers, content, response.time


class Tee:
    """A body that is sent as it is produced, and kept when all of it has been sent.

    Args:
        body: The body.
        request: The request that is answered.
        response: The answer.
        cache: Where it is kept.
        limit: Octets beyond which it is not kept; ``None`` for any number.
    """

    def __init__(
        self,
        body: Iterable[bytes],
        request: Request,
        response: Response,
        cache: Any,
        limit: int | None,
    ) -> None:
        self._body = body
        self._chunks = iter(body)
        self._request = request
        self._response = response
        self._cache = cache
        self._limit = limit
        self._size = 0
        self._read: list[bytes] | None = []

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next octets, and keep them all after the last ones."""
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._keep()
            raise
        if self._read is not None:
            self._read.append(chunk)
            self._size += len(chunk)
            if self._limit is not None and self._size > self._limit:
                self._give_up()
        return chunk

    def _keep(self) -> None:
        if self._read is not None:
            if not _has_used_session():  # while the body was made
                content = b"".join(self._read)
                self._cache.put(_kept(self._response, content), len(content))
            self._give_up()

    def _give_up(self) -> None:
        """Remember nothing more, and let nobody wait any longer."""
        self._read = None
        release(self._request)

    def close(self) -> None:
        """Close what the octets come from."""
        if self._read is not None:
            self._give_up()
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def end_flight() -> None:
    """Let nobody wait any longer, and forget what a change may have outdated."""
    serving = current.get()
    request = serving.request
    flight: Flight | None = request.__dict__.get("cache_flight")
    if flight is None:
        return
    if flight.invalidates:
        # what was answered while the change was made may be from before
        shared.get_or_make({}).delete()
    elif flight.tee is None or serving.response.body is not flight.tee:
        release(request)


end_flight.failsafe = True  # type: ignore[attr-defined]  # see Hook


def release(request: Request) -> None:
    """Let nobody wait for the answer to a request any longer."""
    flight: Flight | None = request.__dict__.get("cache_flight")
    if flight is not None and isinstance(shared.cache, MemoryCache):
        shared.cache.release(request, flight)


# The expires tool --------------------------------------------------------------------------------

INDICATORS = ("ETag", "Last-Modified", "Age", "Expires")
"""Fields that tell that somebody meant the response to be cached."""

LONG_AGO = 1169942400  # Sun, 28 Jan 2007 00:00:00 GMT


def expires(
    secs: float | dt.timedelta = 0,
    force: bool = False,
    debug: bool = False,
) -> None:
    """Say how long the response may be cached by clients and on the way to them.

    Args:
        secs: Seconds from now on; 0 means not at all.
        force: Whether that is said of every response, and in place of what it says itself. By
            default, only of those with ``ETag``, ``Last-Modified``, ``Age`` or ``Expires``.
        debug: Not used any more.

    See: RFC 9111 section 5.3.
    """
    serving = current.get()
    _expires(serving.request, serving.response, secs=secs, force=force, debug=debug)


def _expires(
    request: Request,
    response: Response,
    *,
    secs: float | dt.timedelta = 0,
    force: bool = False,
    debug: bool = False,
) -> None:
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


expires.with_request = _expires  # type: ignore[attr-defined]  # see Hook
