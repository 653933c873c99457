"""The number of a daemon in a file, and the lock that keeps a second daemon away from it."""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cherrypy.process._plugin import SimplePlugin
from cherrypy.process.wspbus import with_priority

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

try:
    import fcntl
except ImportError:  # Windows, which has no daemons either
    fcntl = None  # type: ignore[assignment]

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL})

_locked: set[int] = set()
"""Files that this process has locked, by their descriptors."""


def _forget_locks_of_parent() -> None:
    """Close what a forked process has inherited, or the locks would outlive its parent."""
    while _locked:
        os.close(_locked.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks_of_parent)


class PIDFile(SimplePlugin):
    """Keeps the process id in a file while the bus is started.

    The file is locked all the while, and the system gives the lock back when the process ends,
    however it ends. So a second site with the same file does not start, and a file that was left
    over by a process that is gone is replaced, even if its number belongs to another program by
    now. At the end the file is removed, unless another process has written to it.

    Args:
        bus: The bus to listen to.
        pidfile: Path of the file; a relative one is resolved against the current working directory.
    """

    __module__ = "cherrypy.process.plugins"

    def __init__(self, bus: Bus, pidfile: str | os.PathLike[str]) -> None:
        super().__init__(bus)
        self.pidfile = pidfile
        self.finalized = False
        self._path = Path(pidfile).absolute()
        self._descriptor: int | None = None

    @with_priority(70)
    def start(self) -> None:
        """Write the file.

        Raises:
            FileExistsError: It is that of another site, which runs. If the bus is starting, this
                is logged in one line and the process ends with the status 70.
            OSError: It cannot be written; likewise.
        """
        pid = os.getpid()
        if self.finalized:
            self.bus.log(f"PID {pid} already written to {self.pidfile!r}.")
            return
        try:
            self._write(pid)
        except FileExistsError as error:
            self.bus.refuse_to_start(str(error))
            raise
        except OSError as error:
            self.bus.refuse_to_start(
                f"PID file {self.pidfile!r} cannot be written: {error.strerror or error}. "
                "Name a file in a folder that this user may write to."
            )
            raise
        self.finalized = True
        self.bus.log(f"PID {pid} written to {self.pidfile!r}.")

    def exit(self) -> None:
        """Remove the file, if it names this process."""
        if not self.finalized:
            return
        self.finalized = False
        try:
            if _read_pid(self._path) == os.getpid():
                self._remove()
        finally:
            self._unlock()

    def _write(self, pid: int) -> None:
        """Lock the file and write the process id."""
        descriptor, is_locked = _open_and_lock(self._path)
        before = _read_pid(self._path)
        is_running = before not in (None, pid) and _is_running(before)
        if not is_locked and (is_running or before is None):  # None: it is about to be written
            os.close(descriptor)
            owner = "another process" if before is None else f"process {before}"
            raise FileExistsError(
                f"PID file {self.pidfile!r} is that of {owner}, which runs: stop that one first, "
                "or name another file."
            )
        if is_running:
            self.bus.log(
                f"PID file {self.pidfile!r} names process {before}, which runs, and does not use "
                "the file; replacing it.",
                level=logging.WARNING,
            )
        self._descriptor = descriptor
        _locked.add(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{pid}\n".encode("ascii"), 0)

    def _remove(self) -> None:
        try:
            self._path.unlink()
        except OSError as error:  # not allowed any more, after DropPrivileges
            self.bus.log(f"PID file {self.pidfile!r} not removed: {error}", logging.WARNING)
            if self._descriptor in _locked:
                os.ftruncate(self._descriptor, 0)  # so that nobody is ended by its number
        else:
            self.bus.log(f"PID file removed: {self.pidfile!r}.")

    def _unlock(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and descriptor in _locked:
            _locked.discard(descriptor)
            os.close(descriptor)


def _open_and_lock(path: Path) -> tuple[int, bool]:
    """Open a file, which is made if it is not there, and try to lock it.

    Returns:
        Its descriptor, and whether it was locked. Where the system has no locks, this is whether
        nothing is known against it.

    Raises:
        OSError: The file can be neither opened nor made.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            is_locked = _try_lock(descriptor)
            if not is_locked or _is_at(descriptor, path):
                return descriptor, is_locked
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its owner has removed it in the meantime


def _try_lock(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system without locks
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is the one that a path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _read_pid(path: Path) -> int | None:
    """Read the process id in a PID file; None if there is none."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _is_running(pid: int | None) -> bool:
    """Tell whether a process id belongs to a running process."""
    if pid is None or pid <= 0 or sys.platform == "win32":  # kill() would end it there
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
