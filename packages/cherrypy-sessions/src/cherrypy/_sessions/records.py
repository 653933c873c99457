"""A session as it lies in a file or in memcached: format, moment of expiry, data."""

import datetime as dt
import pickle
import struct
from typing import Any

from cherrypy._sessions.serializer import PICKLE_MARK, Format

Record = tuple[dict[str, Any], dt.datetime]
"""The data of a session, and the moment until which it counts, in local time without a zone."""

HEAD = struct.Struct(">2sBd")
"""The beginning, the mark of the format, the moment of expiry in seconds since the epoch."""

BEGINNING = b"N."
"""A whole pickle of ``None``: CherryPy 18, which unpickles what it finds, reads this much, takes it
for no session and begins a new one. It answers 500 where it finds what is no pickle."""

UPSTREAM_MARK = 0x80
"""How a file of CherryPy 18 begins: a pickle of data and moment."""


class MalformedRecordError(ValueError):
    """What is stored cannot be read as a session; says why."""


def pack(layout: Format, data: dict[str, Any], expiration_time: dt.datetime) -> bytes:
    """Write a session.

    Raises:
        TypeError: The format has no place for a value.
        ValueError: See :func:`cherrypy._sessions.serializer.dump_safely`.
    """
    return HEAD.pack(BEGINNING, layout.mark, expiration_time.timestamp()) + layout.dumps(data)


def unpack(layout: Format, stored: bytes) -> Record:
    """Read what :func:`pack` has written in the same format; nothing else is even tried.

    Raises:
        MalformedRecordError: It is something else, or damaged.
    """
    try:
        if stored[:1] == bytes([UPSTREAM_MARK]) and layout.mark == PICKLE_MARK:
            record = pickle.loads(stored)  # noqa: S301 - the application has asked for it
        else:
            beginning, mark, expires = HEAD.unpack_from(stored)
            if beginning != BEGINNING:
                raise MalformedRecordError(_describe(stored))  # noqa: TRY301 - as the next
            if mark != layout.mark:
                reason = f"it has the format {mark}, and tools.sessions.serializer asks for "
                raise MalformedRecordError(f"{reason}{layout.mark}")  # noqa: TRY301 - as the others
            moment = dt.datetime.fromtimestamp(expires)  # noqa: DTZ006 - as Session.now()
            record = layout.loads(stored[HEAD.size :]), moment
    except MalformedRecordError:
        raise
    except Exception as error:  # whatever a serializer of anyone may raise
        raise MalformedRecordError(f"{type(error).__name__}: {error}") from error
    match record:
        case (dict(data), dt.datetime() as moment):
            return data, moment
    raise MalformedRecordError("it holds something else")


def _describe(stored: bytes) -> str:
    """Say what is stored in place of a session."""
    if stored[0] == UPSTREAM_MARK:
        return (
            "it is a pickle, as CherryPy 18 stores sessions; to go on with these, set "
            "tools.sessions.serializer to 'pickle', if nobody else can write to the storage"
        )
    return "it does not begin as a session does"


def find_expiry(head: bytes) -> float | None:
    """Return the moment of expiry that a record begins with; ``None`` if there is none.

    Args:
        head: The first ``HEAD.size`` bytes, or more, of what :func:`pack` has written.
    """
    if len(head) < HEAD.size or not head.startswith(BEGINNING):
        return None
    expires: float = HEAD.unpack_from(head)[2]
    return expires
