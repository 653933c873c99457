"""Listening sockets that survive a restart of the program.

`Bus.restart` replaces the program in its process. A server keeps its listening socket open for the
new program, so that the system goes on accepting connections: they wait, and nobody is refused. The
environment variable ``CHERRYPY_SOCKETS`` tells the new program which descriptors these are.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import NamedTuple

_VARIABLE = "CHERRYPY_SOCKETS"


class _Kept(NamedTuple):
    """A listening socket between two programs."""

    address: object
    family: int
    socket: socket.socket


_kept: list[_Kept] = []
_inherited: list[_Kept] | None = None


def keep(address: object, listening: socket.socket) -> None:
    """Keep a listening socket for the program that is about to replace this one.

    Args:
        address: Where the server was told to listen: host and port, or the file of a Unix socket.
        listening: The socket; the server may close it.
    """
    _kept.append(_Kept(address, listening.family, listening.dup()))


def is_kept(address: object) -> bool:
    """Tell whether a socket for an address was kept, or is there from the program before."""
    return any(each.address == address for each in [*_kept, *_from_before()])


def take(address: object, family: int) -> socket.socket | None:
    """Take over the socket that the program before has listened on.

    Args:
        address: Where this server was told to listen, as the one before.
        family: Address family, such as ``socket.AF_INET``.

    Returns:
        The socket, which listens; None if there is none.
    """
    candidates = _from_before()
    for each in candidates:
        if each.address == address and each.family == family:
            candidates.remove(each)
            return each.socket
    return None


def close_unclaimed() -> None:
    """Close the sockets of the program before that no server has taken, once all have started."""
    candidates = _from_before()
    while candidates:
        candidates.pop().socket.close()


def pass_on() -> None:
    """Let the next program of this process have the sockets that were kept."""
    if not _kept:
        return
    import json  # 3 ms, for restarts only

    for each in _kept:
        each.socket.set_inheritable(True)
    sockets = [[each.socket.fileno(), each.family, each.address] for each in _kept]
    os.environ[_VARIABLE] = json.dumps({"process": os.getpid(), "sockets": sockets})


def _from_before() -> list[_Kept]:
    """Return the list of what the program before has passed on; read once."""
    global _inherited  # noqa: PLW0603  what a process was started with is there once
    if _inherited is None:
        _inherited = _read_environment()
    return _inherited


def _read_environment() -> list[_Kept]:
    found: list[_Kept] = []
    text = os.environ.pop(_VARIABLE, None)
    if text is None:
        return found
    import json  # as above

    with suppress(ValueError, TypeError, KeyError, OSError):
        passed = json.loads(text)
        if passed["process"] == os.getpid():
            for descriptor, family, address in passed["sockets"]:
                inherited = socket.socket(fileno=descriptor)
                inherited.set_inheritable(False)
                place = tuple(address) if isinstance(address, list) else address
                found.append(_Kept(place, family, inherited))
    return found
