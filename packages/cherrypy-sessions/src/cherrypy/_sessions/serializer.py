"""What session data is written as: JSON with tags, or what an application has chosen."""

import base64
import datetime as dt
import decimal
import json
import pickle
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TAG = "$"
"""The key that marks an object of JSON as something else than a dict with keys of text."""

PLAIN_TYPES = frozenset({str, float, bool, type(None)})
"""Types that JSON has. Integers too, within :data:`MAX_PLAIN_BITS`."""

MAX_PLAIN_BITS = 4096
"""Longer integers are written in hexadecimal: Python refuses to read very long decimal ones."""

MAX_DEPTH = 100
"""How deep containers may be nested; what contains itself goes beyond any limit."""

SAFE_TYPES = (
    "str, int, float, bool, None, bytes, list, tuple, dict, set, datetime, date, time, timedelta, "
    "Decimal, UUID"
)


class Format(NamedTuple):
    """One way to write session data."""

    mark: int
    """The byte in front of what is written this way; nothing else is read this way."""
    dumps: Callable[[dict[str, Any]], bytes]
    loads: Callable[[bytes], dict[str, Any]]


def find_format(serializer: object) -> Format:
    """Return the format that ``tools.sessions.serializer`` asks for.

    Args:
        serializer: ``None`` for the safe one, ``'pickle'``, a pair ``(dumps, loads)``, or an object
            with these two as methods, such as a module.

    Raises:
        ValueError: It is none of these.
    """
    if serializer is None or serializer == "safe":
        return SAFE
    if serializer == "pickle":
        return PICKLE
    functions: Sequence[object]
    if isinstance(serializer, (tuple, list)):
        functions = serializer
    else:
        functions = (getattr(serializer, "dumps", None), getattr(serializer, "loads", None))
    match tuple(functions):
        case (dumps, loads) if callable(dumps) and callable(loads):
            return Format(OWN_MARK, _as_bytes(dumps), loads)
    raise ValueError(
        f"tools.sessions.serializer = {serializer!r}: expected None (safe), 'pickle', or two "
        "functions (dumps, loads)"
    )


def _as_bytes(dumps: Callable[[Any], bytes | str]) -> Callable[[dict[str, Any]], bytes]:
    """Make a function such as ``json.dumps``, which returns text, return bytes."""

    def dump(data: dict[str, Any]) -> bytes:
        written = dumps(data)
        return written.encode() if isinstance(written, str) else written

    return dump


# Safe: JSON with tags ----------------------------------------------------------------------------

_encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False)


def dump_safely(data: dict[str, Any]) -> bytes:
    """Write session data as JSON.

    Raises:
        TypeError: A value is of another type; says under which key.
        ValueError: It is nested too deeply, or contains itself.
    """
    plain: dict[str, object] = {}
    for key, value in data.items():
        if type(key) is not str or key == TAG:
            plain = _tagged_dict(data, "session")
            break
        kind = type(value)
        plain[key] = value if kind in PLAIN_TYPES else _encode(value, f"session[{key!r}]", 0)
    return _encoder.encode(plain).encode("ascii")


def load_safely(written: bytes) -> dict[str, Any]:
    """Read what :func:`dump_safely` has written.

    Raises:
        ValueError: It is something else.
    """
    data: object = json.loads(written)
    if b'"$"' in written:
        data = _decode(data)
    if type(data) is not dict:
        raise ValueError("session data that is not a dict")
    return data


def _encode(value: object, where: str, depth: int) -> object:  # noqa: PLR0911 - any JSON value; one for each kind
    """Return a value as JSON has it; ``where`` tells what it is for messages."""
    # PERF: it is called for every value that is stored, so it is one function, of complexity 17
    kind = type(value)
    if kind in PLAIN_TYPES:
        return value
    if type(value) is int:
        return value if value.bit_length() <= MAX_PLAIN_BITS else {TAG: "int", "v": hex(value)}
    if depth > MAX_DEPTH:
        raise ValueError(
            f"{where} is nested deeper than {MAX_DEPTH} levels, or contains itself: "
            "it cannot be stored in a session"
        )
    if type(value) is list:
        return [_encode(each, f"{where}[{i}]", depth + 1) for i, each in enumerate(value)]
    if type(value) is dict:
        if any(type(key) is not str for key in value) or TAG in value:
            return _tagged_dict(value, where, depth)
        return {key: _encode(v, f"{where}[{key!r}]", depth + 1) for key, v in value.items()}
    if type(value) is tuple:
        content = [_encode(each, f"{where}[{i}]", depth + 1) for i, each in enumerate(value)]
        return {TAG: "tuple", "v": content}
    if type(value) is set:
        content = [_encode(each, f"an element of {where}", depth + 1) for each in value]
        return {TAG: "set", "v": content}
    if kind in _WRITERS:
        return {TAG: _NAMES[kind], **_WRITERS[kind](value)}
    raise TypeError(
        f"{where} is of the type {kind.__module__}.{kind.__qualname__}, and only {SAFE_TYPES} are "
        "stored in sessions; to store it, set tools.sessions.serializer to 'pickle', if nobody "
        "else can write to the storage, or to two functions (dumps, loads)"
    )


def _tagged_dict(value: Mapping[Any, object], where: str, depth: int = 0) -> dict[str, object]:
    pairs = [
        [
            _encode(key, f"a key of {where}", depth + 1),
            _encode(each, f"{where}[{key!r}]", depth + 1),
        ]
        for key, each in value.items()
    ]
    return {TAG: "dict", "v": pairs}


def _decode(value: object) -> object:
    if type(value) is list:
        return [_decode(each) for each in value]
    if type(value) is not dict:
        return value
    tag: str | None = value.get(TAG)
    if tag is None:
        return {key: _decode(each) for key, each in value.items()}
    try:
        return _READERS[tag](value)
    except (ArithmeticError, KeyError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
        raise ValueError(f"malformed {tag!r} in session data") from error


def _write_moment(value: dt.datetime | dt.time) -> dict[str, Any]:
    """Write a moment; what ISO 8601 has no place for stands beside it."""
    written: dict[str, Any] = {"v": value.isoformat()}
    if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
        written = {"v": value.replace(tzinfo=None).isoformat(), "zone": value.tzinfo.key}
    if value.fold:
        written["fold"] = 1
    return written


def _reader_of_moments(
    kind: type[dt.datetime] | type[dt.time],
) -> Callable[[dict[str, Any]], object]:
    def read(written: dict[str, Any]) -> object:
        moment: dt.datetime | dt.time = kind.fromisoformat(written["v"])
        if "zone" in written:
            moment = moment.replace(tzinfo=ZoneInfo(written["zone"]))
        return moment.replace(fold=1) if "fold" in written else moment

    return read


_NAMES: dict[type, str] = {
    bytes: "bytes",
    dt.datetime: "datetime",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "timedelta",
    decimal.Decimal: "Decimal",
    uuid.UUID: "UUID",
}
_WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    bytes: lambda value: {"v": base64.b64encode(value).decode("ascii")},
    dt.datetime: _write_moment,
    dt.date: lambda value: {"v": value.isoformat()},
    dt.time: _write_moment,
    dt.timedelta: lambda value: {"v": [value.days, value.seconds, value.microseconds]},
    decimal.Decimal: lambda value: {"v": str(value)},
    uuid.UUID: lambda value: {"v": value.hex},
}
_READERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "int": lambda written: int(written["v"], 16),
    "dict": lambda written: {_decode(key): _decode(value) for key, value in written["v"]},
    "tuple": lambda written: tuple(_decode(each) for each in written["v"]),
    "set": lambda written: {_decode(each) for each in written["v"]},
    "bytes": lambda written: base64.b64decode(written["v"], validate=True),
    "datetime": _reader_of_moments(dt.datetime),
    "date": lambda written: dt.date.fromisoformat(written["v"]),
    "time": _reader_of_moments(dt.time),
    "timedelta": lambda written: dt.timedelta(*written["v"]),
    "Decimal": lambda written: decimal.Decimal(written["v"]),
    "UUID": lambda written: uuid.UUID(hex=written["v"]),
}

# The formats -------------------------------------------------------------------------------------

SAFE_MARK, PICKLE_MARK, OWN_MARK = 1, 2, 3


def _load_pickle(written: bytes) -> dict[str, Any]:
    data: dict[str, Any] = pickle.loads(written)  # noqa: S301 - the application has asked for it
    return data


SAFE = Format(SAFE_MARK, dump_safely, load_safely)
PICKLE = Format(PICKLE_MARK, pickle.dumps, _load_pickle)
