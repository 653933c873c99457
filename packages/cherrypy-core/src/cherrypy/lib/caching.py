"""The caching tool, which keeps responses in memory (RFC 9111), and the expires tool."""

import datetime as dt
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic, time
from typing import Any, NamedTuple

from cherrypy._http.dates import HTTPDate, parse_http_date
from cherrypy._http.fields import split_list, unquote
from cherrypy._http.headers import HeaderMap
from cherrypy._http.status import format_status, valid_status
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, HTTPRedirect
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool
from cherrypy.lib.conditional import check_since

Request = Any
Response = Any
Variant = tuple[Any, Any, bytes, float]
"""A response as it is kept: status, header fields, content, and when it was made."""

CACHEABLE_STATUSES = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
"""RFC 9110 section 15.1, less 206: a part is not the whole."""

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

PASS_SECONDS = 60
"""How long nobody waits for an answer at a URL where the last one could not be kept."""

MAX_DIGITS = 10
"""Digits of 2**31, which is as good as for ever (RFC 9111 section 1.2.2)."""


# The cache ---------------------------------------------------------------------------------------


class Cache:
    """What a cache has to do; base of the classes for ``tools.caching.cache_class``.

    All methods are about the current request.
    """

    def get(self) -> Variant | None:
        """Return what is kept for the current request; ``None`` if nothing is."""
        raise NotImplementedError

    def put(self, obj: Variant, size: int) -> None:
        """Keep the answer to the current request.

        Args:
            obj: Status, header fields, content, and when it was made.
            size: Octets of the content.
        """
        raise NotImplementedError

    def delete(self) -> None:
        """Forget what is kept for the URL of the current request."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget everything."""
        raise NotImplementedError


class AntiStampedeCache(dict[Any, Any]):
    """The answers at one URL, by key; who wants one that is being made waits for it."""

    selecting_headers: tuple[str, ...] = ()
    """Names of the request fields that the answers depend on (RFC 9111 section 4.1)."""
    passes: bool = False
    """Whether the last answer could not be kept, so that nobody should wait for the next one."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def wait(self, key: Any, timeout: float | None = 5, debug: bool = False) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002 - upstream's signature
        """Return the value of a key, if need be when another thread has made it.

        Args:
            key: Key of the value.
            timeout: Seconds to wait at most; ``None`` not to wait.
            debug: Not used any more.

        Returns:
            The value; ``None`` if the caller is the one to make it, and to set it.
        """
        return self.value_or_claim(key, timeout)[0]

    def value_or_claim(
        self,
        key: Any,  # noqa: ANN401 - any hashable
        timeout: float | None,
    ) -> tuple[Any, threading.Event | None]:
        """Return the value of a key, or the claim by which the caller is the one to make it.

        A claim that is not fulfilled in time goes to the one who waited for it.

        Args:
            key: Key of the value.
            timeout: Seconds to wait at most; ``None`` not to wait.

        Returns:
            One of the two. Neither, if the one who had the claim gave it up.
        """
        claim = threading.Event()
        with self._lock:
            found = self.setdefault(key, claim)
        if found is claim:
            return None, claim
        if isinstance(found, threading.Event):
            if timeout is None or not found.wait(timeout):
                with self._lock:
                    super().__setitem__(key, claim)
                return None, claim
            found = self.get(key)
        return (None, None) if isinstance(found, threading.Event) else (found, None)

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - any hashable
        """Set the value of a key, and wake those who wait for it."""
        with self._lock:
            previous = self.get(key)
            super().__setitem__(key, value)
        if isinstance(previous, threading.Event):
            previous.set()

    def release(self, key: Any, claim: threading.Event) -> None:  # noqa: ANN401 - any hashable
        """Give up a claim, and wake those who wait for it."""
        with self._lock:
            if self.get(key) is claim:
                del self[key]
        claim.set()

    def forget(self, key: Any) -> None:  # noqa: ANN401 - any hashable
        """Remove the value of a key."""
        with self._lock:
            self.pop(key, None)

    def variant_keys(self) -> list[Any]:
        """Return the keys that have a value."""
        with self._lock:
            return [key for key, value in self.items() if not isinstance(value, threading.Event)]

    def wake_all(self) -> None:
        """Wake all who wait."""
        with self._lock:
            claims = [value for value in self.values() if isinstance(value, threading.Event)]
        for claim in claims:
            claim.set()


class Claim(NamedTuple):
    """The right of one request to make the answer that others wait for."""

    answers: AntiStampedeCache
    key: Any
    event: threading.Event


class Flight:
    """What the tool does for one request.

    Args:
        settings: Settings of the path.
    """

    claim: Claim | None = None
    """What others wait for."""
    changes: int | None = None
    """How often something had been changed when the request began."""
    invalidates: bool = False
    """Whether the request changes what is kept."""
    tee: Any = None
    """The body that is kept when it has been sent."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings


class Entry(NamedTuple):
    """What the cache knows of something that it keeps."""

    size: int
    expires: float


class MemoryCache(Cache):
    """Keeps responses in the memory of the process, as many as the limits allow.

    Where there is no room, the oldest go. What is outdated goes when it is asked for, and at the
    latest when something else is kept: no thread is needed for that.
    """

    maxobjects = 1000
    """Greatest number of responses."""
    maxobj_size = 100000
    """Greatest size of the content of one of them, in octets."""
    maxsize = 10000000
    """Greatest size of all contents together, in octets."""
    delay = 600
    """Seconds that a response is kept; less, if it says so itself."""
    antistampede_timeout: float | None = 5
    """Seconds to wait for a response that another request is making; ``None`` not to wait."""
    expire_freq = 0.1
    """Seconds between two looks at what is outdated, at least."""
    debug = False
    """Not used any more."""

    store: dict[str, AntiStampedeCache]
    """The responses, by URL."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything, the counters too."""
        with self._lock:
            forgotten = list(getattr(self, "store", {}).values())
            self.store = {}
            self._entries: dict[tuple[str, Any], Entry] = {}
            self._next_look = 0.0
            self.cursize = 0
            self.tot_puts = 0
            self.tot_gets = 0
            self.tot_hist = 0
            self.tot_expires = 0
            self.tot_non_modified = 0
            self.changes = 0
        for answers in forgotten:
            answers.wake_all()

    def get(self) -> Variant | None:
        """Return what is kept for the current request; ``None`` if nothing is.

        If another request is making it just now, wait for that.
        """
        request = current.get().request
        url = url_of(request)
        with self._lock:
            self.tot_gets += 1
            self._look_for_outdated(time())
        flight: Flight | None = request.__dict__.get("cache_flight")
        variant = self._find(request, url) if flight is None else self._wait(request, url, flight)
        if variant is not None:
            with self._lock:
                self.tot_hist += 1
        return variant

    def _find(self, request: Request, url: str) -> Variant | None:
        """Look up a response."""
        with self._lock:
            answers = self.store.get(url)
            if answers is None:
                return None
            key = key_of(request, answers.selecting_headers)
            entry = self._entries.get((url, key))
            if entry is None:
                return None
            if entry.expires <= time():
                self._drop(url, key)
                self.tot_expires += 1
                return None
            variant: Variant = answers[key]
            return variant

    def _wait(self, request: Request, url: str, flight: Flight) -> Variant | None:
        """Look up a response, wait for the one that is being made, or begin to make it."""
        timeout = flight.settings.get("antistampede_timeout", self.antistampede_timeout)
        deadline = monotonic() + (timeout or 0)
        while True:
            variant = self._find(request, url)
            if variant is not None or not may_claim(request):
                return variant
            with self._lock:
                answers = self.store.get(url)
                if answers is None:
                    answers = self.store[url] = AntiStampedeCache()
                if answers.passes:
                    return None
                key = key_of(request, answers.selecting_headers)
            remaining = None if timeout is None else max(deadline - monotonic(), 0)
            value, event = answers.value_or_claim(key, remaining)
            if value is not None:
                made_by_another: Variant = value
                return made_by_another
            if event is None:
                continue  # given up; perhaps it can not be kept, or depends on more than was known
            with self._lock:
                if self.store.get(url) is answers:
                    flight.claim = Claim(answers, key, event)
                    return None
            answers.release(key, event)  # all was forgotten in the meantime

    def put(self, variant: Variant, size: int) -> None:
        """Keep the answer to the current request, if there is room for it.

        An answer is not kept if its URL was changed while it was made.
        """
        serving = current.get()
        request = serving.request
        flight = request.__dict__.get("cache_flight") or Flight({})
        limit = flight.settings.get("maxobj_size", self.maxobj_size)
        if size > min(limit, self.maxsize) or self.maxobjects < 1:
            return
        delay = flight.settings.get("delay", self.delay)
        now = time()
        expires = variant[3] + lifetime(variant[1], delay, now)
        if expires <= now:
            return
        url = url_of(request)
        with self._lock:
            answers = self.store.get(url)
            if self._is_outdated(flight, answers):
                return
            self._look_for_outdated(now)
            if answers is None:
                answers = self.store[url] = AntiStampedeCache()
            self._select(url, answers, serving.response)
            key = key_of(request, answers.selecting_headers)
            self._drop(url, key)
            self._make_room(size)
            self.store[url] = answers  # which dropping its last answer has removed
            answers.passes = False
            answers[key] = variant
            self._entries[url, key] = Entry(size, expires)
            self.cursize += size
            self.tot_puts += 1

    def _is_outdated(self, flight: Flight, answers: AntiStampedeCache | None) -> bool:
        """Tell whether the URL may have been changed since a request began."""
        if flight.claim is not None:
            return flight.claim.answers is not answers
        return flight.changes not in {None, self.changes}

    def release(self, request: Request, flight: Flight) -> None:
        """Let others make the answer that a request did not make, or could not keep."""
        claim, flight.claim = flight.claim, None
        if claim is None:
            return
        url = url_of(request)
        with self._lock:
            answers = claim.answers
            if self.store.get(url) is answers and not answers.variant_keys():
                # remembered among the answers, so that there is a limit to it
                answers.passes = True
                self._entries.pop((url, None), None)
                self._make_room(0)
                self.store[url] = answers
                self._entries[url, None] = Entry(0, time() + PASS_SECONDS)
        claim.answers.release(claim.key, claim.event)

    def delete(self) -> None:
        """Forget what is kept for the URL of the current request, and what is being made for it."""
        url = url_of(current.get().request)
        with self._lock:
            self.changes += 1
            answers = self.store.get(url)
            if answers is None:
                return
            for key in [*answers.variant_keys(), None]:
                self._drop(url, key)
            self.store.pop(url, None)
        answers.wake_all()

    def expire_cache(self) -> None:
        """Forget what is outdated."""
        now = time()
        with self._lock:
            for (url, key), entry in list(self._entries.items()):
                if entry.expires <= now:
                    self._drop(url, key)
                    self.tot_expires += 1

    def _look_for_outdated(self, now: float) -> None:
        if now >= self._next_look:
            self._next_look = now + self.expire_freq
            self.expire_cache()

    def _select(self, url: str, answers: AntiStampedeCache, response: Response) -> None:
        """Note the fields that an answer depends on; earlier answers did not know of new ones."""
        names = {name.title() for name in split_list(response.headers.get("Vary") or "")}
        selecting = tuple(sorted(names.union(answers.selecting_headers)))
        if selecting != answers.selecting_headers:
            for key in answers.variant_keys():
                self._drop(url, key)
            answers.selecting_headers = selecting

    def _make_room(self, size: int) -> None:
        while self._entries and (
            len(self._entries) >= self.maxobjects or self.cursize + size > self.maxsize
        ):
            self._drop(*next(iter(self._entries)))

    def _drop(self, url: str, key: Any) -> None:  # noqa: ANN401 - any hashable
        """Forget one answer; who waits for one keeps waiting."""
        entry = self._entries.pop((url, key), None)
        answers = self.store.get(url)
        if entry is None or answers is None:
            return
        self.cursize -= entry.size
        if key is None:
            answers.passes = False
        else:
            answers.forget(key)
        if not answers and not answers.passes:
            del self.store[url]


def url_of(request: Request) -> str:
    """Return the URL of a request, by which its answer is kept."""
    url: str = request.base + request.script_name + request.path_info
    return f"{url}?{request.query_string}" if request.query_string else url


def may_claim(request: Request) -> bool:
    """Tell whether others should wait for the answer to a request: it can probably be kept."""
    return bool(request.cacheable) and "Authorization" not in request.headers


def key_of(request: Request, selecting_headers: Sequence[str]) -> tuple[str, ...]:
    """Return the key of the answer to a request among those at its URL.

    See: RFC 9111 section 4.1.
    """
    headers = request.headers
    return tuple([headers.get(name, "") for name in selecting_headers])


class SharedCache:
    """Holds the cache of the process, ``cherrypy._cache``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.cache: Any = None

    def get_or_make(self, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any class that applications choose
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
    def _make(settings: dict[str, Any]) -> Any:  # noqa: ANN401 - see above
        cache_class = settings.pop("cache_class", MemoryCache)
        cache = cache_class()
        for name, value in settings.items():
            if cache_class is not MemoryCache or name not in OWN_SETTINGS:
                setattr(cache, name, value)
        return cache


shared = SharedCache()


# The tool ----------------------------------------------------------------------------------------


class CachingTool(Tool):
    """Answers from the cache, and puts into it what is answered."""

    def _wrapper(self, **kwargs: Any) -> None:  # noqa: ANN401 - settings of any cache
        request = current.get().request
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
    debug: bool = False,  # noqa: FBT001, FBT002 - upstream's signature
    **kwargs: Any,  # noqa: ANN401 - settings of any cache
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
    if method not in {"GET", "HEAD"}:
        return False
    wishes = directives(request.headers)
    # who asks by HEAD may be answered in another way
    request.cacheable = method == "GET" and "no-store" not in wishes
    max_age = _max_age(wishes)
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


def _answer(request: Request, response: Response, variant: Variant, age: int, cache: Any) -> None:  # noqa: ANN401 - any class that applications choose
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
    session = serving.__dict__.get("session")
    if session is not None and getattr(session, "loaded", True):
        return  # it may tell what is in the session
    cache = shared.get_or_make({})
    if response.stream:
        flight = request.__dict__.get("cache_flight") or Flight({})
        limit = flight.settings.get("maxobj_size", getattr(cache, "maxobj_size", None))
        flight.tee = response.body = Tee(response.body, request, response, cache, limit)
    else:
        content = response.collapse_body()
        cache.put(_kept(response, content), len(content))


tee_output.priority = TEE_PRIORITY  # type: ignore[attr-defined]  # see Hook


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
        cache: Any,  # noqa: ANN401 - any class that applications choose
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
    if flight is not None and flight.claim is not None and isinstance(shared.cache, MemoryCache):
        shared.cache.release(request, flight)


# What may be kept --------------------------------------------------------------------------------


def directives(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the directives of ``Cache-Control``, by name in lower case.

    ``Pragma: no-cache`` counts as the directive, where there is no ``Cache-Control``.

    See: RFC 9111 sections 5.2 and 5.4.
    """
    field = headers.get("Cache-Control")
    if field is None:
        field = "no-cache" if "no-cache" in str(headers.get("Pragma") or "").lower() else ""
    found = {}
    for element in split_list(str(field)):
        name, _, value = element.partition("=")
        found[name.strip().lower()] = unquote(value.strip())
    return found


def _max_age(wishes: Mapping[str, str]) -> int | None:
    if "max-age" not in wishes:
        return None
    seconds = _seconds(wishes["max-age"])
    if seconds is None:
        raise HTTPError(400, "Invalid Cache-Control header")
    return seconds


def _seconds(text: str) -> int | None:
    """Read a delta of RFC 9111 section 1.2.2; ``None`` if it is none."""
    return int(text[:MAX_DIGITS]) if text.isascii() and text.isdigit() else None


def is_storable(request: Request, response: Response) -> bool:
    """Tell whether a response may be kept for others.

    See: RFC 9111 sections 3, 3.5 and 4.1.
    """
    headers = response.headers
    if valid_status(response.status)[0] not in CACHEABLE_STATUSES or "Set-Cookie" in headers:
        return False
    if response.__dict__.get("cookie") or "*" in split_list(str(headers.get("Vary") or "")):
        return False
    said = directives(headers)
    if not said.keys().isdisjoint({"no-store", "private", "no-cache"}):
        return False
    if "no-cache" in str(headers.get("Pragma") or "").lower():
        return False
    is_someones = bool(request.login) or "Authorization" in request.headers
    return not (is_someones and said.keys().isdisjoint({"public", "s-maxage", "must-revalidate"}))


def lifetime(headers: Mapping[str, Any], delay: float, now: float) -> float:
    """Return how long a response may be kept, in seconds.

    Args:
        headers: Its header fields.
        delay: Seconds that it is kept at most.
        now: Seconds since the epoch.

    See: RFC 9111 section 4.2.1.
    """
    said = directives(headers)
    for name in ("s-maxage", "max-age"):
        if name in said:
            return min(delay, _seconds(said[name]) or 0)
    expires = headers.get("Expires")
    if expires is None:
        return delay
    moment = parse_http_date(str(expires))
    return 0 if moment is None else min(delay, moment - now)


# The expires tool --------------------------------------------------------------------------------

INDICATORS = ("ETag", "Last-Modified", "Age", "Expires")
"""Fields that tell that somebody meant the response to be cached."""

LONG_AGO = 1169942400  # Sun, 28 Jan 2007 00:00:00 GMT


def expires(
    secs: float | dt.timedelta = 0,
    force: bool = False,  # noqa: FBT001, FBT002 - upstream's signature
    debug: bool = False,  # noqa: FBT001, FBT002
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
    debug: bool = False,  # noqa: ARG001 - as above
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
