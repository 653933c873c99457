"""Values to JSON: the types that it has no words for, and arrays that are streamed."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import OrderedDict, deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from cherrypy import _json
from cherrypy._json import encoding, fast
from cherrypy._json.encoding import ArrayStream

if TYPE_CHECKING:
    from collections.abc import Iterator


class Colour(Enum):
    RED = "red"


@dataclasses.dataclass
class Song:
    title: str
    released: date | None = None


@pytest.mark.parametrize("encode", [encoding.encode, fast.encode], ids=["json", "msgspec"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"a": [1, 2.5, None, True, "é\u2028</"], "b": {}},
            r'{"a": [1, 2.5, null, true, "\u00e9\u2028</"], "b": {}}',
        ),
        ({1: 2, None: 3, False: 4, 1.5: 5}, '{"1": 2, "null": 3, "false": 4, "1.5": 5}'),
        ((1, (2,)), "[1, [2]]"),
        ("\ud800", r'"\ud800"'),
        (1e16, "1e+16"),
        (1e-5, "1e-05"),
        (datetime(2026, 5, 4, 3, 2, 1), '"2026-05-04T03:02:01"'),  # noqa: DTZ001 - without a zone
        (datetime(2026, 5, 4, 3, 2, 1, 5, UTC), '"2026-05-04T03:02:01.000005Z"'),
        (
            datetime(2026, 5, 4, tzinfo=timezone(timedelta(hours=-3.5))),
            '"2026-05-04T00:00:00-03:30"',
        ),
        # RFC 3339 section 5.8: the time of Amsterdam until 1937
        (
            datetime(1937, 1, 1, 12, 0, 27, 870_000, timezone(timedelta(minutes=19, seconds=32))),
            '"1937-01-01T12:00:27.870000+00:20"',
        ),
        (date(2026, 5, 4), '"2026-05-04"'),
        (time(23, 59), '"23:59:00"'),
        (timedelta(days=1, seconds=90), '"P1DT90S"'),
        (timedelta(milliseconds=-1500), '"-PT1.5S"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Decimal("1.50"), '"1.50"'),
        (frozenset({3}), "[3]"),
        (set(), "[]"),
        (Colour.RED, '"red"'),
        (b"\x00\xff", '"AP8="'),
        (bytearray(b"a"), '"YQ=="'),
        (Song("Sinnerman", date(1965, 10, 1)), '{"title": "Sinnerman", "released": "1965-10-01"}'),
        (
            {"songs": [Song("Feeling Good")]},
            '{"songs": [{"title": "Feeling Good", "released": null}]}',
        ),
        (OrderedDict(b=1, a=2), '{"b": 1, "a": 2}'),
        (MappingProxyType({"a": UUID(int=2)}), '{"a": "00000000-0000-0000-0000-000000000002"}'),
        ({date(2026, 5, 4): 1, Colour.RED: 2}, '{"2026-05-04": 1, "red": 2}'),
        # RFC 8259 section 6, and as JSON.stringify of browsers
        ([math.nan, math.inf, {"a": -math.inf}], '[null, null, {"a": null}]'),
        (
            [math.nan, Song("Be My Husband"), {3}],
            '[null, {"title": "Be My Husband", "released": null}, [3]]',
        ),
    ],
)
def test_what_is_encoded(encode: Any, value: Any, text: str) -> None:
    assert encode(value) == text.encode()


def _itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("encode", [encoding.encode, fast.encode], ids=["json", "msgspec"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (object(), TypeError),
        ([1, {"a": 1j}], TypeError),
        ([math.nan, 1j], TypeError),
        (Song, TypeError),  # the class, not an instance
        ({(1, 2): 3}, TypeError),
        ({"rows": iter([1])}, TypeError),  # would be used up, if it had to be looked at twice
        ({"rows": deque([1])}, TypeError),
        (_itself(), ValueError),
    ],
)
def test_what_is_not(encode: Any, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        encode(value)


@pytest.mark.parametrize("encode", [encoding.encode, fast.encode], ids=["json", "msgspec"])
def test_numbers_with_more_digits_than_python_writes_are_not(encode: Any) -> None:
    with pytest.raises(ValueError, match="Exceeds the limit"):
        encode(10**5000)


def test_the_error_says_what_can_be_done() -> None:
    with pytest.raises(TypeError, match=r"Object of type deque is not .* tools\.json_out\.handler"):
        fast.encode(deque())


# Streams ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "chunks"),
    [([], [b"[]"]), ([1], [b"[1", b"]"]), ([1, {"a": 2}], [b"[1", b', {"a": 2}', b"]"])],
)
def test_an_array_comes_item_by_item(items: list[Any], chunks: list[bytes]) -> None:
    assert list(ArrayStream(items, fast.encode)) == chunks


def test_an_item_is_made_when_it_is_asked_for() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(10**9):
            made.append(number)
            yield number

    stream = ArrayStream(items(), fast.encode)
    assert [next(stream), next(stream)] == [b"[0", b", 1"]
    assert made == [0, 1]


def test_closing_it_closes_what_it_comes_from() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    stream = ArrayStream(items(), fast.encode)
    next(stream)
    stream.close()
    assert closed == [True]
    ArrayStream(iter([1]), fast.encode).close()  # which has nothing to close


# The module of CherryPy 18 ------------------------------------------------------------------------


def test_the_names_of_cherrypy_18_are_there() -> None:
    assert _json.json is json
    assert b"".join(_json.encode({"a": "é"})) == rb'{"a": "\u00e9"}'
    assert _json.decode('{"a": 1}') == {"a": 1}
