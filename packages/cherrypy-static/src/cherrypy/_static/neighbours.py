"""Compressed forms of a file that are beside it: ``app.js.br`` beside ``app.js``."""

import os
from collections.abc import Callable, Sequence
from functools import lru_cache

from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.negotiation import content_coding_weight
from cherrypy._static.names import OutsideError
from cherrypy._static.sources import OpenedFile

SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""What is added to the name of a file, by content coding; the one that saves most is first."""

_REMEMBERED_LENGTH = 200  # characters: no browser sends more, and more would take memory

Open = Callable[[str], int]
"""Opens the file whose name has a suffix more."""


def acceptable(field: str | None, codings: tuple[str, ...]) -> tuple[str, ...]:
    """Put content codings in the order in which a client likes them.

    Args:
        field: Value of Accept-Encoding as received; ``None`` if there is none.
        codings: What there may be, the best for the server first.

    Returns:
        Those that are acceptable, and not less than the file as it is.

    See: RFC 9110 section 12.5.3.
    """
    if not field:  # such a client may not know any coding
        return ()
    if len(field) > _REMEMBERED_LENGTH:
        return _in_order(field, codings)
    return _remembered(field, codings)


def _in_order(field: str, codings: tuple[str, ...]) -> tuple[str, ...]:
    try:
        weights = {coding: content_coding_weight(field, coding) for coding in codings}
        least = content_coding_weight(field, "identity") if "identity" in field.lower() else 0.0
    except MalformedFieldError:  # a preference that cannot be understood does not count
        return ()
    liked = [coding for coding in codings if weights[coding] > 0 and weights[coding] >= least]
    return tuple(sorted(liked, key=weights.__getitem__, reverse=True))


_remembered = lru_cache(256)(_in_order)  # PERF: clients differ little; 25 us for a new one


def find_neighbour(
    status: os.stat_result, liked: Sequence[str], codings: Sequence[str], open_suffixed: Open
) -> tuple[tuple[str, OpenedFile] | None, bool]:
    """Find the compressed form of a file that a client likes best.

    One that is older than the file itself has an outdated content, and does not count.

    Args:
        status: Status of the file, from ``fstat``.
        liked: Content codings that the client accepts, in order.
        codings: All that there may be.
        open_suffixed: Opens the file whose name has a suffix more.

    Returns:
        The neighbour with its coding, if there is one; and whether other clients may get one, so
        that the answer depends on Accept-Encoding.
    """
    for coding in [*liked, *(coding for coding in codings if coding not in liked)]:
        file = _open(status, SUFFIXES[coding], open_suffixed)
        if file is not None and coding in liked:
            return (coding, file), True
        if file is not None:
            file.close()
            return None, True
    return None, False


def _open(status: os.stat_result, suffix: str, open_suffixed: Open) -> OpenedFile | None:
    try:
        file = OpenedFile(open_suffixed(suffix))
    except (OSError, OutsideError):  # the file itself is as good
        return None
    if not file.is_regular or file.status.st_mtime_ns < status.st_mtime_ns:
        file.close()
        return None
    return file


def coding_names(setting: object, key: str) -> tuple[str, ...]:
    """Read the setting that turns neighbours on.

    Args:
        setting: True for all codings, or a list of some, the best first; false for none.
        key: Name of the setting, for the error.

    Raises:
        ValueError: There is another name in it.
    """
    if not setting:
        return ()
    if setting is True:
        return tuple(SUFFIXES)
    names = [setting] if isinstance(setting, str) else setting
    if not isinstance(names, (list, tuple)) or not all(name in SUFFIXES for name in names):
        raise ValueError(f"{key} = {setting!r}: expected True or some of {', '.join(SUFFIXES)}")
    return tuple(names)
