"""Restarting the program in the same process: the command line, and when it is impossible."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

try:
    import fcntl
except ImportError:  # Windows: what may be inherited is decided when a file is opened
    fcntl = None  # type: ignore[assignment]

if sys.platform == "win32":
    import subprocess  # only for its rules of quoting

_FIRST_FILE = 3  # after standard input, output and error
_OPEN_FILES = Path("/dev/fd")  # one name per open file, where the system has it


def restart_problem() -> str | None:
    """Tell why this process cannot start its program again by itself.

    Returns:
        The reason, for a log; None when the command line of the interpreter can be repeated.
    """
    if getattr(sys, "frozen", False) or hasattr(sys.modules.get("__main__"), "__compiled__"):
        return "this is a frozen application, which Python cannot start by its own command line"
    if not sys.executable or not sys.orig_argv:
        return "Python is embedded in another program, and only that program can start it again"
    if "idlelib.run" in sys.modules:
        return "the program runs in IDLE, and a new process would lose its shell"
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return "the program runs in an interactive interpreter"
    if len(sys.orig_argv) == 1 or sys.argv[:1] == ["-"]:
        return "the program was read from standard input, which cannot be read again"
    return None


def interpreter_command() -> list[str]:
    """Work out the command line that starts this program again.

    Returns:
        The interpreter, its own options (``-OO``, ``-W``, ``-X``, ...), then the script, ``-m``
        module or ``-c`` code with its arguments, all as they were given to this process.
    """
    return [sys.executable, *sys.orig_argv[1:]]


def close_on_exec(limit: int) -> None:
    """Keep the files of this process from the program that replaces it.

    Sockets that the service manager passed in stay open: the environment, which the new program
    gets too, says that they are there (``LISTEN_FDS``, see ``sd_listen_fds(3)``).

    Args:
        limit: Number of the first file that is left alone.
    """
    if fcntl is None:
        return
    for descriptor in _open_files(limit):
        with contextlib.suppress(OSError):  # closed in the meantime, or never open
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
            fcntl.fcntl(descriptor, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)


def _open_files(limit: int) -> Iterable[int]:
    """List the files that may be open, without those that were passed in."""
    first = _FIRST_FILE + _passed_sockets()
    try:
        numbers = [int(entry.name) for entry in _OPEN_FILES.iterdir()]
    except OSError:
        return range(first, limit)
    return [number for number in numbers if first <= number < limit]


def _passed_sockets() -> int:
    """Count the sockets that the service manager passed to this very process."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return 0
    count = os.environ.get("LISTEN_FDS", "")
    return int(count) if count.isdecimal() else 0


def flush_output() -> None:
    """Write everything that the program has printed."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it
                stream.flush()


def replace_process(command: Sequence[str]) -> None:
    """Run a command in place of this program; this does not return.

    Args:
        command: Path of the program, then its arguments.

    Raises:
        OSError: The program cannot be run.
    """
    flush_output()
    arguments = list(command)
    if sys.platform == "win32":
        # The arguments are joined with blanks there, and the new program splits them again.
        arguments = [subprocess.list2cmdline([argument]) for argument in arguments]
    os.execv(command[0], arguments)  # noqa: S606  the user's own command line, and no shell
