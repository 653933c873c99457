"""Sessions in the memory of the process."""

import datetime as dt
import threading
from typing import Any, ClassVar

from cherrypy._sessions.expiry import ExpiryIndex
from cherrypy._sessions.locks import KeyedLocks
from cherrypy._sessions.records import Record
from cherrypy._sessions.session import Session

BATCH = 1000
"""Sessions that are removed at a time; requests need not wait for more."""

SPARSE = 10_000
"""Sessions that have to be gone before the memory of the table itself is given back."""


class RamSession(Session):
    """Keeps sessions in the memory of this process, as the live objects that they are.

    They are lost when the process ends, and other processes do not see them.
    """

    cache: ClassVar[dict[str, Record]] = {}
    """Data and moment of expiry, by id."""
    locks: ClassVar[KeyedLocks] = KeyedLocks()
    """The locks that are held or waited for, by id."""

    _mutex: ClassVar[threading.Lock] = threading.Lock()
    _index: ClassVar[ExpiryIndex] = ExpiryIndex()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.cache is not getattr(cls.__base__, "cache", None):
            cls._index = ExpiryIndex()

    def _exists(self) -> bool:
        return self._id in self.cache

    def _load(self) -> Record | None:
        return self.cache.get(self._id)

    def _save(self, expiration_time: dt.datetime) -> None:
        session_id = self._id
        with self._mutex:
            if session_id not in self.cache:
                self._index.add(session_id, expiration_time.timestamp())
            self.cache[session_id] = (self._data, expiration_time)

    def _delete(self) -> None:
        with self._mutex:
            self.cache.pop(self.id, None)

    def clean_up(self) -> None:
        """Remove expired sessions, and give their memory back."""
        now = self.now().timestamp()
        with self._mutex:
            minutes = list(self._index.take(now))
        while minutes:
            ids = list(minutes.pop())
            for start in range(0, len(ids), BATCH):
                self._clean(ids[start : start + BATCH], now)
        with self._mutex:
            self._compact()

    def _clean(self, ids: list[str], now: float) -> None:
        with self._mutex:
            for session_id in ids:
                record = self.cache.get(session_id)
                if record is None:
                    continue
                expires = record[1].timestamp()
                if expires <= now:
                    del self.cache[session_id]
                    self._index.removed += 1
                else:
                    self._index.add(session_id, expires)

    def _compact(self) -> None:
        """Give back the memory of the table: a dict never shrinks by itself."""
        if self._index.removed < max(SPARSE, len(self.cache)):
            return
        live: dict[str, Any] = dict(self.cache)
        self.cache.clear()
        self.cache.update(live)
        self._index.removed = 0

    def __len__(self) -> int:
        """Return how many sessions there are."""
        return len(self.cache)
