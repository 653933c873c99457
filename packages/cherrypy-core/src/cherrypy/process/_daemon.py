"""Daemons: processes without a terminal, under another user."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from cherrypy.process._plugin import SimplePlugin
from cherrypy.process._restart import flush_output
from cherrypy.process._start_report import StartReport, shell_status, wait_for_start
from cherrypy.process.wspbus import with_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.process.wspbus import Bus

    StandardFiles = tuple[int, int, int]

try:
    import grp
    import pwd
except ImportError:  # Windows has no such users
    grp = None  # type: ignore[assignment]
    pwd = None  # type: ignore[assignment]

# A restarted program finds its own process id here, and does not become a daemon again. Programs
# that the daemon starts get the variable too, but have other process ids.
_DAEMON_VARIABLE = "CHERRYPY_DAEMON_PID"


def is_daemon() -> bool:
    """Tell whether `Daemonizer` has made this process."""
    return os.environ.get(_DAEMON_VARIABLE) == str(os.getpid())


class Daemonizer(SimplePlugin):
    """Makes the process a daemon when the bus starts, before threads and servers start.

    The program continues in a new process without a terminal and in its own session. The first
    process waits until the bus has started there, and ends with the status 0. If the daemon ends
    before that, the first process writes the errors of its log to standard error, and ends with the
    same status. A restart keeps the process.

    Args:
        bus: The bus to listen to.
        stdin: File that standard input is read from.
        stdout: File that standard output is appended to.
        stderr: File that standard error is appended to.
    """

    __module__ = "cherrypy.process.plugins"

    def __init__(
        self,
        bus: Bus,
        stdin: str = os.devnull,
        stdout: str = os.devnull,
        stderr: str = os.devnull,
    ) -> None:
        super().__init__(bus)
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.finalized = False

    @with_priority(65)
    def start(self) -> None:
        """Become a daemon, unless this process is one.

        Raises:
            OSError: A file cannot be opened, or the system refuses another process.
        """
        if self.finalized or is_daemon():
            self.finalized = True
            self.bus.log("Already daemonized.")
            return
        threads = threading.enumerate()
        if len(threads) > 1:
            self.bus.log(
                f"There are {threads!r} active threads. Only one of them goes on in the daemon, "
                "and what the others hold is never released.",
                level=logging.WARNING,
            )
        reading, writing = os.pipe()
        with _standard_files(self.stdin, self.stdout, self.stderr) as files:
            become_daemon(
                files, self.bus.log, lambda daemon: wait_for_start(daemon, reading, writing)
            )
        os.close(reading)
        StartReport(self.bus, writing).subscribe()
        self.finalized = True

    @staticmethod
    def daemonize(
        stdin: str = os.devnull,
        stdout: str = os.devnull,
        stderr: str = os.devnull,
        logger: Callable[[str], object] = lambda _msg: None,
    ) -> None:
        """Go on in a daemon; the first process ends at once, with the status 0.

        Args:
            stdin: File that standard input is read from.
            stdout: File that standard output is appended to.
            stderr: File that standard error is appended to.
            logger: Called with what is done.

        Raises:
            OSError: A file cannot be opened, or the system refuses another process.
        """
        with _standard_files(stdin, stdout, stderr) as files:
            become_daemon(files, logger)


@contextlib.contextmanager
def _standard_files(stdin: str, stdout: str, stderr: str) -> Iterator[StandardFiles]:
    """Open what takes the place of the standard files; descriptors 0, 1 and 2."""
    with (
        Path(stdin).open("rb", buffering=0) as new_input,
        Path(stdout).open("ab", buffering=0) as output,
        Path(stderr).open("ab", buffering=0) as error,
    ):
        yield new_input.fileno(), output.fileno(), error.fileno()


def become_daemon(
    files: StandardFiles,
    logger: Callable[[str], object],
    watch: Callable[[int], int] = lambda _daemon: 0,
) -> None:
    """Go on in a new process, which has no terminal and its own session.

    Args:
        files: Descriptors of its standard input, output and error.
        logger: Called with what is done.
        watch: Called with the process id of the daemon, in its parent; returns the status with
            which the first process ends.

    Raises:
        OSError: The system refuses another process.
    """
    flush_output()  # where it was meant to go
    logger("Forking once.")
    leader = os.fork()
    if leader:
        os._exit(_status_of(leader))  # at once: what runs at the end of a process is the child's
    os.setsid()  # no terminal any more, but this leader of a session could get one
    logger("Forking twice.")
    daemon = os.fork()
    if daemon:
        os._exit(watch(daemon))
    for number, descriptor in enumerate(files):
        os.dup2(descriptor, number)
    os.environ[_DAEMON_VARIABLE] = str(os.getpid())
    logger(f"Daemonized to PID: {os.getpid()}")


def _status_of(child: int) -> int:
    """Wait for the end of a child, and return its status as a shell has it."""
    _, status = os.waitpid(child, 0)
    return shell_status(status)


class DropPrivileges(SimplePlugin):
    """Gives up the rights of root when the bus starts, after servers have bound their ports.

    All supplementary groups are given up, too.
    With a user and no group, the process gets the primary group of that user.

    Args:
        bus: The bus to listen to.
        umask: Permissions that new files do not get, as for `os.umask`; None keeps them.
        uid: Number or name of the user; None keeps it.
        gid: Number or name of the group; None is explained above.

    Raises:
        KeyError: There is no such user or group.
    """

    __module__ = "cherrypy.process.plugins"

    def __init__(
        self,
        bus: Bus,
        umask: int | None = None,
        uid: int | str | None = None,
        gid: int | str | None = None,
    ) -> None:
        super().__init__(bus)
        self.finalized = False
        self.uid = uid
        self.gid = gid
        self.umask = umask

    @property
    def uid(self) -> int | None:
        """Number of the user; may be set by name."""
        return self._uid

    @uid.setter
    def uid(self, user: int | str | None) -> None:
        if user is not None and pwd is None:
            self.bus.log(f"There are no users here; ignoring uid {user!r}.", logging.WARNING)
            user = None
        self._uid = pwd.getpwnam(user).pw_uid if isinstance(user, str) else user

    @property
    def gid(self) -> int | None:
        """Number of the group; may be set by name."""
        return self._gid

    @gid.setter
    def gid(self, group: int | str | None) -> None:
        if group is not None and grp is None:
            self.bus.log(f"There are no groups here; ignoring gid {group!r}.", logging.WARNING)
            group = None
        self._gid = grp.getgrnam(group).gr_gid if isinstance(group, str) else group

    @property
    def umask(self) -> int | None:
        """Permissions that new files do not get, such as ``0o022``."""
        return self._umask

    @umask.setter
    def umask(self, umask: int | None) -> None:
        if umask is not None and not isinstance(umask, int):
            raise TypeError(f"umask = {umask!r}: expected an int, such as 0o022")
        self._umask = umask

    @with_priority(77)  # servers start at 75
    def start(self) -> None:
        """Change the user, the groups and the umask, as far as they are given.

        Raises:
            PermissionError: The process has no right to change them.
        """
        if self.uid is None and self.gid is None:
            self.bus.log("uid/gid not set", level=logging.WARNING)
        elif self.finalized:
            self.bus.log(f"Already running as {_current_user()}")
        else:
            self.bus.log(f"Started as {_current_user()}")
            _change_user(self.uid, self.gid)
            self.bus.log(f"Running as {_current_user()}")
        if self.umask is None:
            self.bus.log("umask not set", level=logging.WARNING)
        elif self.finalized:
            self.bus.log(f"umask already set to: {self.umask:03o}")
        else:
            old = os.umask(self.umask)
            self.bus.log(f"umask old: {old:03o}, new: {self.umask:03o}")
        self.finalized = True


def _change_user(uid: int | None, gid: int | None) -> None:
    """Change user and groups, unless they are those of the process already.

    After a restart the process no longer has the right to change them.
    """
    if gid is None and uid is not None:
        with contextlib.suppress(KeyError):  # a number without a name
            gid = pwd.getpwuid(uid).pw_gid
    if gid is not None and (os.getgid(), os.getegid()) != (gid, gid):
        os.setgid(gid)
    if os.geteuid() == 0:
        os.setgroups([])
    if uid is not None and (os.getuid(), os.geteuid()) != (uid, uid):
        os.setuid(uid)  # the last: after it, nothing else can be changed


def _current_user() -> str:
    """Name the user and the group of the process, by number if they have no name."""
    user: int | str = os.getuid()
    group: int | str = os.getgid()
    with contextlib.suppress(KeyError):
        user = pwd.getpwuid(os.getuid()).pw_name
    with contextlib.suppress(KeyError):
        group = grp.getgrgid(os.getgid()).gr_name
    return f"uid: {user!r} gid: {group!r}"
