"""What is stored comes back with its types, and nothing else is stored."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import pickle
import uuid
import zoneinfo
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._sessions.records import HEAD, MalformedRecordError, find_expiry, pack, unpack
from cherrypy._sessions.serializer import (
    PICKLE,
    SAFE,
    dump_safely,
    find_format,
    load_safely,
)

MOMENT = dt.datetime(2030, 5, 6, 7, 8, 9)  # noqa: DTZ001 - as Session.now()

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner), max_leaves=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Compare types as well: True is no 1, and a tuple no list."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    return bool(one == other)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_written_is_read_again(data: dict[str, Any]) -> None:
    assert same(load_safely(dump_safely(data)), data)


@pytest.mark.parametrize(
    "value",
    [
        2**5000,
        -(2**5000),
        math.inf,
        "\ud800",
        "\u2028\u0000",
        {"$": 1},
        {"$": "tuple", "v": [1]},
        {1: "a", "1": "b", (1, 2): "c", None: "d"},
        dt.datetime(2030, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        dt.time(2, 30, fold=1),
        dt.datetime(2030, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
        decimal.Decimal("NaN"),
        decimal.Decimal("1.10"),
        uuid.UUID(int=5),
        set(),
        (),
    ],
    ids=repr,
)
def test_values_that_are_easily_lost(value: Any) -> None:
    data = load_safely(dump_safely({"key": value}))
    assert type(data["key"]) is type(value)
    assert repr(data["key"]) == repr(value)


def test_nan_stays_nan() -> None:
    assert math.isnan(load_safely(dump_safely({"key": math.nan}))["key"])


def test_a_dict_with_the_key_of_tags() -> None:
    assert load_safely(dump_safely({"$": "tuple", "v": 1})) == {"$": "tuple", "v": 1}


class Account:
    """Something of an application's own."""


class Text(str):
    """Text that is more than text."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (Account(), r"session\['user'\]"),
        (Account, r"session\['user'\]"),
        ([1, {"of": (Account(),)}], r"session\['user'\]\[1\]\['of'\]\[0\]"),
        ({Account(): 1}, r"a key of session\['user'\]"),
        (Text("a"), r"session\['user'\]"),
        (frozenset(), r"session\['user'\]"),
        (1j, r"session\['user'\]"),
        (bytearray(), r"session\['user'\]"),
    ],
    ids=["object", "class", "inside", "key", "subclass", "frozenset", "complex", "bytearray"],
)
def test_anything_else_is_an_error_that_names_key_and_setting(value: Any, where: str) -> None:
    with pytest.raises(TypeError, match=where + r" is of the type .*tools\.sessions\.serializer"):
        dump_safely({"user": value})


def test_what_contains_itself_is_an_error() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(ValueError, match="deeper than 100 levels, or contains itself"):
        dump_safely({"ring": ring})


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":',
        b"\xff",
        b'{"a":{"$":"os.system","v":"true"}}',
        b'{"a":{"$":"bytes","v":"?"}}',
        b'{"a":{"$":"Decimal","v":"x"}}',
        b'{"a":{"$":"UUID"}}',
        b'{"a":{"$":"datetime","v":"2030-01-01","zone":"No/Where"}}',
        b'{"a":{"$":"set","v":[[]]}}',
        b'{"a":{"$":["list"]}}',
    ],
)
def test_what_is_damaged_is_one_kind_of_error(written: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        unpack(SAFE, pack(SAFE, {}, MOMENT)[: HEAD.size] + written)


@given(st.binary(max_size=40))
def test_no_octets_raise_anything_else(stored: bytes) -> None:
    try:
        data, moment = unpack(SAFE, stored)
    except MalformedRecordError:
        return
    assert isinstance(data, dict)
    assert isinstance(moment, dt.datetime)


def test_the_format_does_not_change() -> None:
    """Sessions of an older version are read by a newer one: this is what lies on disks."""
    head = bytes.fromhex("4e2e 01 41dc64f2cd000000")  # N. is all that CherryPy 18 unpickles
    stored = head + b'{"n":1,"t":{"$":"tuple","v":[1,2]}}'
    data, _ = unpack(SAFE, stored)
    assert data == {"n": 1, "t": (1, 2)}
    assert pack(SAFE, data, MOMENT)[:3] == head[:3]
    assert pack(SAFE, data, MOMENT)[11:] == b'{"n":1,"t":{"$":"tuple","v":[1,2]}}'


def test_a_record_tells_its_format_and_its_expiry() -> None:
    stored = pack(SAFE, {"n": 1}, MOMENT)
    assert unpack(SAFE, stored) == ({"n": 1}, MOMENT)
    assert find_expiry(stored) == MOMENT.timestamp()
    assert find_expiry(stored[: HEAD.size - 1]) is None
    assert pickle.loads(stored) is None  # noqa: S301 - what CherryPy 18 does with it


def test_nothing_is_unpickled_unless_that_is_wanted() -> None:
    class Exploit:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("unpickled",))

    for stored in (
        pickle.dumps(({"a": Exploit()}, MOMENT)),
        pack(PICKLE, {"a": Exploit()}, MOMENT),
    ):
        with pytest.raises(MalformedRecordError):
            unpack(SAFE, stored)


def test_pickle_by_setting_also_reads_what_cherrypy_18_has_written() -> None:
    layout = find_format("pickle")
    assert unpack(layout, pickle.dumps(({"n": 1j}, MOMENT))) == ({"n": 1j}, MOMENT)
    assert unpack(layout, pack(layout, {"n": 1j}, MOMENT)) == ({"n": 1j}, MOMENT)


@pytest.mark.parametrize(
    "serializer",
    [json, (json.dumps, json.loads), [json.dumps, json.loads]],
    ids=["module", "tuple", "list"],
)
def test_functions_of_an_application(serializer: Any) -> None:
    layout = find_format(serializer)
    stored = pack(layout, {"n": 1}, MOMENT)
    assert unpack(layout, stored) == ({"n": 1}, MOMENT)
    with pytest.raises(MalformedRecordError, match="it has the format 3"):
        unpack(SAFE, stored)


@pytest.mark.parametrize(
    "serializer",
    ["json", 5, (json.dumps,), (1, 2), object()],
    ids=["name", "number", "one", "numbers", "object"],
)
def test_what_is_no_serializer_is_an_error_that_names_the_setting(serializer: Any) -> None:
    with pytest.raises(ValueError, match=r"tools\.sessions\.serializer = .*expected None"):
        find_format(serializer)


@pytest.mark.parametrize("serializer", [None, "safe"])
def test_safe_is_the_default(serializer: Any) -> None:
    assert find_format(serializer) is SAFE
