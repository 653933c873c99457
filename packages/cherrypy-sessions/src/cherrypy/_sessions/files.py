"""Sessions in files: one for each, which several processes of a machine can share."""

import copy
import errno
import logging
import os
import re
import secrets
import stat
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy._runtime.errors import HTTPError
from cherrypy._sessions.file_locks import lock_file, unlock_file
from cherrypy._sessions.locks import KeyedLocks
from cherrypy._sessions.records import HEAD, MalformedRecordError, Record, find_expiry, pack, unpack
from cherrypy._sessions.serializer import Format, find_format
from cherrypy._sessions.session import Session
from cherrypy._sessions.waiting import LockTimeout, SessionUnavailable, lock_seconds
from cherrypy.process.wspbus import bus

if TYPE_CHECKING:
    import datetime as dt

_SAFE_ID = re.compile(r"[A-Za-z0-9_~=+@,-][A-Za-z0-9._~=+@,-]{0,199}")
"""Ids that can be part of a file name anywhere, and lead nowhere else."""

TEMPORARY_PREFIX = "unfinished-"
ABANDONED_AFTER = 3600
"""Seconds after which an unfinished file belongs to a process that has been killed."""

READ_SIZE = 65536
CLEANING_LOCK_TIMEOUT = 0.1
"""Seconds that cleaning waits for a session in use; with 0, locks of others would not try."""


class HeldLock:
    """The lock of a session file, which this process has, for the thread that has acquired it.

    Args:
        path: The session file.
        lock_path: The file beside it that stands for the lock.
        descriptor: What has locked that.
        locks: Where the threads of this process queue for it.
    """

    __slots__ = ("_descriptor", "_lock_path", "_locks", "_path")

    def __init__(self, path: str, lock_path: str, descriptor: int, locks: KeyedLocks) -> None:
        self._path = path
        self._lock_path = lock_path
        self._descriptor = descriptor
        self._locks = locks

    def close(self) -> None:
        """Release the lock; its file stays as long as the session does."""
        try:
            is_needed = os.path.exists(self._path)  # noqa: PTH110 - PERF: a third of Path's time
            unlock_file(self._descriptor, None if is_needed else self._lock_path)
        finally:
            self._locks.release(self._lock_path)


class FileSession(Session):
    """Keeps each session in a file of its own, readable by the owner of the process only.

    Args:
        id: Id that the client has sent.
        **kwargs: ``storage_path``, the folder, is required; it is made if it is not there.
    """

    SESSION_PREFIX = "session-"
    LOCK_SUFFIX = ".lock"
    pickle_protocol = 5
    """Not used any more: see ``serializer``."""
    storage_path: str = ""
    """The folder that has the files."""
    serializer: Any = None
    """What data are written as; see :func:`cherrypy._sessions.serializer.find_format`."""
    locks: ClassVar[KeyedLocks] = KeyedLocks()
    """The locks that this process holds or waits for, by path."""

    lock: Any = None
    """The lock that is held, with a method ``close``; a subclass may put one of its own here."""
    _layout: Format

    def __init__(self, id: str | None = None, **kwargs: Any) -> None:
        kwargs["storage_path"] = _absolute(_folder(kwargs.get("storage_path", self.storage_path)))
        kwargs.setdefault("lock_timeout", self.lock_timeout)
        lock_seconds(kwargs["lock_timeout"])
        self._layout = find_format(kwargs.get("serializer", self.serializer))
        super().__init__(id=id, **kwargs)

    @classmethod
    def setup(cls, **kwargs: object) -> None:
        """Prepare the storage for one configuration of the sessions tool: make its folder.

        Raises:
            ValueError: ``storage_path`` or ``serializer`` is missing or wrong.
        """
        folder = Path(_folder(kwargs.get("storage_path", cls.storage_path)))
        find_format(kwargs.get("serializer"))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"tools.sessions.storage_path = {str(folder)!r}: expected a folder, or the name of "
                f"one that can be made ({error})"
            ) from error

    def _get_file_path(self) -> str:
        """Return the path of the file of this session.

        Raises:
            HTTPError: 400, if the id could lead out of the folder, or to no session.
        """
        if not self._is_safe(self.id):
            raise HTTPError(400, "Invalid session id in cookie.")
        return f"{self.storage_path}{os.sep}{self.SESSION_PREFIX}{self.id}"

    def _is_safe(self, session_id: str) -> bool:
        return bool(_SAFE_ID.fullmatch(session_id)) and not session_id.endswith(self.LOCK_SUFFIX)

    def _exists(self) -> bool:
        return self._is_safe(self.id) and os.path.isfile(self._get_file_path())  # noqa: PTH113 - PERF: a third of Path's time

    def _load(self, path: str | None = None) -> Record | None:
        path = path or self._get_file_path()
        try:
            stored = _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable("read", error) from error
        try:
            return unpack(self._layout, stored)
        except MalformedRecordError as error:
            bus.log(
                f"The session file of {self._name_for_logs()} in {self.storage_path} cannot be "
                f"read, and a new session begins: {error}",
                level=logging.WARNING,
            )
            return None

    def _save(self, expiration_time: "dt.datetime") -> None:
        path = self._get_file_path()
        stored = pack(self._layout, self._data, expiration_time)
        unfinished = f"{self.storage_path}{os.sep}{TEMPORARY_PREFIX}{secrets.token_hex(16)}"
        try:
            # never seen unless it is whole: a reader gets the old one, or the new one
            _write_new(unfinished, stored)
            os.replace(unfinished, path)  # noqa: PTH105 - PERF: as above
        except OSError as error:
            with suppress(OSError):
                os.unlink(unfinished)  # noqa: PTH108 - as above
            raise self._unavailable("write", error) from error

    def _delete(self) -> None:
        path = self._get_file_path()
        try:
            os.unlink(path)  # noqa: PTH108 - as above
        except FileNotFoundError:
            pass
        except OSError as error:
            raise self._unavailable("remove", error) from error

    def _unavailable(self, action: str, error: OSError) -> SessionUnavailable:
        """Tell the log what is wrong with a file; return what the client is told."""
        bus.log(
            f"Cannot {action} the session file of {self._name_for_logs()} in "
            f"{self.storage_path}: {error.strerror or error}",
            level=logging.ERROR,
        )
        return SessionUnavailable()

    # ---- locks ----------------------------------------------------------------------------------

    def acquire_lock(self, path: str | None = None) -> None:
        """Lock the session against other requests, in this process and in others.

        Args:
            path: The file of the session, beside which is that of the lock; that of this session
                by default.

        Raises:
            LockTimeout: Another request has had it locked for all of ``lock_timeout``.
        """
        if self.locked:
            return
        path = path or self._get_file_path()
        lock_path = path + self.LOCK_SUFFIX
        limit = lock_seconds(self.lock_timeout)
        begin = time.monotonic()
        # the threads of a process queue for one of them to ask the system
        if not self.locks.acquire(lock_path, limit):
            raise LockTimeout
        try:
            left = None if limit is None else max(limit - (time.monotonic() - begin), 0)
            self.lock = HeldLock(path, lock_path, lock_file(lock_path, left), self.locks)
        except BaseException as error:
            self.locks.release(lock_path)
            if isinstance(error, TimeoutError):
                raise LockTimeout from None
            if isinstance(error, OSError):
                raise self._unavailable("lock", error) from error
            raise
        self.locked = True

    def release_lock(self, path: str | None = None) -> None:
        """Let other requests have the session.

        Args:
            path: Not used any more: the lock knows which file it is of.
        """
        if not self.locked or self.lock is None:
            return
        self.locked = False
        lock, self.lock = self.lock, None
        lock.close()

    # ---- cleaning -------------------------------------------------------------------------------

    def clean_up(self) -> None:
        """Remove expired sessions, and what killed processes have left behind."""
        now = self.now().timestamp()
        try:
            names = os.listdir(self.storage_path)  # noqa: PTH208 - as above
        except FileNotFoundError:
            return
        for name in names:
            path = os.path.join(self.storage_path, name)  # noqa: PTH118 - as above
            if name.startswith(TEMPORARY_PREFIX):
                if _age(path) > ABANDONED_AFTER:
                    with suppress(OSError):
                        os.unlink(path)  # noqa: PTH108 - as above
            elif name.startswith(self.SESSION_PREFIX):
                self._clean(path, now)

    def _clean(self, path: str, now: float) -> None:
        """Remove a session file if it has expired, or the lock file of a session that is gone."""
        session_path = path.removesuffix(self.LOCK_SUFFIX)
        is_lock = path != session_path
        if is_lock:
            is_needed = os.path.exists(session_path)  # noqa: PTH110 - as above
        else:
            is_needed = not _has_expired(path, now, self.timeout)
        if is_needed:
            return
        janitor = copy.copy(self)
        janitor.detach()
        janitor.lock, janitor.lock_timeout = None, CLEANING_LOCK_TIMEOUT
        try:
            janitor.acquire_lock(session_path)
        except (LockTimeout, SessionUnavailable):
            return  # it is in use
        try:
            if not is_lock and _has_expired(
                path, now, self.timeout
            ):  # still, now that nobody changes it
                with suppress(OSError):
                    os.unlink(path)  # noqa: PTH108 - as above
        finally:
            janitor.release_lock(session_path)

    def __len__(self) -> int:
        """Return how many sessions there are."""
        return sum(
            name.startswith(self.SESSION_PREFIX) and not name.endswith(self.LOCK_SUFFIX)
            for name in os.listdir(self.storage_path)  # noqa: PTH208 - as above
        )


def _folder(storage_path: object) -> str:
    """Return ``storage_path`` as text.

    Raises:
        ValueError: There is none.
    """
    if not storage_path or not isinstance(storage_path, (str, os.PathLike)):
        raise ValueError(
            f"tools.sessions.storage_path = {storage_path!r}: expected the path of a folder in "
            "which FileSession keeps its files"
        )
    return os.fspath(storage_path)


@lru_cache(maxsize=100)
def _normal(folder: str) -> str:
    return os.path.normpath(folder)


def _absolute(folder: str) -> str:
    """Return a path that stays the same wherever the process goes, without ``.`` and ``..``."""
    # PERF: os.path.abspath takes 4 us
    return _normal(folder) if os.path.isabs(folder) else os.path.abspath(folder)  # noqa: PTH100, PTH117 - text, as upstream has it


def _read(path: str) -> bytes:
    """Return the content of a file; ``open()`` takes twice as long."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        content = os.read(descriptor, READ_SIZE)
        piece = content
        while len(piece) == READ_SIZE:
            piece = os.read(descriptor, READ_SIZE)
            content += piece
    finally:
        os.close(descriptor)
    return content


_allocate = getattr(os, "posix_fallocate", None)
"""Finds out at once whether the disk has room. And ext4 writes a file to the disk before it takes
the place of another one, unless its room was allocated: 150 us and more for a request."""


def _write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet, and that only its owner can read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR)
    try:
        if _allocate is not None:
            try:
                _allocate(descriptor, 0, len(content))
            except OSError as error:
                if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}:
                    raise  # it is the disk that is full, not the file system that cannot do it
        if os.write(descriptor, content) != len(content):  # the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(descriptor)


def _has_expired(path: str, now: float, timeout: float) -> bool:
    """Tell whether a session file can be removed.

    One that does not say so itself, such as a file of CherryPy 18, is removed ``timeout`` minutes
    after it was written, and not within an hour.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - PERF: as above
            expires = find_expiry(file.read(HEAD.size) or b"")
    except OSError:
        return False
    if expires is None:
        return _age(path) > max(ABANDONED_AFTER, timeout * 60)
    return expires <= now


def _age(path: str) -> float:
    """Return the seconds since a file was changed; 0 if it is gone."""
    try:
        return time.time() - os.stat(path).st_mtime  # noqa: PTH116 - PERF: as above
    except OSError:
        return 0
