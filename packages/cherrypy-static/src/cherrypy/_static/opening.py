"""Open a file below a directory so that nothing else is ever opened, whatever happens meanwhile.

Checking a path first and opening it then leaves a moment in which a folder of it can be replaced
by a link. Here each folder is opened below the one before it, and none of them may be a link, so
that there is no such moment. Where there are links, the file to which they lead is looked up. It
has to be inside of the directory, and is opened in the same way.
"""

import errno
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from cherrypy._static.names import OutsideError

MISSING = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ELOOP,  # links in a circle
        errno.ENAMETOOLONG,
        errno.EINVAL,  # a name that the file system cannot have
        errno.EILSEQ,
        errno.ENXIO,  # a socket
        errno.ENODEV,
    }
)
"""Errors of the system that mean that there is no such file."""

HAS_DIRECTORY_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether files can be opened below an open folder: everywhere but on Windows."""

# O_NONBLOCK: a pipe in the directory would wait for someone who writes to it
_FILE = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# O_PATH: to pass through a folder takes no right to list it
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _NO_LINK


def open_file(path: str) -> int:
    """Open a file, or a folder, wherever links lead.

    Returns:
        Its descriptor.

    Raises:
        OSError: There is none, or it may not be read.
    """
    try:
        return os.open(path, _FILE)
    except ValueError as error:  # NUL, or characters that no name has here
        raise FileNotFoundError(errno.ENOENT, str(error)) from error


def open_below(directory: str, segments: Sequence[str], *, follow_links: bool = False) -> int:
    """Open a file below a directory.

    Args:
        directory: Absolute path. Links in it are followed; it is looked up anew each time, so that
            it can be replaced as a whole.
        segments: Names of folders and at last of the file, none of them empty, ``.`` or ``..``.
        follow_links: Whether links may lead out of the directory.

    Returns:
        The descriptor of the file, or of a folder.

    Raises:
        OutsideError: A link leads out of the directory.
        OSError: There is no such file (see ``MISSING``), or it may not be read.
    """
    if not segments or follow_links:
        return open_file(os.path.join(directory, *segments))
    if not HAS_DIRECTORY_DESCRIPTORS:
        return open_checked(directory, segments)
    try:
        return _descend(directory, segments)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, str(error)) from error
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}:
            raise
    root, inner = _resolve(directory, segments)
    # a link that is met now was made just now, and is not followed
    return _descend(root, inner) if inner else open_file(root)


class Way(NamedTuple):
    """How to get at one file again and again: functions that are bound to its path."""

    look: Callable[[], os.stat_result] | None
    """Returns its status without opening it; ``None`` where a file can only be checked open."""
    open: Callable[[], int]
    """Opens it and returns the descriptor."""


def way_to(path: str) -> Way:
    """Return the way to a file, wherever links lead."""
    return Way(partial(os.stat, path), partial(os.open, path, _FILE))


def way_below(directory: str, segments: Sequence[str], *, follow_links: bool) -> Way:
    """Return the way to a file below a directory, on which no link is met.

    The arguments are those of :func:`open_below`. Where there is a link on the way, ``look``
    raises ``OSError`` or returns the status of a link, and ``open`` raises ``OSError`` or
    ``OutsideError``.
    """
    path = os.path.join(directory, *segments)
    if follow_links:
        return way_to(path)
    if not HAS_DIRECTORY_DESCRIPTORS:
        return Way(None, partial(open_checked, directory, segments))
    if len(segments) == 1:
        return Way(partial(os.lstat, path), partial(os.open, path, _FILE | _NO_LINK))
    return Way(partial(_look_below, directory, segments), partial(_descend, directory, segments))


def _look_below(directory: str, segments: Sequence[str]) -> os.stat_result:
    folder = _open_folder(directory, segments[:-1])
    try:
        return os.stat(segments[-1], dir_fd=folder, follow_symlinks=False)
    finally:
        os.close(folder)


def _open_folder(directory: str, segments: Sequence[str]) -> int:
    """Open a folder below a directory, folder by folder, none of them a link."""
    folder = os.open(f"{directory}/{segments[0]}", _FOLDER)
    try:
        for segment in segments[1:]:
            inner = os.open(segment, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
    except BaseException:
        os.close(folder)
        raise
    return folder


def _descend(directory: str, segments: Sequence[str]) -> int:
    """Open a file below a directory, folder by folder, none of them a link."""
    if len(segments) == 1:
        return os.open(f"{directory}/{segments[0]}", _FILE | _NO_LINK)
    folder = _open_folder(directory, segments[:-1])
    try:
        return os.open(segments[-1], _FILE | _NO_LINK, dir_fd=folder)
    finally:
        os.close(folder)


def open_checked(directory: str, segments: Sequence[str]) -> int:
    """Open a file below a directory where the system cannot open below an open folder.

    The open file has to be the one that is found at its real path afterwards.
    """
    root, inner = _resolve(directory, segments)
    path = os.path.join(root, *inner)
    descriptor = open_file(path)
    try:
        is_same = os.path.realpath(path, strict=True) == path and os.path.samestat(
            os.fstat(descriptor), os.stat(path)
        )
    except BaseException:
        os.close(descriptor)
        raise
    if not is_same:
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return descriptor


def _resolve(directory: str, segments: Sequence[str]) -> tuple[str, list[str]]:
    """Follow all links; return the real directory, and the names below it.

    Raises:
        OutsideError: They lead out of the directory.
        OSError: There is no such file.
    """
    root = os.path.realpath(directory, strict=True)
    try:
        path = os.path.realpath(os.path.join(root, *segments), strict=True)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, str(error)) from error
    if path == root:
        return root, []
    prefix = root if root.endswith(os.sep) else root + os.sep
    if not path.startswith(prefix):
        raise OutsideError(path)
    return root, path[len(prefix) :].split(os.sep)
