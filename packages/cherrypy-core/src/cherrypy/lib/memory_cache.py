"""A cache in memory, where requests wait for an answer that another one is making."""

import re
import threading
from collections.abc import Mapping, Sequence
from time import monotonic, time
from typing import Any, NamedTuple, Protocol, cast
from urllib.parse import quote, unquote_to_bytes

from cherrypy._http.fields import split_list
from cherrypy._http.targets import urljoin
from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.text import encoded_path
from cherrypy.lib.cache_rules import lifetime

Variant = tuple[Any, Any, bytes, float]
"""A response as it is kept: status, header fields, content, and when it was made."""

PASS_SECONDS = 60
"""Seconds for which no request waits at a URL whose last answer could not be kept."""


class Cache:
    """Base of the classes for ``tools.caching.cache_class``.

    All methods are about the current request.
    """

    def get(self) -> Variant | None:
        """Return the response that is kept for the current request; ``None`` if there is none."""
        raise NotImplementedError

    def put(self, obj: Variant, size: int) -> None:
        """Keep the answer to the current request.

        Args:
            obj: Status, header fields, content, and when it was made.
            size: Length of the content in bytes.
        """
        raise NotImplementedError

    def delete(self) -> None:
        """Forget the responses at the URL of the current request."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget everything."""
        raise NotImplementedError


class AntiStampedeCache(dict[object, object]):
    """The answers at one URL, by key; threads wait for one that another thread is making."""

    selecting_headers: tuple[str, ...] = ()
    """Names of the request fields that the answers depend on (RFC 9111 section 4.1)."""
    passes: bool = False
    """Whether the last answer could not be kept, so that no request waits for the next one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()

    def wait(self, key: object, timeout: float | None = 5, debug: bool = False) -> Any:
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
        key: object,
        timeout: float | None,
    ) -> tuple[object, threading.Event | None]:
        """Return the value of a key, or the claim by which the caller is the one to make it.

        A claim that is not fulfilled in time goes to the thread that waited for it.

        Args:
            key: Key of the value.
            timeout: Seconds to wait at most; ``None`` not to wait.

        Returns:
            One of the two. Neither, if another thread had the claim and gave it up.
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

    def __setitem__(self, key: object, value: object) -> None:
        """Set the value of a key, and wake the threads that wait for it."""
        with self._lock:
            previous = self.get(key)
            super().__setitem__(key, value)
        if isinstance(previous, threading.Event):
            previous.set()

    def release(self, key: object, claim: threading.Event) -> None:
        """Give up a claim, and wake the threads that wait for it."""
        with self._lock:
            if self.get(key) is claim:
                del self[key]
        claim.set()

    def take_value(self, key: Any) -> None:
        """Forget the value of a key; a claim to it stays."""
        if not isinstance(self.get(key), threading.Event):
            self.pop(key, None)

    def variant_keys(self) -> list[Any]:
        """Return the keys that have a value."""
        return [key for key, value in self.copy().items() if not isinstance(value, threading.Event)]

    def wake_all(self) -> None:
        """Wake all threads that wait."""
        for value in self.copy().values():
            if isinstance(value, threading.Event):
                value.set()


class Claim(NamedTuple):
    """The right of one request to make an answer that others wait for."""

    answers: AntiStampedeCache
    key: Any
    event: threading.Event


class Flight:
    """The work of the tool for one request.

    Args:
        settings: Settings of the path.
    """

    claim: Claim | None = None
    """The answer that others wait for."""
    changes: int | None = None
    """The number of changes when the request began."""
    invalidates: bool = False
    """Whether the request outdates the answers that are kept."""
    tee: Any = None
    """The body that is kept when it has been sent."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings


class CacheableRequest(Request, Protocol):
    """A request with the attributes that the tool sets."""

    cached: bool
    cacheable: bool
    cache_flight: Flight


FLIGHT = "cache_flight"
"""The attribute by which a request has the work of the tool for it."""


def flight_of(request: Request) -> Flight | None:
    """Return the work of the tool for a request; ``None`` if there is none."""
    return getattr(request, FLIGHT, None)


class Entry(NamedTuple):
    """The size of a response, and when it expires."""

    size: int
    expires: float


class MemoryCache(Cache):
    """Keeps responses in the memory of the process, as many as the limits allow.

    When there is no room, the oldest ones are dropped. Outdated ones are dropped when a request
    asks for them, and at the latest when another one is kept: no thread is needed for that.
    """

    maxobjects = 1000
    """Greatest number of responses."""
    maxobj_size = 100000
    """Greatest size of the content of one of them, in bytes."""
    maxsize = 10000000
    """Greatest size of all contents together, in bytes."""
    delay = 600
    """Seconds that a response is kept, unless its own fields ask for less."""
    antistampede_timeout: float | None = 5
    """Seconds to wait for a response that another request is making; ``None`` not to wait."""
    expire_freq = 0.1
    """Least number of seconds between two searches for outdated responses."""
    debug = False
    """Not used any more."""

    store: "Store"
    """The responses, by URL."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything, the counters too."""
        with self._lock:
            forgotten = list(getattr(self, "store", {}).values())
            self.store = Store()
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
        """Return the response that is kept for the current request; ``None`` if there is none.

        If another request is making it just now, wait for it.
        """
        request = current.get().request
        url = url_of(request)
        with self._lock:
            self.tot_gets += 1
            self._look_for_outdated(time())
        flight = flight_of(request)
        variant = self._find(request, url) if flight is None else self._wait(request, url, flight)
        if variant is not None:
            with self._lock:
                self.tot_hist += 1
        return variant

    def _find(self, request: Request, url: str) -> Variant | None:
        """Look up a response."""
        with self._lock:
            answers = self.store.at(url)
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
            variant = answers.get(key)
            if not isinstance(variant, tuple):  # an application has deleted it from the store
                self._drop(url, key)
                return None
            return cast("Variant", variant)

    def _wait(self, request: Request, url: str, flight: Flight) -> Variant | None:
        """Look up a response, wait for the one that is being made, or begin to make it."""
        timeout: float | None = flight.settings.get(
            "antistampede_timeout", self.antistampede_timeout
        )
        deadline = monotonic() + (timeout or 0)
        while True:
            variant = self._find(request, url)
            if variant is not None or not may_claim(request):
                return variant
            with self._lock:
                answers = self.store.at(url)
                if answers is None:
                    answers = self.store[url] = AntiStampedeCache()
                if answers.passes:
                    return None
                key = key_of(request, answers.selecting_headers)
            remaining = None if timeout is None else max(deadline - monotonic(), 0)
            value, event = answers.value_or_claim(key, remaining)
            if value is not None:
                return cast("Variant", value)
            if event is None:
                continue  # given up: it cannot be kept, or depends on more fields
            with self._lock:
                if self.store.at(url) is answers:
                    flight.claim = Claim(answers, key, event)
                    return None
            answers.release(key, event)  # all was forgotten in the meantime

    def put(self, variant: Variant, size: int) -> None:
        """Keep the answer to the current request, if there is room for it.

        An answer is not kept if its URL was changed while it was made.
        """
        serving = current.get()
        request = serving.request
        flight = flight_of(request) or Flight({})
        limit: int = flight.settings.get("maxobj_size", self.maxobj_size)
        if size > min(limit, self.maxsize) or self.maxobjects < 1:
            return
        delay: float = flight.settings.get("delay", self.delay)
        now = time()
        expires = variant[3] + lifetime(variant[1], delay, now)
        if expires <= now:
            return
        url = url_of(request)
        with self._lock:
            answers = self.store.at(url)
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
            if self.store.at(url) is answers and not answers.variant_keys():
                # remembered among the answers, so that there is a limit to it
                answers.passes = True
                self._entries.pop((url, None), None)
                self._make_room(0)
                self.store[url] = answers
                self._entries[url, None] = Entry(0, time() + PASS_SECONDS)
        claim.answers.release(claim.key, claim.event)

    def delete(self) -> None:
        """Forget the responses at the URL of the current request, unfinished ones included."""
        url = url_of(current.get().request)
        with self._lock:
            self.changes += 1
            answers = self.store.at(url)
            if answers is None:
                return
            for key in [*answers.variant_keys(), None]:
                self._drop(url, key)
            self.store.forget(url)
        answers.wake_all()

    def expire_cache(self) -> None:
        """Forget outdated responses."""
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
        """Note the fields that an answer depends on; a new one makes earlier answers useless."""
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

    def _drop(self, url: str, key: object) -> None:
        """Forget one answer; requests that wait for a new one keep waiting."""
        entry = self._entries.pop((url, key), None)
        if entry is None:
            return
        self.cursize -= entry.size
        answers = self.store.at(url)
        if answers is None:
            return
        if key is None:
            answers.passes = False
        else:
            answers.take_value(key)
        if not answers and not answers.passes:
            self.store.forget(url)


def url_of(request: Request) -> str:
    """Return the URL of a request, by which its answer is kept.

    That is the target as it was sent, in one spelling: characters of the path that are allowed
    there stand for themselves, all others are percent-encoded. So ``/page%3Fx=1`` is not
    ``/page?x=1``.

    See: RFC 9111 section 2, RFC 3986 section 6.2.2.
    """
    environ = request.wsgi_environ
    if "PATH_INFO" in environ:
        path: str = environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"] or "/"
    else:  # a request that no server has sent
        path = encoded_path(request.script_name + request.path_info)
    if "//" in path:
        path = urljoin(path)  # which is the same page
    if not _PLAIN_PATH.fullmatch(path):
        path = quote(path.encode("latin-1", "replace"), safe=_PATH_CHARACTERS)
    url: str = request.base + path
    return f"{url}?{request.query_string}" if request.query_string else url


_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"  # RFC 3986 section 3.3, beside letters and digits
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/:@!$&'()*+,;=._~-]*")


class Store(dict[str, AntiStampedeCache]):
    """The answers that are kept, by URL.

    Programs look them up by what :func:`cherrypy.url` returns, in which the path may be readable
    text: that finds the answers at the URL that it means. The cache itself uses :meth:`at` and
    :meth:`forget`, which take a URL for no other one.
    """

    def at(self, url: str) -> AntiStampedeCache | None:
        """Return the answers at exactly this URL."""
        return dict.get(self, url)

    def forget(self, url: str) -> None:
        """Forget the answers at exactly this URL, if there are any."""
        dict.pop(self, url, None)

    def key(self, url: str) -> str:
        """Return the key by which a URL is known here; the URL itself, if it is not."""
        if url in self.keys():
            return url
        target, mark, query = url.partition("?")
        scheme, separator, rest = target.partition("://")
        host, slash, path = rest.partition("/")
        # as text, or else as a path that is percent-encoded already
        for raw in (path.encode("utf-8", "replace"), unquote_to_bytes(path)):
            quoted = quote(raw, safe=_PATH_CHARACTERS)
            key = f"{scheme}{separator}{host}{slash}{quoted}{mark}{query}"
            if key in self.keys():
                return key
        return url

    def __contains__(self, url: object) -> bool:
        """Tell whether answers at a URL are kept."""
        return isinstance(url, str) and dict.__contains__(self, self.key(url))

    def __getitem__(self, url: str) -> AntiStampedeCache:
        """Return the answers at a URL."""
        return dict.__getitem__(self, self.key(url))

    def __delitem__(self, url: str) -> None:
        """Forget the answers at a URL."""
        dict.__delitem__(self, self.key(url))

    def get(self, url: str, default: Any = None, /) -> Any:
        """Return the answers at a URL, or the default."""
        return dict.get(self, self.key(url), default)

    def pop(self, url: str, /, *default: Any) -> Any:
        """Forget the answers at a URL, and return them, or the default if one is given."""
        return dict.pop(self, self.key(url), *default)


def may_claim(request: Request) -> bool:
    """Tell whether others should wait for the answer to a request, as it can probably be kept."""
    return bool(getattr(request, "cacheable", False)) and "Authorization" not in request.headers


def key_of(request: Request, selecting_headers: Sequence[str]) -> tuple[str, ...]:
    """Return the key of the answer to a request among those at its URL.

    It has the fields that ``Vary`` names, and those by which the framework itself may have chosen
    the answer before anything could be named.

    See: RFC 9111 section 4.1.
    """
    headers = request.headers
    key = tuple([headers.get(name, "") for name in selecting_headers])
    environ = request.wsgi_environ
    unnamed = tuple([f"{name}: {environ[name]}" for name in DECIDING if name in environ])
    host = environ.get("HTTP_HOST", "")
    if host and not request.base.endswith(f"//{host}"):
        unnamed += (f"HTTP_HOST: {host}",)  # dispatchers choose by it, whatever a proxy is called
    if not request.base.startswith(f"{request.scheme}:"):
        unnamed += (f"scheme: {request.scheme}",)
    return key + unnamed


DECIDING = ("HTTP_ACCEPT_CHARSET", "HTTP_X_FORWARDED_HOST")
"""Fields, as the environ has them, that ``tools.encode`` and ``VirtualHost`` choose by."""
