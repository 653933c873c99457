"""Sessions in memcached, which any number of processes on any number of machines can share."""

import datetime as dt
import logging
import math
import random
import re
import secrets
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from cherrypy._sessions.locks import KeyedLocks
from cherrypy._sessions.memcached_protocol import gets, send, store
from cherrypy._sessions.memcached_servers import (
    ItemTooLargeError,
    ServerLostError,
    Servers,
    servers_of,
)
from cherrypy._sessions.records import MalformedRecordError, Record, pack, unpack
from cherrypy._sessions.serializer import Format, find_format
from cherrypy._sessions.session import Session
from cherrypy._sessions.states import Event
from cherrypy._sessions.waiting import (
    DEFAULT_LOCK_TIMEOUT,
    LockTimeout,
    SessionConflict,
    SessionUnavailable,
    lock_seconds,
)
from cherrypy.process.wspbus import bus

T = TypeVar("T")

_SAFE_ID = re.compile(r"[\x21-\x7e]{1,200}")
"""Ids that can be part of a key: at most 250 bytes, no control characters, no blanks."""

RELATIVE_LIMIT = 30 * 24 * 3600
"""Seconds beyond which memcached takes an expiry for a moment since the epoch."""

AT_ONCE = -1
"""An expiry that is over."""

SHORTEST_POLL, LONGEST_POLL = 0.001, 0.02
"""Seconds between two attempts to get a lock that another process has."""


class MemcachedSession(Session):
    """Keeps sessions in one memcached server, or in several that share them.

    It needs pymemcache, which the extra ``cherrypy[memcached_session]`` brings.
    """

    servers: "list[str] | tuple[str, ...] | str" = ["localhost:11211"]  # noqa: RUF012 - upstream's value; never changed in place
    """``host:port`` of each server, or the path of its Unix socket."""
    connect_timeout: float = 1
    """Seconds to wait for a connection."""
    server_timeout: float = 2
    """Seconds to wait for an answer."""
    retry_after: float = 1
    """Seconds for which a server is left alone after it could not be reached."""
    server_loss: str = "error"
    """What to do as long as the server that has a session cannot be reached: ``'error'`` answers
    503, ``'new'`` goes on with a new session that is not kept."""
    lock_lease: float | None = None
    """Seconds after which the lock of a process that was killed is free; half of ``lock_timeout``
    by default."""
    key_prefix: str = "session-"
    lock_prefix: str = "session-lock-"
    serializer: Any = None
    """What data are written as; see :func:`cherrypy._sessions.serializer.find_format`."""
    locks: ClassVar[KeyedLocks] = KeyedLocks()
    """The locks that this process holds or waits for, by id."""

    _layout: Format
    _servers: Servers
    _lock_revision: bytes | None = None
    """What tells our lock from a later one of another."""
    _fetched: tuple[bytes | None, bytes | None] | None = None
    """What was read together with something else, and not loaded yet: record and revision."""
    _revision: bytes | None = None
    """What tells the record that was loaded from a later one."""
    _has_read: bool = False
    """Whether it is known that the record, or its absence, is the one that was loaded."""

    def __init__(self, id: str | None = None, **kwargs: object) -> None:
        self._layout = find_format(kwargs.get("serializer", self.serializer))
        self._servers = self._find_servers(kwargs)
        super().__init__(id=id, **kwargs)

    @classmethod
    def setup(cls, **kwargs: object) -> None:
        """Prepare the storage for one configuration of the sessions tool.

        Raises:
            ModuleNotFoundError: pymemcache is not installed; says what to install.
            ValueError: A setting is wrong.
        """
        find_format(kwargs.get("serializer"))
        loss = kwargs.get("server_loss", cls.server_loss)
        if loss not in {"error", "new"}:
            raise ValueError(f"tools.sessions.server_loss = {loss!r}: expected 'error' or 'new'")
        cls._find_servers(kwargs)

    @classmethod
    def _find_servers(cls, settings: dict[str, Any]) -> Servers:
        servers = settings.get("servers") or cls.servers
        names = servers.replace(",", " ").split() if isinstance(servers, str) else servers
        return servers_of(
            tuple(names),
            settings.get("connect_timeout", cls.connect_timeout),
            settings.get("server_timeout", cls.server_timeout),
            settings.get("retry_after", cls.retry_after),
        )

    # ---- records --------------------------------------------------------------------------------

    def _ask(self, action: Callable[[Any], T]) -> T:
        return self._servers.ask(self.id, action)

    def _key(self) -> str:
        return f"{self.key_prefix}{self.id}"

    def _lock_key(self) -> str:
        return f"{self.lock_prefix}{self.id}"

    def _without_server(self, error: Exception) -> None:
        """Go on without a server, if that is wanted.

        Raises:
            SessionUnavailable: It is not.
        """
        if self.server_loss != "new":
            raise SessionUnavailable from error
        self._note(Event.LOSE)

    def _exists(self) -> bool:
        if not _SAFE_ID.fullmatch(self.id):
            return False
        try:
            stored, revision = self._ask(self._get)
        except ServerLostError as error:
            self._without_server(error)
            return False
        if self.locking == "none":  # nobody waits for a lock before it is read
            self._fetched = stored, revision
        return stored is not None

    def _get(self, client: Any) -> tuple[bytes | None, bytes | None]:
        key = client.check_key(self._key(), b"")
        return send(client, gets(key)).values().get(key, (None, None))

    def _load(self) -> Record | None:
        fetched, self._fetched = self._fetched, None
        try:
            stored, self._revision = fetched or self._ask(self._get)
        except ServerLostError as error:
            self._without_server(error)
            return None
        self._has_read = True
        if stored is None:
            return None
        try:
            return unpack(self._layout, stored)
        except MalformedRecordError as error:
            bus.log(
                f"The stored session {self._name_for_logs()} cannot be read, and a new session "
                f"begins: {error}",
                level=logging.WARNING,
            )
            return None

    def _save(self, expiration_time: dt.datetime) -> None:
        stored = pack(self._layout, self._data, expiration_time)
        expire = expiry_for_memcached(expiration_time.timestamp())
        try:
            if self.locked and self._has_read:
                self._replace(stored, expire)
            else:
                self._ask(lambda client: client.set(self._key(), stored, expire, noreply=False))
        except ServerLostError as error:
            self._without_server(error)
        except ItemTooLargeError as error:
            raise ValueError(
                f"A session of {len(stored):,} bytes is more than memcached takes for one item "
                "(1 MB, unless it was started with another -I): keep less in the session"
            ) from error
        self._has_read = False

    def _replace(self, stored: bytes, expire: int) -> None:
        """Store a record in the place of the one that was loaded, and unlock it for others.

        Raises:
            SessionConflict: There is another one: our lock ended before we did.
        """

        def replace_and_unlock(client: Any) -> bool:
            key, revision = client.check_key(self._key(), b""), self._revision
            unlock = self._unlocking(client)
            replaced = None
            if revision is not None:
                replace = store(b"cas", key, stored, expire, revision=revision)
                replaced = send(client, replace, *unlock).is_stored()
            if replaced is None:  # there was none, or memcached has dropped it
                replaced = send(client, store(b"add", key, stored, expire), *unlock).is_stored()
            return bool(replaced)

        replaced = self._ask(replace_and_unlock)
        self._lock_revision = None
        if not replaced and self._ask(lambda client: client.get(self._key())) != stored:
            # nor is it the one that we have stored by an attempt whose answer was lost
            bus.log(
                f"A request took longer than its lock on the session, {self._lease()} s "
                "(tools.sessions.lock_lease), and another one has changed the session meanwhile: "
                "what it wanted to store is lost",
                level=logging.ERROR,
            )
            raise SessionConflict

    def _delete(self) -> None:
        try:
            self._ask(lambda client: client.delete(self._key(), noreply=False))
        except ServerLostError as error:
            self._without_server(error)
        self._has_read = False

    # ---- locks ----------------------------------------------------------------------------------

    def _lease(self) -> int:
        """Return after how many seconds, at the latest, the lock ends by itself."""
        limit = lock_seconds(self.lock_timeout)
        lease = self.lock_lease
        if lease is None:
            lease = (DEFAULT_LOCK_TIMEOUT if limit is None else limit) / 2
        return whole_seconds(lease)

    def acquire_lock(self) -> None:
        """Lock the session against other requests, on this machine and on others.

        Raises:
            LockTimeout: Another request has had it locked for all of ``lock_timeout``.
            SessionUnavailable: The server cannot be reached.
        """
        if self.locked:
            return
        limit = lock_seconds(self.lock_timeout)
        deadline = math.inf if limit is None else time.monotonic() + limit
        # the threads of a process queue for one of them to ask the server
        if not self.locks.acquire(self.id, limit):
            raise LockTimeout
        try:
            self._acquire_among_machines(deadline)
        except BaseException:
            self.locks.release(self.id)
            raise
        self.locked = True

    def _acquire_among_machines(self, deadline: float) -> None:
        token = secrets.token_hex(16).encode()
        poll = SHORTEST_POLL
        self._lock_revision = None
        try:
            while not self._lock_and_read(token):
                is_locked = True
                while is_locked:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise LockTimeout
                    time.sleep(min(left, poll * random.uniform(0.5, 1)))  # noqa: S311 - not a secret
                    poll = min(poll * 2, LONGEST_POLL)
                    is_locked = self._ask(lambda client: client.get(self._lock_key())) is not None
        except ServerLostError as error:
            self._without_server(error)

    def _lock_and_read(self, token: bytes) -> bool:
        """Try to lock the session, and read it at once: one wait for the server, not two.

        Args:
            token: Tells our lock from that of another.
        """
        lease = self._lease()

        def lock_and_read(client: Any) -> bool:
            lock_key = client.check_key(self._lock_key(), b"")
            key = client.check_key(self._key(), b"")
            lock = store(b"add", lock_key, token, lease, quiet=True)
            found = send(client, lock, gets(lock_key, key)).values()
            holder, revision = found.get(lock_key, (None, None))
            if holder != token:
                return False
            self._lock_revision = revision
            self._fetched = found.get(key, (None, None))
            return True

        return self._ask(lock_and_read)

    def release_lock(self) -> None:
        """Let other requests have the session, unless they have got it already."""
        if not self.locked:
            return
        self.locked = False
        self._fetched = None
        try:
            if self._lock_revision is not None:
                self._ask(lambda client: send(client, *self._unlocking(client)))
        except ServerLostError:
            bus.log(
                f"The lock of a session could not be released, and ends in {self._lease()} s",
                level=logging.WARNING,
            )
        finally:
            self.locks.release(self.id)

    def _unlocking(self, client: Any) -> list[bytes]:
        """Return what removes our lock, and that of nobody else; there is no answer to it."""
        if self._lock_revision is None:
            return []
        # compares and deletes at once: memcached has no such command
        lock_key = client.check_key(self._lock_key(), b"")
        revision = self._lock_revision
        return [store(b"cas", lock_key, b"", AT_ONCE, revision=revision, quiet=True)]


def whole_seconds(lifetime: float) -> int:
    """Return a lifetime that memcached does not cut short.

    Its clock ticks once a second, and the first tick may come at once.
    """
    return math.ceil(lifetime) + 1


def expiry_for_memcached(expires: float) -> int:
    """Return a moment of expiry as memcached wants it.

    Args:
        expires: The moment, in seconds since the epoch.

    Returns:
        Seconds from now on, so that clocks need not agree; beyond 30 days, where memcached would
        misunderstand them, the moment.
    """
    left = expires - time.time()
    if left <= 0:
        return AT_ONCE
    seconds = whole_seconds(left)
    return seconds if seconds <= RELATIVE_LIMIT else whole_seconds(expires)
