"""With msgspec and without it: the same octets, the same values, the same refusals."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._json import encoding, fast
from cherrypy._json.decoding import InvalidJSONError, make_decoder

assert fast.encode is not encoding.encode  # or nothing here would compare anything


class Colour(Enum):
    RED = "red"
    NONE = None


class Size(IntEnum):
    SMALL = 1


class Word(StrEnum):
    HELLO = "hello"


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Line:
    points: Any
    _note: Any = None
    started: datetime | None = None


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    __hidden: int
    value: Any


@attrs.define
class Wire:
    length: Any
    _inner: int = 3


@attrs.define(slots=False)
class Cable:
    length: Any
    _inner: int = 3


class Document(msgspec.Struct, rename="camel", tag=True, omit_defaults=True):
    long_name: Any
    other: Any = None


class Text(str):
    __slots__ = ()


class Fraction(float):
    pass


class Counted(int):
    pass


OFFSETS = st.integers(-23 * 3600, 23 * 3600).map(lambda s: timezone(timedelta(seconds=s)))
ZONES = st.none() | st.just(UTC) | OFFSETS
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(),
    st.text(st.characters(codec="utf-8")),
    st.sampled_from(["1e5", "e16,", "\x7f", '\\"', "\\", "<\\u00e9>", "0.00001", "3e5]", '"e5":']),
    st.binary().map(bytearray),
    st.binary(),
    st.sampled_from([memoryview(b""), memoryview(b"a\xff")]),
    st.datetimes(timezones=ZONES),
    st.dates(),
    st.times(),
    st.times(timezones=st.just(UTC)),
    st.timedeltas(),
    st.uuids(),
    st.decimals(),
    st.sampled_from([Colour.RED, Colour.NONE, Size.SMALL, Word.HELLO]),
    st.text().map(Text),
    st.floats().map(Fraction),
    st.integers().map(Counted),
    st.sampled_from([object(), 1j, int, len, NotImplemented]),  # which are nothing in JSON
)
KEYS = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.datetimes(timezones=ZONES),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.decimals(allow_nan=False),
    st.binary(),
    st.sampled_from([Colour.RED, Colour.NONE, Size.SMALL, Word.HELLO]),
    st.tuples(st.integers()),
    st.text().map(Text),
)


def _containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(values),
        st.lists(values).map(tuple),
        st.dictionaries(KEYS, values),
        st.dictionaries(st.text(), values),
        st.frozensets(KEYS),
        st.sets(st.integers()),
        st.builds(Point, values, values),
        st.builds(Line, values, values, st.none() | st.datetimes()),
        st.builds(Slotted, st.integers(), values),
        st.builds(Wire, values),
        st.builds(Cable, values),
        st.builds(Document, values, values),
    )


VALUES = st.recursive(SCALARS, _containers, max_leaves=12)


def _outcome(function: Any, argument: Any) -> tuple[str, Any]:
    """What a function gives, or the class of what it raises."""
    try:
        return "value", function(argument)
    except (TypeError, ValueError, RecursionError) as error:
        return "error", type(error)


@given(VALUES)
@example(1e16)
@example(1e-5)
@example([0.000012])
@example({1e16: 1})
@example({1e-7: math.inf})
@example([math.nan, Decimal("NaN"), {math.nan: math.inf}])
@example("\ud800")
@example({"a": "1e5,", "b": 2.5})
@example({Colour.NONE: 1})
@example(datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30, seconds=15))))
@example(datetime(1, 1, 1, microsecond=5, tzinfo=timezone(timedelta(seconds=1))))
@example(time(1, 2, tzinfo=timezone(timedelta(hours=1))))
@example(timedelta(-1))
@example(timedelta(0))
@example([timedelta(microseconds=-1), timedelta(days=3, seconds=4, microseconds=500_000)])
@example(date(1, 1, 1))
@example(UUID(int=1))
def test_both_encode_the_same(value: Any) -> None:
    assert _outcome(fast.encode, value) == _outcome(encoding.encode, value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
WELL_FORMED = st.builds(
    lambda value, ascii_only, separators, indent: json.dumps(
        value, ensure_ascii=ascii_only, separators=separators, indent=indent
    ).encode("utf-8", "surrogatepass"),
    JSON_VALUES,
    st.booleans(),
    st.sampled_from([(", ", ": "), (",", ":"), (" ,  ", "\t:\n")]),
    st.sampled_from([None, 0, 2]),
)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *(
                b"{",
                b"}",
                b"[",
                b"]",
                b",",
                b":",
                b'"',
                b'"a"',
                b'"a":',
                b'"a":1,',
                b"1",
                b"-",
                b"0",
            ),
            *(
                b".5",
                b"e9",
                b"E+400",
                b"true",
                b"false",
                b"null",
                b"NaN",
                b"-Infinity",
                b" ",
                b"\n",
            ),
            *(
                b"\\",
                b"\\u00e9",
                b'"\\ud800"',
                b'"\\ude00\\ud83d"',
                b"\xc3\xa9",
                b"\xff",
                b"\xef\xbb\xbf",
            ),
            *(
                b"\x00",
                b"1" * 330,
                b"1" * 5000,
                b"/*",
                b"'",
                b"\xed\xa0\x80",
                b"18446744073709551616",
            ),
        ]
    )
).map(b"".join)


def _decoded(duplicate_names: str, octets: bytes) -> tuple[tuple[str, str], tuple[str, str]]:
    """What both make of it, in a form in which NaN is itself and 1 is not 1.0."""
    by_both = make_decoder(20, duplicate_names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "msgspec", None)
        by_json = make_decoder(20, duplicate_names)
    outcomes = []
    for decode in (by_both, by_json):
        try:
            outcomes.append(("value", repr(decode(octets))))
        except InvalidJSONError as error:
            outcomes.append(("error", str(error)))
    return outcomes[0], outcomes[1]


@pytest.mark.parametrize("duplicate_names", ["error", "last"])
@given(octets=WELL_FORMED | FRAGMENTS | st.binary())
@example(octets=b'{"a":1,"a":1}')
@example(octets=b'{"a":1,"\\u0061":1}')
@example(octets=b'{"a": 1, "a": 1}')
@example(octets=b'{"a":{"a":1},"b":{"a":1}}')
@example(octets=b"1e400")
@example(octets=b"-0")
@example(octets=b"-0.0")
@example(octets=b"1" * 400 + b"e-200")
@example(octets=b"12345678901234567890123")
@example(octets=b'"\\ud800"')
@example(octets=b"")
def test_both_decode_the_same(duplicate_names: str, octets: bytes) -> None:
    ours, theirs = _decoded(duplicate_names, octets)
    assert ours == theirs


@given(JSON_VALUES)
def test_octets_are_those_of_json(value: Any) -> None:
    """What applications, and their tests, have had since ever; NaN and infinity apart."""
    try:
        expected = json.dumps(value, allow_nan=False).encode()
    except ValueError:
        return
    assert fast.encode(value) == expected


@given(JSON_VALUES)
def test_what_was_encoded_is_decoded(value: Any) -> None:
    decode = make_decoder(50, "error")
    assert fast.encode(decode(fast.encode(value))) == fast.encode(value)


def test_without_msgspec_the_plain_ones_are_used() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "msgspec", None)
        plain = object()
        assert fast.faster(plain, unique_names=True) is plain  # type: ignore[arg-type]
