"""Byte ranges (RFC 9110 section 14)."""

import re

from cherrypy._http.errors import TooManyRangesError
from cherrypy._http.fields import WHITESPACE

MAX_RANGES = 100
"""How many ranges one request may ask for."""

_RANGE = re.compile(r"([0-9]*)-([0-9]*)")
_MAX_DIGITS = 18
"""More digits than any length has."""


def byte_ranges(field: str, length: int) -> list[tuple[int, int]] | None:
    """Work out which bytes of a representation a Range field asks for.

    Args:
        field: Field value as received, such as ``bytes=0-499,-1``.
        length: Size of the selected representation.

    Returns:
        Half-open pairs, ``0 <= start < stop <= length``, in the order asked; ``[]`` if none can
        be satisfied (answer 416); ``None`` if the field is to be ignored: it is malformed, has
        another unit, or asks for the end of an empty representation.

    Raises:
        TooManyRangesError: More than ``MAX_RANGES`` (100) of them.

    See: RFC 9110 sections 14.1.2 and 14.2.
    """
    unit, equals, range_set = field.partition("=")
    if unit.strip(WHITESPACE).lower() != "bytes" or not equals:
        return None
    if range_set.count(",") >= MAX_RANGES:
        raise TooManyRangesError(f"The Range field asks for more than {MAX_RANGES} ranges.")
    specs = [stripped for part in range_set.split(",") if (stripped := part.strip(WHITESPACE))]
    pairs: list[tuple[int, int]] = []
    for spec in specs:
        pair = _range_of(spec, length)
        if pair is None:
            return None
        if pair[0] < pair[1]:
            pairs.append(pair)
    return pairs if specs else None


def _range_of(spec: str, length: int) -> tuple[int, int] | None:
    """Return start and stop of one range, ``(0, 0)`` if unsatisfiable, None if malformed."""
    match = _RANGE.fullmatch(spec)
    if match is None:
        return None
    first, last = match.groups()
    if first:
        start = _position(first)
        stop = _position(last) + 1 if last else max(length, start + 1)
        if stop <= start:
            return None
        return (start, min(stop, length)) if start < length else (0, 0)
    if not last:
        return None
    suffix = _position(last)
    if suffix and not length:
        return None
    return max(length - suffix, 0), length if suffix else 0


def _position(digits: str) -> int:
    """Return a position; one that is beyond every representation may become a smaller one."""
    digits = digits.lstrip("0")
    return int(digits or 0) if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS


def coalesce_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that overlap or touch.

    Args:
        ranges: Half-open pairs.

    Returns:
        Half-open pairs in ascending order, with the same bytes, each of them once.

    See: RFC 9110 sections 15.3.7.2 and 17.15.
    """
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined


def get_ranges(headervalue: str | None, content_length: int) -> list[tuple[int, int]] | None:
    """Work out which bytes a Range field asks for, in a form that is safe to send.

    Args:
        headervalue: Value of Range as received; None without the field.
        content_length: Size of the representation.

    Returns:
        As :func:`byte_ranges`, and None too if too many are asked for. Where they would add up
        to more than the whole representation, they are coalesced.
    """
    try:
        ranges = byte_ranges(headervalue or "", content_length)
    except TooManyRangesError:
        return None
    if ranges and sum(stop - start for start, stop in ranges) > content_length:
        return coalesce_ranges(ranges)
    return ranges
