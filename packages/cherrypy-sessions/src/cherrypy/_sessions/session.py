"""A session: a mapping that is loaded when it is first used, and what every storage inherits."""

import datetime as dt
import secrets
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from cherrypy._sessions.cleaning import start_cleaning
from cherrypy._sessions.locks import KeyedLocks
from cherrypy._sessions.waiting import (
    DEFAULT_LOCK_TIMEOUT,
    LockTimeout,
    SessionConflict,
    Timeout,
    lock_seconds,
)

Value = Any
"""A value that an application keeps in a session."""

ID_OCTETS = 20  # 160 bits
SHOWN_CHARACTERS = 8
PROLONGED_SHARE = 0.9
"""What only reads a session makes it last longer when less than this share of its time is left."""

IMMUTABLE_TYPES = frozenset(
    {
        *(str, int, float, bool, bytes, type(None), Decimal, UUID),
        *(dt.datetime, dt.date, dt.time, dt.timedelta),
    }
)
"""Types of values that whoever reads them can not change."""


class OutdatedReading(BaseException):
    """What a handler has read without a lock has changed since: it has to run again, with one.

    No ``Exception``: a handler that catches those would go on with what is outdated.
    """


class Session:
    """The session of one request.

    A storage is a subclass with ``_exists``, ``_load``, ``_save`` and ``_delete``, better also with
    ``acquire_lock``, ``release_lock`` and ``clean_up``. See ``docs/howto/session-storage.md``, and
    :mod:`cherrypy.lib.session_conformance` for the tests that it has to pass.

    Args:
        id: Id that the client has sent; ``None`` if it has sent none. One that the storage does
            not know is never adopted.
        **kwargs: Attributes to set; the settings of the sessions tool that it does not know itself
            among them.
    """

    _id: str | None = None
    id_observers: list[Callable[[str], object]] | None = None
    """Functions that are called with each new id."""
    timeout: float = 60
    """Minutes after its last use until which the session lasts."""
    locked: bool = False
    """Whether this object holds the lock of the session."""
    loaded: bool = False
    """Whether the session has been used."""
    clean_thread: Any = None
    """The plugin that removes expired sessions, once it runs; of the class."""
    clean_freq: float = 5
    """Minutes between two removals of expired sessions; 0 for none."""
    originalid: str | None = None
    """Id that the client has sent."""
    missing: bool = False
    """Whether the client has sent an id that the storage does not know."""
    regenerated: bool = False
    """Whether the id has been replaced during the request."""
    debug: bool = False
    """Not used any more."""
    lock_timeout: Timeout = DEFAULT_LOCK_TIMEOUT
    """Seconds, or a timedelta, to wait for the lock; ``None`` for no limit."""

    _data: dict[str, Value]
    locks: ClassVar[KeyedLocks] = KeyedLocks()

    # What the tool sets: when to lock, and when to store.
    _locking: str = "explicit"
    _lazy: bool = False
    _optimistic: bool = False
    """Whether reading takes no lock."""
    _repeatable: bool = False
    """Whether a handler is running that can run again."""
    _sealed: bool = False
    """Whether a cookie can not be sent any more."""
    _save_at_end: bool = False

    # What has happened.
    _stored: bool = False
    """Whether there is a record under the id."""
    _shared: bool = False
    """Whether the data are a copy that was read without a lock."""
    _parted: bool = False
    """Whether the session has been saved and unlocked, so that another request may change it."""
    _deleted: bool = False
    _superseded: bool = False
    """Whether the session that the client has asked for ended while the request waited."""
    _without_storage: bool = False
    """Whether the request goes on although the storage can not be reached."""
    _expires: dt.datetime | None = None

    if TYPE_CHECKING:

        def _exists(self) -> bool:
            """Tell whether there is a record under ``self.id``."""

        def _load(self) -> tuple[dict[str, Value], dt.datetime] | None:
            """Return data and moment of expiry of ``self.id``; ``None`` if there is no record."""

        def _save(self, expiration_time: dt.datetime) -> None:
            """Store ``self._data`` under ``self.id``."""

        def _delete(self) -> None:
            """Remove the record of ``self.id``, if there is one."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        given: object = cls.locks
        if type(given) is dict:  # what a class that was written for CherryPy 18 has
            cls.locks = KeyedLocks()

    def __init__(self, id: str | None = None, **kwargs: Any) -> None:
        self.id_observers = []
        self._data = {}
        for name, value in kwargs.items():
            setattr(self, name, value)
        self.originalid = id
        self.missing = False
        if id is not None:
            self._id = id
            if self._exists():
                self._stored = True
                return
            self._id = None
            self.missing = True
        self._regenerate()

    @property
    def id(self) -> Any:
        """The id of the session; it changes by :meth:`regenerate`."""
        return self._id

    @id.setter  # noqa: A003 - the property above, not the function
    def id(self, value: str | None) -> None:
        self._id = value
        if value is not None:
            for observe in self.id_observers or ():
                observe(value)

    def now(self) -> dt.datetime:
        """Return the present moment, as expiry is reckoned: in local time, without a zone."""
        return dt.datetime.now()  # noqa: DTZ005 - upstream's storages compare with that

    def generate_id(self) -> str:
        """Return a new id: 160 bits that nobody can guess, in hexadecimal."""
        return secrets.token_hex(ID_OCTETS)

    # ---- the life of a session ------------------------------------------------------------------

    def load(self) -> None:
        """Read the data from the storage; done by itself at the first use.

        Raises:
            LockTimeout: Another request has had the session locked for all of ``lock_timeout``.
        """
        if not self.locked:
            if self._optimistic:
                self._shared = True
            else:
                self._lock_unless_explicit()
        self._read()
        self.loaded = True
        self._parted = False
        if self.clean_freq and type(self).clean_up is not Session.clean_up:
            start_cleaning(self)

    def _read(self) -> None:
        """Take the data from the storage; none if the session has expired."""
        record = self._load()
        if record is None:
            self._data = {}
            self._expires = None
            if self._stored:
                self._start_over()
            return
        data, self._expires = record
        if _seconds_between(self.now(), self._expires) <= 0:
            data = {}
        self._data = dict(data) if self._shared else data

    def _start_over(self) -> None:
        """Begin a new session: another request has ended this one since the client asked for it."""
        self._stored = False
        self._superseded = self.missing = True
        self._regenerate()

    def save(self) -> None:
        """Store the data, and release the lock. Done by itself when the request is answered.

        Of a session that has not been used nothing is stored.
        """
        try:
            if self.loaded and not self._parted:
                self._store()
        finally:
            if self.locked:
                self.release_lock()
        self._parted = self.loaded and self._locking != "explicit"
        self._optimistic = False  # a handler that has stored something does not run again

    def _store(self) -> None:
        if self._shared:
            if self._stored:
                self._prolong()
        elif self._deleted or not (self._data or self._stored or self._stores_empty()):
            return
        else:
            self._save(self._expiration())
            self._stored = not self._without_storage

    def _stores_empty(self) -> bool:
        """Tell whether a new session is worth a record, although there is nothing in it."""
        return not (self._lazy or self._superseded)

    def _expiration(self) -> dt.datetime:
        """Return the moment until which the session lasts if it is not used again."""
        # by the clock of the world: local clocks are set an hour back and forth twice a year
        now = self.now()
        return dt.datetime.fromtimestamp(now.timestamp() + self.timeout * 60, now.tzinfo)

    def _prolong(self) -> None:
        """Make a session last longer that has only been read; at times, and without waiting."""
        if self._expires is None:
            return
        left = _seconds_between(self.now(), self._expires)
        if left > self.timeout * 60 * PROLONGED_SHARE:
            return
        limit, self.lock_timeout = self.lock_timeout, 0
        try:
            self.acquire_lock()
        except LockTimeout:
            return  # whoever has it locked makes it last longer
        finally:
            self.lock_timeout = limit
        record = self._load()
        if record is not None and _seconds_between(self.now(), record[1]) > 0:
            self._data = record[0]
            self._save(self._expiration())

    def regenerate(self) -> None:
        """Give the session a new id; data and lock move along, and the old id is worth nothing.

        To be called when someone logs in, so that nobody has given them the id before.
        """
        self.regenerated = True
        if self._stored and (not self.loaded or self._parted):
            self.load()  # or the data would go with the old id
        if self._shared:
            self._lock_for_change()
        self._lock_unless_explicit()
        self._regenerate()

    def _regenerate(self) -> None:
        was_locked = self.locked
        if self._id is not None:
            self._delete()
            if was_locked:
                self.release_lock()
        self._stored = False
        new_id = self.generate_id()
        self._id = new_id
        if type(self).generate_id is not Session.generate_id:
            while self._exists():  # of an own generator it is not known how good it is
                new_id = self._id = self.generate_id()
        self.id = new_id
        if was_locked:
            self.acquire_lock()

    def delete(self) -> None:
        """Remove the stored session; it stays away, unless something is stored afterwards."""
        self._lock_unless_explicit()
        self._delete()
        self._data = {}
        self._stored = False
        self._deleted = True

    def clean_up(self) -> None:
        """Remove expired sessions from the storage; called every ``clean_freq`` minutes.

        To be overridden, unless the storage does that by itself.
        """

    def acquire_lock(self) -> None:
        """Lock the session against other requests; this one locks it against its own process.

        Raises:
            LockTimeout: Another request has had it locked for all of ``lock_timeout``.
        """
        if not self.locked:
            if not self.locks.acquire(self._lock_name(), lock_seconds(self.lock_timeout)):
                raise LockTimeout
            self.locked = True

    def _lock_unless_explicit(self) -> None:
        if self._locking != "explicit" and not self.locked:
            self.acquire_lock()

    def release_lock(self) -> None:
        """Let other requests have the session."""
        if self.locked:
            self.locked = False
            self.locks.release(self._lock_name())

    def _name_for_logs(self) -> str:
        """Return what tells the session from others; who reads logs can not use it as an id."""
        return f"{str(self._id)[:SHOWN_CHARACTERS]}..."

    def _lock_name(self) -> str:
        return str(self._id)

    # ---- a session as a mapping -----------------------------------------------------------------

    def _for_reading(self) -> dict[str, Value]:
        if not self.loaded or self._parted:
            self.load()
        return self._data

    def _for_change(self) -> dict[str, Value]:
        if not self.loaded or self._parted:
            self.load()
        if self._shared:
            self._lock_for_change()
        if self._sealed and not self._stored:
            raise RuntimeError(
                "A new session can not begin while the response is streamed: its cookie would come "
                "too late. Store something before the first octet, or set tools.sessions.lazy to "
                "False"
            )
        self._deleted = False
        return self._data

    def _lock_for_change(self) -> None:
        """Lock the session, of which a copy has been read, and make sure that it is up to date.

        Raises:
            OutdatedReading: It is not, and the handler has to run again.
            SessionConflict: It is not, and what has read it can not run again.
        """
        seen = self._data
        if not self.locked:
            self.acquire_lock()
        self._shared = False
        self._read()
        if not _is_same(seen, self._data):
            raise OutdatedReading if self._repeatable else SessionConflict

    def _is_given_away(self, value: Value) -> bool:
        """Tell whether a value could be changed by who gets it; if so, lock the session."""
        if type(value) in IMMUTABLE_TYPES:
            return False
        self._lock_for_change()
        return True

    def __getitem__(self, key: str) -> Value:
        data = self._for_reading()
        value = data[key]
        return self._data[key] if self._shared and self._is_given_away(value) else value

    def __setitem__(self, key: str, value: Value) -> None:
        self._for_change()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._for_change()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._for_reading()

    def __iter__(self) -> Iterator[str]:
        return iter(self._for_reading())

    def __bool__(self) -> bool:
        """Be true always: there is a session, whether there is something in it or not."""
        return True

    def get(self, key: str, default: Value = None) -> Value:
        """Return the value of a key, or ``default`` if there is none."""
        data = self._for_reading()
        value = data.get(key, default)
        if self._shared and key in data and self._is_given_away(value):
            return self._data.get(key, default)
        return value

    def pop(self, key: str, default: Value = False) -> Value:
        """Remove a key and return its value, or ``default`` if there is none."""
        return self._for_change().pop(key, default)

    def setdefault(self, key: str, default: Value = None) -> Value:
        """Return the value of a key, after storing ``default`` if there is none."""
        return self._for_change().setdefault(key, default)

    def update(self, d: Mapping[str, Value]) -> None:
        """Store all that a mapping, or an iterable of pairs, has."""
        self._for_change().update(d)

    def clear(self) -> None:
        """Remove everything."""
        self._for_change().clear()

    def keys(self) -> KeysView[str]:
        """Return a view of the keys."""
        return self._for_reading().keys()

    def items(self) -> ItemsView[str, Value]:
        """Return a view of the pairs of key and value."""
        self._for_reading_all()
        return self._data.items()

    def values(self) -> ValuesView[Value]:
        """Return a view of the values."""
        self._for_reading_all()
        return self._data.values()

    def _for_reading_all(self) -> None:
        data = self._for_reading()
        if self._shared:
            any(self._is_given_away(value) for value in list(data.values()))


def _seconds_between(now: dt.datetime, later: dt.datetime) -> float:
    """Return how long it is until a moment of a storage, which may have a zone."""
    return later.timestamp() - now.timestamp()


def _is_same(seen: dict[str, Value], present: dict[str, Value]) -> bool:
    """Tell whether two states of a session are the same, as far as they can be compared."""
    try:
        return seen == present
    except Exception:
        return False
