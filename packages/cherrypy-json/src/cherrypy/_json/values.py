"""What JSON has no type for: dates, identifiers, sets, data classes, and how they are written."""

import base64
import dataclasses
import math
import sys
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID


def plain(value: object) -> object:  # noqa: PLR0911 - one type after the other
    """Return what stands for a value in JSON: a value of a type that is nearer to JSON.

    ======================================== =======================================================
    type                                     in JSON
    ======================================== =======================================================
    ``datetime``, ``date``, ``time``         text of RFC 3339 section 5.6; UTC is ``Z``
    ``timedelta``                            text of ISO 8601: ``PT90S``
    ``UUID``, ``Decimal``                    text
    ``Enum``                                 its value
    ``bytes``, ``bytearray``, ``memoryview`` base64 (RFC 4648 section 4)
    ``set``, ``frozenset``                   array
    data class, any ``Mapping``              object
    class of attrs                           object, without what begins with an underscore
    ``msgspec.Struct``                       as msgspec does
    ======================================== =======================================================

    Args:
        value: A value that :mod:`json` does not know.

    Raises:
        TypeError: Nothing stands for it.
    """
    match value:
        case datetime() | time():
            return format_instant(value)
        case date():
            return value.isoformat()
        case timedelta():
            return format_duration(value)
        case UUID() | Decimal():
            return str(value)
        case Enum():
            return value.value
        case set() | frozenset():
            return list(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case Mapping():
            return dict(value)
    return _members(value)


def _members(value: object) -> object:
    """Return an object of a class that lists its fields as what JSON has for it.

    Raises:
        TypeError: Its class lists none.
    """
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        names = (field.name for field in dataclasses.fields(kind))
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    if hasattr(kind, "__attrs_attrs__"):
        own = getattr(value, "__dict__", None)
        names = (field.name for field in kind.__attrs_attrs__) if own is None else iter(own)
        return {name: getattr(value, name) for name in names if name[0] != "_"}
    if hasattr(kind, "__struct_fields__"):
        # its class was made by msgspec, which has therefore been imported
        return sys.modules["msgspec"].to_builtins(value, enc_hook=exact)
    raise TypeError(
        f"Object of type {kind.__name__} is not JSON serializable: return a dict, a list or a "
        "data class, or set tools.json_out.handler"
    )


def exact(value: object) -> object:
    """Return what stands for a value that msgspec does not know, see :func:`plain`.

    It does not know classes that are derived from those of text and numbers.

    Raises:
        TypeError: Nothing stands for it.
    """
    match value:
        case bool():
            raise TypeError("a name, as which it is not the number that it would be taken for")
        case str():
            return str.__str__(value)
        case float():
            return float.__float__(value)
        case int():
            return int.__index__(value)
    return plain(value)


def format_duration(duration: timedelta) -> str:
    """Return a duration in the notation of ISO 8601, in days and seconds: ``-P1DT2.5S``."""
    sign = "-" if duration.days < 0 else ""
    duration = abs(duration)
    if not duration:
        return "P0D"
    days = f"{duration.days}D" if duration.days else ""
    seconds = ""
    if duration.seconds or duration.microseconds:
        fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
        seconds = f"T{duration.seconds}{fraction}S"
    return f"{sign}P{days}{seconds}"


def representable(value: object) -> object:
    """Return a value as JSON can have it, all the way down.

    NaN and infinity become ``null``, as in ``JSON.stringify`` of browsers
    (RFC 8259 section 6 has no way to write them). Names of members become text.

    Raises:
        TypeError: It has something that nothing stands for.
        RecursionError: It contains itself, or is nested too deeply.
    """
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {_member_name(name): representable(inner) for name, inner in value.items()}
        case list() | tuple():
            return [representable(inner) for inner in value]
    return representable(plain(value))


class _Name(str):
    """A name that equals itself alone: keys that read alike are members of their own."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def _member_name(key: object) -> str | float | None:
    """Return a key as :mod:`json` takes it.

    Raises:
        TypeError: Nothing stands for it.
    """
    if isinstance(key, float):
        return key if math.isfinite(key) else _Name(repr(key))
    if key is None or isinstance(key, (str, int)):
        return key
    name = plain(key)
    if isinstance(name, (dict, list)):
        raise TypeError(f"An object of type {type(key).__name__} cannot be a name in JSON")
    name = _member_name(name)
    return _Name(name) if isinstance(name, str) else name


def format_instant(value: datetime | time) -> str:
    """Return a time of day, with a date or without, in the notation of RFC 3339.

    Its offset from UTC is rounded to minutes, as the notation has no seconds (section 5.8 has an
    example). Without an offset nothing is added.
    """
    offset = value.utcoffset()
    local = value.replace(tzinfo=None).isoformat()
    if offset is None:
        return local
    seconds = offset.days * 86_400 + offset.seconds
    hours, minutes = divmod((abs(seconds) + 29) // 60, 60)
    if not hours and not minutes:
        return f"{local}Z"
    return f"{local}{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"
