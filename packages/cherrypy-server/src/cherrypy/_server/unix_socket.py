"""Unix sockets: making them, their rights, and who is at the other end."""

import errno
import os
import socket
import stat
from contextlib import suppress
from importlib import import_module
from typing import Any

from cherrypy.process.servers import AddressUnavailableError

_PROBE_SECONDS = 1.0


def open_unix_socket(
    address: str,
    mode: int | None = None,
    user: str | int | None = None,
    group: str | int | None = None,
) -> socket.socket:
    """Make a socket that is bound to a file, or to an abstract name; it does not listen yet.

    Nobody can connect before it listens, so its rights are set by then. A socket that a server
    has left behind gives way; one that somebody listens on does not, nor does any other file.

    Args:
        address: File name; an abstract name begins with NUL.
        mode: Rights of the file; what the system gives (all but those of the umask) if None.
        user: Name or number of the user who owns the file; the one of this process if None.
        group: Name or number of the group of the file.

    Raises:
        AddressUnavailableError: It can not be made; the message says what to change.
    """
    is_file = not is_abstract(address)
    if is_file:
        _remove_stale(address)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            listening.bind(address)
        except OSError as error:
            raise _unavailable(address, error) from error
        if is_file and (mode is not None or user is not None or group is not None):
            _set_rights(address, mode, _user_id(user), _group_id(group))
    except BaseException:
        listening.close()
        raise
    return listening


def is_abstract(address: object) -> bool:
    """Tell whether an address is a name of Linux that is in no file system."""
    return isinstance(address, str) and address.startswith("\0")


def identity_of(path: str) -> tuple[int, int] | None:
    """Return what tells a file from all others; ``None`` if it is not there."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def remove_own(path: str, identity: tuple[int, int]) -> None:
    """Remove the file of a socket, unless it is another one by now, or this user may not."""
    if identity_of(path) == identity:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - as the functions around it


def peer_environ(pid: int, uid: int, gid: int, *, is_resolved: bool) -> dict[str, str]:
    """Return what an application is told of the process at the other end of a Unix socket.

    Args:
        pid: Number of the process.
        uid: Number of its user.
        gid: Number of its group.
        is_resolved: Whether names are told, too; the name of what has none is empty.
    """
    environ = {"X_REMOTE_PID": str(pid), "X_REMOTE_UID": str(uid), "X_REMOTE_GID": str(gid)}
    if is_resolved:
        user = environ["X_REMOTE_USER"] = _name_of_user(uid)
        environ["X_REMOTE_GROUP"] = _name_of_group(gid)
        if user:
            environ["REMOTE_USER"] = user
    return environ


def _remove_stale(path: str) -> None:
    """Remove a socket on which nobody listens.

    Raises:
        AddressUnavailableError: Somebody does, or the file is no socket.
    """
    try:
        status = os.lstat(path)
    except OSError:  # most likely it is not there; if it is, binding tells what is wrong
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise AddressUnavailableError(
            errno.EEXIST,
            f"server.socket_file = {path!r} is a file that is no socket: remove it, or set "
            "server.socket_file to another name",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            with suppress(FileNotFoundError):  # another server, which starts too, was faster
                os.unlink(path)  # noqa: PTH108 - as the functions around it
        except OSError as error:
            raise _unavailable(path, error) from error
        else:
            raise _unavailable(path, OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)))


def _unavailable(address: str, error: OSError) -> AddressUnavailableError:
    """Put into one line why a socket can not be used, and what to change."""
    shown = "@" + address[1:] if is_abstract(address) else address
    reasons = {
        errno.EADDRINUSE: "another program listens on it: stop that, or choose another name",
        errno.EAGAIN: "another program listens on it: stop that, or choose another name",
        errno.EACCES: "this user may not use it: choose another folder, or start as another user",
        errno.ENOENT: "there is no such folder: make it, or choose another one",
    }
    reason = reasons.get(error.errno or 0, error.strerror or str(error))
    return AddressUnavailableError(
        error.errno or errno.EADDRNOTAVAIL, f"server.socket_file = {shown!r}: {reason}"
    )


def _set_rights(path: str, mode: int | None, uid: int, gid: int) -> None:
    """Set owner, group and rights of a socket, and of no other file that took its place.

    Raises:
        AddressUnavailableError: The system does not allow it.
    """
    # by descriptor, as Linux can not change the rights of a path without following links
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW)
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            raise AddressUnavailableError(
                errno.EEXIST, f"server.socket_file = {path!r} was replaced by another file"
            )
        target = f"/proc/self/fd/{descriptor}"
        if (uid, gid) != (-1, -1):
            os.chown(target, uid, gid)
        if mode is not None:
            os.chmod(target, mode)  # noqa: PTH101 - as the functions around it
    except PermissionError as error:
        raise AddressUnavailableError(
            errno.EPERM,
            f"server.socket_file = {path!r}: this user may not give it to server.socket_user or "
            "server.socket_group; leave them out, or start as root",
        ) from error
    finally:
        os.close(descriptor)


def _user_id(user: str | int | None) -> int:
    """Return the number of a user; -1 for None."""
    if user is None or isinstance(user, int):
        return -1 if user is None else user
    try:
        uid: int = _users().getpwnam(user).pw_uid
    except KeyError:
        raise _unknown("socket_user", user) from None
    return uid


def _group_id(group: str | int | None) -> int:
    """Return the number of a group; -1 for None."""
    if group is None or isinstance(group, int):
        return -1 if group is None else group
    try:
        gid: int = _groups().getgrnam(group).gr_gid
    except KeyError:
        raise _unknown("socket_group", group) from None
    return gid


def _unknown(setting: str, name: str) -> AddressUnavailableError:
    return AddressUnavailableError(
        errno.EINVAL, f"server.{setting} = {name!r}: this system knows nobody of that name"
    )


def _name_of_user(uid: int) -> str:
    try:
        name: str = _users().getpwuid(uid).pw_name
    except KeyError:
        return ""
    return name


def _name_of_group(gid: int) -> str:
    try:
        name: str = _groups().getgrgid(gid).gr_name
    except KeyError:
        return ""
    return name


def _users() -> Any:
    return import_module("pwd")


def _groups() -> Any:
    return import_module("grp")
