"""What header fields say of a file: its validators and its age (RFC 9110 section 8.8)."""

import os
import time
from functools import lru_cache
from typing import NamedTuple

from cherrypy._http.dates import HTTPDate

SETTLED_AFTER = 2.0
"""Seconds after which a file is not expected to change again within its timestamp.

File systems note the time of a change in steps, the coarsest of them of two seconds. Until then
another content can have the same time and size, so the validators are weak (section 8.8.1).
"""


class Representation(NamedTuple):
    """The validators of a file at one moment."""

    etag: str
    """Entity tag with its quotes; empty if there is none."""
    last_modified: float | None
    """Seconds since the epoch."""
    date: str | None
    """The same as a field value."""
    is_strong: bool
    """Whether the same validators mean the same bytes."""


UNKNOWN = Representation("", None, None, is_strong=False)


def describe(status: os.stat_result, now: float, coding: str = "") -> Representation:
    """Make the validators of an open file.

    Args:
        status: Its status, from ``fstat``.
        now: Seconds since the epoch; 0 if a response class of the application does not say.
        coding: Content coding in which the file is, if it is sent as such.
    """
    now = now or time.time()
    modified = status.st_mtime
    settled = settled_validators(status.st_mtime_ns, status.st_size, coding)
    if now - modified >= SETTLED_AFTER:
        return settled
    date = settled.date
    if modified > now:  # nothing was changed later than now (section 8.8.2.1)
        modified, date = now, HTTPDate(now)
    return Representation(f"W/{settled.etag}", modified, date, is_strong=False)


@lru_cache(4096)
def settled_validators(mtime_ns: int, size: int, coding: str = "") -> Representation:
    """Make the validators of a file that has not changed for a while.

    PERF: 3 us, and they follow from the arguments alone.
    """
    suffix = f"-{coding}" if coding else ""
    try:
        date = HTTPDate(mtime_ns // 1_000_000_000)
    except (ValueError, OverflowError, OSError):  # a year that HTTP cannot write
        date = None
    etag = f'"{mtime_ns:x}-{size:x}{suffix}"'
    return Representation(etag, mtime_ns / 1_000_000_000, date, is_strong=True)


@lru_cache(4096)
def settled_lines(mtime_ns: int, size: int) -> list[tuple[str, str]]:
    """Return the field lines that follow from the state of such a file; they are shared."""
    known = settled_validators(mtime_ns, size)
    date = [] if known.date is None else [("Last-Modified", known.date)]
    return [("Etag", known.etag), *date, ("Accept-Ranges", "bytes"), ("Content-Length", str(size))]
