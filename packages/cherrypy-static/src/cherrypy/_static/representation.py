"""What is said of a file in header fields: its validators and its age (RFC 9110 section 8.8)."""

import os
import time
from functools import lru_cache
from typing import NamedTuple

from cherrypy._http.dates import HTTPDate

_SETTLED = 2.0
"""Seconds after which a file is not expected to change again within its timestamp.

File systems note the time of a change in steps, the coarsest of them of two seconds. Until then
another content can have the same time and size, so the validators are weak (section 8.8.1).
"""


class Representation(NamedTuple):
    """The validators of a file at one moment."""

    etag: str | None
    last_modified: float | None
    """Seconds since the epoch."""
    date: str | None
    """The same as a field value."""
    is_strong: bool
    """Whether the same validators mean the same octets."""


UNKNOWN = Representation(None, None, None, is_strong=False)


def describe(status: os.stat_result, now: float, coding: str = "") -> Representation:
    """Make the validators of an open file.

    Args:
        status: What ``fstat`` says of it.
        now: Seconds since the epoch; 0 if a response class of the application does not say.
        coding: Content coding in which the file is, if that is sent as such.
    """
    now = now or time.time()
    modified = status.st_mtime
    settled = _settled(status.st_mtime_ns, status.st_size, coding)
    if now - modified >= _SETTLED:
        return settled
    date = settled.date
    if modified > now:  # nothing was changed later than now (section 8.8.2.1)
        modified, date = now, HTTPDate(now)
    return Representation(f"W/{settled.etag}", modified, date, is_strong=False)


@lru_cache(4096)
def _settled(mtime_ns: int, size: int, coding: str) -> Representation:
    """Make the validators of a file that does not change any more.

    PERF: 3 us, and they follow from the arguments alone.
    """
    suffix = f"-{coding}" if coding else ""
    try:
        date = HTTPDate(mtime_ns // 1_000_000_000)
    except (ValueError, OverflowError, OSError):  # a year that HTTP can not write
        date = None
    etag = f'"{mtime_ns:x}-{size:x}{suffix}"'
    return Representation(etag, mtime_ns / 1_000_000_000, date, is_strong=True)
