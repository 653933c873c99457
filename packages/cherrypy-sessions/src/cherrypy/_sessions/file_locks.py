"""Locks of files against other processes, by the system's own call.

The system gives a lock back when its process ends, however it ends. The threads of one process have
to queue for a lock themselves: see :mod:`cherrypy._sessions.locks`.
"""

import os
import sys
import time
from contextlib import suppress

SHORTEST_POLL, LONGEST_POLL = 0.0005, 0.005
"""Seconds between two attempts to get a lock that another process has."""

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


_held: set[int] = set()
"""Descriptors of the files that this process has locked."""


def _forget_locks_of_parent() -> None:
    """Close what a forked process has inherited, or the locks would outlive its parent."""
    while _held:
        os.close(_held.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks_of_parent)


def lock_file(path: str, limit: float | None = None) -> int:
    """Lock a file, which is made if it is not there, and that only its owner can read.

    Args:
        path: The file.
        limit: Seconds to wait for another process; ``None`` for no limit.

    Returns:
        What :func:`unlock_file` takes.

    Raises:
        TimeoutError: Another process has had it locked all the time.
        OSError: The file can be neither opened nor made, or its file system knows no locks.
    """
    deadline = None if limit is None else time.monotonic() + limit
    while True:
        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            _wait_for_lock(descriptor, deadline)
            is_there = os.fstat(descriptor).st_nlink > 0
        except BaseException:
            os.close(descriptor)
            raise
        if is_there:
            _held.add(descriptor)
            return descriptor
        # the process that had the lock has removed the file: there may be another one by now
        os.close(descriptor)


def _wait_for_lock(descriptor: int, deadline: float | None) -> None:
    poll = SHORTEST_POLL
    while not _try_lock(descriptor):
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            poll = min(poll, left)
        time.sleep(poll)
        poll = min(poll * 2, LONGEST_POLL)


def unlock_file(descriptor: int, path: str | None = None) -> None:
    """Unlock a file.

    Args:
        descriptor: What :func:`lock_file` returned; in a process that was forked since, nothing is
            done.
        path: The file, if it is to be removed. Where an open file cannot be, on Windows, it stays.
    """
    if descriptor not in _held:
        return
    _held.discard(descriptor)
    try:
        if path is not None:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - PERF
        # by name, and not by closing alone: a process that is just being started may have a copy
        _unlock(descriptor)
    finally:
        os.close(descriptor)
