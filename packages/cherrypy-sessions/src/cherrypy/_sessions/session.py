"""A session: a mapping that is loaded when it is first used, and what every storage inherits."""

import datetime as dt
import secrets
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy._sessions.cleaning import start_cleaning
from cherrypy._sessions.locks import KeyedLocks
from cherrypy._sessions.states import RECORD_STATES, STATES, Event, RecordState, State
from cherrypy._sessions.waiting import DEFAULT_LOCK_TIMEOUT, LockTimeout, Timeout, lock_seconds

ID_BYTES = 20  # 160 bits
SHOWN_CHARACTERS = 8
PROLONGED_SHARE = 0.9
"""A page that only reads makes a session last longer when less than this share of its time is
left."""

SELF_LOCKING = frozenset({"implicit", "early"})
"""Values of ``locking`` by which a session is locked, at the latest, when it is first used."""


class CannotCountError(NotImplementedError, TypeError):
    """A storage does not know how many sessions it has.

    It is a ``TypeError`` too, since ``list(session)`` asks for a length, but does not need one.
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

    _id: str = None  # type: ignore[assignment]  # every session has one
    id_observers: list[Callable[[str], object]] | None = None
    """Functions that are called with each new id."""
    timeout: float = 60
    """Minutes after its last use until which the session lasts."""
    locked: bool = False
    """Whether this object holds the lock of the session."""
    clean_thread: ClassVar[Any] = None
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
    locking: str = "explicit"
    """See ``tools.sessions.locking``."""

    locks: ClassVar[KeyedLocks] = KeyedLocks()

    _data: dict[str, Any]
    _state: State = State.UNUSED
    _record: RecordState = RecordState.ABSENT
    _expires: dt.datetime | None = None
    """When the record that was read expires."""

    if TYPE_CHECKING:

        def _exists(self) -> bool:
            """Tell whether there is a record under ``self.id``."""

        def _load(self) -> tuple[dict[str, Any], dt.datetime] | None:
            """Return data and moment of expiry of ``self.id``; ``None`` if there is no record."""

        def _save(self, expiration_time: dt.datetime) -> None:
            """Store ``self._data`` under ``self.id``."""

        def _delete(self) -> None:
            """Remove the record of ``self.id``, if there is one."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        given: object = cls.locks
        if type(given) is dict:  # what a class that was written for CherryPy 18 has
            cls.locks = KeyedLocks()

    def __init__(self, id: str | None = None, **kwargs: object) -> None:
        self.id_observers = []
        self._data = {}
        for name, value in kwargs.items():
            setattr(self, name, value)
        if self.locking == "none":
            self._state = State.UNREAD
        self.originalid = id
        self.missing = False
        if id is not None:
            self._id = id
            if self._exists():
                self._record = RecordState.STORED
                return
            self.missing = True
        self._take_new_id()

    @property
    def id(self) -> str:
        """The id of the session; it changes by :meth:`regenerate`."""
        return self._id

    @id.setter  # noqa: A003 - the property above, not the function
    def id(self, value: str) -> None:
        self._id = value
        for observe in self.id_observers or ():
            observe(value)

    @property
    def loaded(self) -> bool:
        """Whether the session has been used; false makes the next use read it again."""
        return self._state is not State.UNUSED and self._state is not State.UNREAD

    @loaded.setter
    def loaded(self, value: bool) -> None:
        if value:
            self._state = STATES[self._state][Event.READ]
        else:
            self._state = State.UNREAD if self.locking == "none" else State.UNUSED

    @property
    def is_stored(self) -> bool:
        """Whether the storage has a record under the id."""
        return self._record is RecordState.STORED

    @property
    def leaves_cookie(self) -> bool:
        """Whether the client keeps the cookie that it has: see :class:`RecordState`."""
        return self._record in {RecordState.SUPERSEDED, RecordState.UNREACHABLE}

    def now(self) -> dt.datetime:
        """Return the present moment, as expiry is reckoned: in local time, without a zone."""
        return dt.datetime.now()  # noqa: DTZ005 - upstream's storages compare with that

    def generate_id(self) -> str:
        """Return a new id: 160 bits that nobody can guess, in hexadecimal."""
        return secrets.token_hex(ID_BYTES)

    # ---- the life of a session ------------------------------------------------------------------

    def _note(self, event: Event) -> None:
        self._record = RECORD_STATES[self._record].get(event, self._record)

    def load(self) -> None:
        """Read the data from the storage; done by itself at the first use.

        Raises:
            LockTimeout: Another request has had the session locked for all of ``lock_timeout``.
        """
        self._lock()
        self._read()
        self._state = STATES[self._state][Event.READ]
        if self.clean_freq and type(self).clean_up is not Session.clean_up:
            start_cleaning(self)

    def _read(self) -> None:
        """Take the data from the storage; none if the session has expired."""
        record = self._load()
        if record is None:
            self._data = {}
            self._expires = None
            if self.is_stored:  # another request has ended it since the client asked for it
                self._note(Event.VANISH)
                self.missing = True
                self._regenerate()
            return
        data, self._expires = record
        if self._expires.timestamp() <= self.now().timestamp():
            data = {}
        self._data = dict(data) if self._state is State.UNREAD else data

    def save(self) -> None:
        """Store the data, and release the lock. Done by itself when the request is answered.

        Nothing is stored of a session that has not been used, nor of a new one that is empty.
        """
        try:
            if self._state is State.OPEN:
                if self._data or self.is_stored:
                    self._save(self._expiration())
                    self._note(Event.SAVE)
            elif self._state is State.COPIED and self.is_stored:
                self._prolong()
        finally:
            if self.locked:
                self.release_lock()
        if self.locking != "explicit":
            self._state = STATES[self._state][Event.SAVE]

    def seal(self) -> None:
        """Prepare for a stream, before which a cookie has to tell of a new session, or never."""
        # what is at hand now is going to be stored when the stream ends
        self._note(Event.SAVE if self._data else Event.SEAL)

    def _expiration(self) -> dt.datetime:
        """Return the moment until which the session lasts if it is not used again."""
        # by the clock of the world: local clocks are set an hour back and forth twice a year
        now = self.now()
        return dt.datetime.fromtimestamp(now.timestamp() + self.timeout * 60, now.tzinfo)

    def _prolong(self) -> None:
        """Make a session last longer that has only been read; at times, and without waiting."""
        if self._expires is None:
            return
        left = self._expires.timestamp() - self.now().timestamp()
        if left > self.timeout * 60 * PROLONGED_SHARE:
            return
        limit, self.lock_timeout = self.lock_timeout, 0
        try:
            self.acquire_lock()
        except LockTimeout:
            return  # the request that has it locked makes it last longer
        finally:
            self.lock_timeout = limit
        record = self._load()
        if record is not None and record[1].timestamp() > self.now().timestamp():
            self._data = record[0]
            self._save(self._expiration())

    def regenerate(self) -> None:
        """Give the session a new id; data and lock move along, and the old id is worth nothing.

        To be called when someone logs in, so that nobody has given them the id before.
        """
        self._refuse_unless(Event.REMOVE)
        self.regenerated = True
        if self.is_stored and self._state is not State.OPEN:
            self.load()  # or the data would go with the old id
        self._lock()
        self._regenerate()

    def _regenerate(self) -> None:
        was_locked = self.locked
        self._delete()
        if was_locked:
            self.release_lock()
        self._note(Event.REMOVE)
        self._take_new_id()
        if was_locked:
            self.acquire_lock()

    def _take_new_id(self) -> None:
        new_id = self._id = self.generate_id()
        if type(self).generate_id is not Session.generate_id:
            while self._exists():  # nobody knows how good another generator is
                new_id = self._id = self.generate_id()
        self.id = new_id

    def delete(self) -> None:
        """Remove the stored session; it stays away, unless something is stored afterwards."""
        self._refuse_unless(Event.REMOVE)
        self._lock()
        self._delete()
        self._data = {}
        self._state = STATES[self._state][Event.REMOVE]
        self._note(Event.REMOVE)

    def detach(self) -> None:
        """Forget data and lock, which belong to the session that this object is a copy of."""
        self._data = {}
        self.id_observers = []
        self.locked = self.loaded = False

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
            if not self.locks.acquire(self._id, lock_seconds(self.lock_timeout)):
                raise LockTimeout
            self.locked = True

    def release_lock(self) -> None:
        """Let other requests have the session."""
        if self.locked:
            self.locked = False
            self.locks.release(self._id)

    def _lock(self) -> None:
        """Lock the session, unless that is done already or left to the application."""
        if not self.locked and self.locking in SELF_LOCKING:
            self.acquire_lock()

    def _name_for_logs(self) -> str:
        """Return what tells the session from others, and is of no use as an id."""
        return f"{str(self._id)[:SHOWN_CHARACTERS]}..."

    # ---- a session as a mapping -----------------------------------------------------------------

    def _for_reading(self) -> dict[str, Any]:
        if self._state is not State.OPEN and self._state is not State.COPIED:
            self.load()
        return self._data

    def _for_change(self) -> dict[str, Any]:
        if self._state is not State.OPEN:
            self._refuse_unless(Event.CHANGE)
            self.load()
        if self._record is RecordState.TOO_LATE:
            raise RuntimeError(
                "A new session cannot begin while the response is streamed: its cookie would come "
                "too late. Store something before the first byte, or set tools.sessions.lazy to "
                "False"
            )
        return self._data

    def _refuse_unless(self, event: Event) -> None:
        """Refuse what the state does not allow.

        Raises:
            RuntimeError: The session is a copy, and was to be changed.
        """
        if event not in STATES[self._state]:
            raise RuntimeError(
                "The session cannot be changed here: tools.sessions.locking = 'none' makes it a "
                "copy that is never stored. Leave that setting out for pages that change it"
            )

    def __getitem__(self, key: str) -> Any:
        return self._for_reading()[key]

    def __setitem__(self, key: str, value: object) -> None:
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

    def __len__(self) -> int:
        """Return how many sessions there are, where the storage can count.

        Raises:
            CannotCountError: It cannot.
        """
        raise CannotCountError(f"{type(self).__name__} cannot count its sessions")

    def get(self, key: str, default: object = None) -> Any:
        """Return the value of a key, or ``default`` if there is none."""
        return self._for_reading().get(key, default)

    def pop(self, key: str, default: object = False) -> Any:
        """Remove a key and return its value, or ``default`` if there is none."""
        return self._for_change().pop(key, default)

    def setdefault(self, key: str, default: object = None) -> Any:
        """Return the value of a key, after storing ``default`` if there is none."""
        return self._for_change().setdefault(key, default)

    def update(self, d: Mapping[str, Any]) -> None:
        """Store all that a mapping, or an iterable of pairs, has."""
        self._for_change().update(d)

    def clear(self) -> None:
        """Remove everything."""
        self._for_change().clear()

    def keys(self) -> KeysView[str]:
        """Return a view of the keys."""
        return self._for_reading().keys()

    def items(self) -> ItemsView[str, Any]:
        """Return a view of the pairs of key and value."""
        return self._for_reading().items()

    def values(self) -> ValuesView[Any]:
        """Return a view of the values."""
        return self._for_reading().values()
