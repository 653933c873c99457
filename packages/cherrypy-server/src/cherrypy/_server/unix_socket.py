"""Unix sockets: making them, their rights, and the process at the other end."""

import errno
import os
import socket
import stat
from contextlib import suppress
from importlib import import_module

from cherrypy.process.servers import AddressUnavailableError

_PROBE_SECONDS = 1.0


def open_unix_socket(
    address: str,
    mode: int | None = None,
    user: str | int | None = None,
    group: str | int | None = None,
) -> socket.socket:
    """Make a socket that is bound to a file, or to an abstract name; it does not listen yet.

    Clients cannot connect before it listens; its rights are set by then. A socket that a server
    has left behind is replaced; a socket with a listener is not, nor is any other file.

    Args:
        address: File name; an abstract name begins with NUL.
        mode: Rights of the file; None leaves them to the umask.
        user: Name or number of the owner of the file; the user of this process if None.
        group: Name or number of the group that the file belongs to.

    Raises:
        AddressUnavailableError: It cannot be made; the message says what to change.
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
            uid = _number_of("pwd", "getpwnam", "socket_user", user)
            gid = _number_of("grp", "getgrnam", "socket_group", group)
            _set_rights(address, mode, uid, gid)
    except BaseException:
        listening.close()
        raise
    return listening


def is_abstract(address: object) -> bool:
    """Tell whether an address is a name of Linux that is in no file system."""
    return isinstance(address, str) and address.startswith("\0")


def identity_of(path: str) -> tuple[int, int] | None:
    """Return device and inode of a file; ``None`` if it is not there."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def remove_own(path: str, identity: tuple[int, int]) -> None:
    """Remove the file of a socket, unless another file has replaced it, or it is not allowed."""
    if identity_of(path) == identity:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - as the functions around it


def peer_environ(pid: int, uid: int, gid: int, *, is_resolved: bool) -> dict[str, str]:
    """Describe the process at the other end of a Unix socket for the application.

    Args:
        pid: Number of the process.
        uid: Number of its user.
        gid: Number of its group.
        is_resolved: Whether names are told, too; empty for users and groups without a name.
    """
    environ = {"X_REMOTE_PID": str(pid), "X_REMOTE_UID": str(uid), "X_REMOTE_GID": str(gid)}
    if is_resolved:
        user = environ["X_REMOTE_USER"] = _name_of("pwd", "getpwuid", uid)
        environ["X_REMOTE_GROUP"] = _name_of("grp", "getgrgid", gid)
        if user:
            environ["REMOTE_USER"] = user
    return environ


def _remove_stale(path: str) -> None:
    """Remove a socket without a listener.

    Raises:
        AddressUnavailableError: It has a listener, or the file is not a socket.
    """
    try:
        status = os.lstat(path)
    except OSError:  # most likely it is not there; if it is, binding tells what is wrong
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise AddressUnavailableError(
            errno.EEXIST,
            f"server.socket_file = {path!r} is a file that is not a socket: remove it, or set "
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
    """Explain in one line why a socket cannot be used, and what to change."""
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
    """Set owner, group and rights of a socket, but not of another file that has replaced it.

    Raises:
        AddressUnavailableError: The system does not allow it.
    """
    # by descriptor, as Linux cannot change the rights of a path without following links
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


def _number_of(database: str, look_up: str, setting: str, name: str | int | None) -> int:
    """Return the number of a user or a group; -1 for None.

    Raises:
        AddressUnavailableError: There is no such name.
    """
    if not isinstance(name, str):
        return -1 if name is None else name
    try:
        number: int = getattr(import_module(database), look_up)(name)[2]
    except KeyError:
        raise AddressUnavailableError(
            errno.EINVAL, f"server.{setting} = {name!r}: this system does not have that name"
        ) from None
    return number


def _name_of(database: str, look_up: str, number: int) -> str:
    """Return the name of a user or a group; empty if it does not have one."""
    try:
        name: str = getattr(import_module(database), look_up)(number)[0]
    except KeyError:
        return ""
    return name
