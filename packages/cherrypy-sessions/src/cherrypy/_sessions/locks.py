"""Locks by name, for the threads of one process."""

import os
import threading
from weakref import WeakValueDictionary


class _Entry:
    """The lock of one name, and how many hold it or wait for it."""

    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0


class KeyedLocks(dict[str, _Entry]):
    """Locks by name. There is an entry only for a name that somebody holds or waits for.

    A lock belongs to nobody: another thread than the one that has acquired it may release it, as
    happens when a server closes a streamed body elsewhere. A forked process begins without locks:
    the threads that held them are those of its parent.
    """

    def __init__(self) -> None:
        super().__init__()
        self._mutex = threading.Lock()
        _all[id(self)] = self

    def start_anew(self) -> None:
        """Forget the locks of another process."""
        self._mutex = threading.Lock()
        self.clear()

    def acquire(self, name: str, timeout: float | None = None) -> bool:
        """Acquire the lock of a name.

        Args:
            name: The name.
            timeout: Seconds to wait at most; ``None`` for no limit.

        Returns:
            Whether it has been acquired.
        """
        with self._mutex:
            entry = self.get(name)
            if entry is None:
                entry = self[name] = _Entry()
            entry.users += 1
        acquired = False
        try:
            acquired = entry.lock.acquire(timeout=-1 if timeout is None else timeout)
        finally:
            if not acquired:  # nor when an exception of another thread's making arrives
                with self._mutex:
                    entry.users -= 1
                    if not entry.users and self.get(name) is entry:
                        del self[name]
        return acquired

    def release(self, name: str) -> None:
        """Release the lock of a name.

        Raises:
            KeyError: Nobody holds it.
        """
        with self._mutex:  # at once, or a newcomer could find the lock free and the entry gone
            entry = self[name]
            entry.lock.release()
            entry.users -= 1
            if not entry.users:
                del self[name]

    def waiting(self, name: str) -> int:
        """Return how many hold the lock of a name, or wait for it."""
        entry = self.get(name)
        return 0 if entry is None else entry.users


_all: WeakValueDictionary[int, KeyedLocks] = WeakValueDictionary()


def _start_anew() -> None:
    for locks in _all.values():
        locks.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
