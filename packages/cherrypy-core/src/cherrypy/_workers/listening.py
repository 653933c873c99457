"""The socket that all workers of a site listen on: opened once, by their supervisor."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cherrypy._workers.settings import WorkerSettings

_FIRST_PASSED = 3  # see sd_listen_fds(3)


class AddressError(OSError):
    """The workers cannot listen on their address; the message says what to change."""


def open_listening_socket(settings: WorkerSettings) -> socket.socket:
    """Open the socket, or take the one that the service manager has opened.

    Raises:
        AddressError: That is not possible.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        listening = socket.socket(fileno=_FIRST_PASSED)
    elif settings.socket_file is not None:
        listening = _open_unix(settings.socket_file, settings.socket_mode, settings.backlog)
    else:
        listening = _open_tcp(settings.host, settings.port, settings.backlog)
    listening.setblocking(False)
    listening.set_inheritable(True)
    return listening


def identity_of(path: str) -> tuple[int, int] | None:
    """Return what tells the file of a socket from another one of its name; None without a file."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def remove_socket_file(path: str, identity: tuple[int, int] | None) -> None:
    """Remove the file of a Unix socket, if it is still the one that was made."""
    if identity is not None and identity_of(path) == identity:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108  as above


def _open_tcp(host: str, port: int, backlog: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=backlog)
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} on {host} is in use by another program: stop that "
            "program, or set server.socket_port to a free port",
            errno.EACCES: f"Port {port} on {host} is not for this user: set server.socket_port to "
            "1024 or more, or start as a user who may open it",
        }
        other = f"Port {port} on {host} cannot be opened: {error.strerror or error}"
        text = reasons.get(error.errno or 0, other)
        raise AddressError(error.errno or errno.EADDRNOTAVAIL, text) from error


def _open_unix(path: str, mode: int, backlog: int) -> socket.socket:
    if _answers(path):
        text = f"{path} is the socket of another program: stop that one, or set server.socket_file"
        raise AddressError(errno.EADDRINUSE, text)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                os.unlink(path)  # noqa: PTH108  a name, which may be abstract elsewhere
        listening.bind(path)
        if mode >= 0:
            os.chmod(path, mode)  # noqa: PTH101  as above
        listening.listen(backlog)
    except OSError as error:
        listening.close()
        text = f"server.socket_file = {path!r} cannot be opened: {error.strerror or error}"
        raise AddressError(error.errno or errno.EADDRNOTAVAIL, text) from error
    return listening


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True
