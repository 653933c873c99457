"""Byte ranges: RFC 9110 section 14."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.errors import TooManyRangesError
from cherrypy._http.ranges import MAX_RANGES, byte_ranges, coalesce_ranges, get_ranges
from strategies import lengths, range_specs, wild_text


@pytest.mark.parametrize(
    ("field", "length", "ranges"),
    [
        ("bytes=0-4", 10, [(0, 5)]),
        ("bytes=0-0", 10, [(0, 1)]),
        ("bytes=5-", 10, [(5, 10)]),
        ("bytes=9-", 10, [(9, 10)]),
        ("bytes=-3", 10, [(7, 10)]),
        ("bytes=-30", 10, [(0, 10)]),
        ("bytes=0-100", 10, [(0, 10)]),
        ("bytes=0-" + "9" * 5000, 10, [(0, 10)]),
        ("bytes=-" + "9" * 5000, 10, [(0, 10)]),
        ("bytes=0000-0004", 10, [(0, 5)]),
        ("bytes=" + "0" * 5000 + "1-4", 10, [(1, 5)]),
        ("Bytes=0-4", 10, [(0, 5)]),  # RFC 9110 section 14.1: case-insensitive
        ("bytes=6-8,0-4", 10, [(6, 9), (0, 5)]),  # in the order asked
        ("bytes=0-4 ,\t6-8", 10, [(0, 5), (6, 9)]),
        ("bytes=0-4,,", 10, [(0, 5)]),  # empty elements do not count
        ("bytes=20-30,0-4", 10, [(0, 5)]),
        # nothing that could be sent: 416
        ("bytes=10-", 10, []),
        ("bytes=20-30", 10, []),
        ("bytes=" + "9" * 5000 + "-", 10, []),
        ("bytes=-0", 10, []),
        ("bytes=0-4", 0, []),
        ("bytes=0-", 0, []),
        # RFC 9110 section 14.1.2 calls it satisfiable, but no 206 could say so
        ("bytes=-5", 0, None),
        # to be ignored
        ("", 10, None),
        ("bytes", 10, None),
        ("bytes=", 10, None),
        ("bytes=,", 10, None),
        ("bytes=-", 10, None),
        ("bytes=1", 10, None),
        ("bytes=a-b", 10, None),
        ("bytes=5-2", 10, None),
        ("bytes=5-2,0-1", 10, None),
        ("bytes=0-4,a", 10, None),
        ("bytes=1-2-3", 10, None),
        ("bytes=--1", 10, None),
        ("bytes=+1-2", 10, None),
        ("bytes=1_0-11", 20, None),
        ("bytes=٣-4", 10, None),
        ("bytes= 0 - 4", 10, None),
        ("bytes:0-4", 10, None),
        ("items=0-4", 10, None),
        ("bytes=0-4\n", 10, None),
    ],
)
def test_byte_ranges(field: str, length: int, ranges: list[tuple[int, int]] | None) -> None:
    assert byte_ranges(field, length) == ranges
    assert get_ranges(field, length) == ranges


def test_no_field() -> None:
    assert get_ranges(None, 10) is None


def test_the_number_of_ranges_is_limited() -> None:
    most = "bytes=" + ",".join(["0-0"] * MAX_RANGES)
    assert byte_ranges(most, 1000) == [(0, 1)] * MAX_RANGES
    with pytest.raises(TooManyRangesError, match="more than 100 ranges"):
        byte_ranges(most + ",0-0", 1000)
    assert get_ranges(most + ",0-0", 1000) is None


@pytest.mark.parametrize(
    ("ranges", "joined"),
    [
        ([], []),
        ([(0, 5)], [(0, 5)]),
        ([(0, 5), (2, 7)], [(0, 7)]),
        ([(0, 9), (2, 7)], [(0, 9)]),
        ([(5, 7), (0, 5)], [(0, 7)]),
        ([(6, 9), (0, 5)], [(0, 5), (6, 9)]),
    ],
)
def test_coalesce_ranges(ranges: list[tuple[int, int]], joined: list[tuple[int, int]]) -> None:
    """RFC 9110 section 15.3.7.2."""
    assert coalesce_ranges(ranges) == joined


def test_no_more_than_the_whole_is_sent() -> None:
    """RFC 9110 section 17.15: overlapping ranges multiply the work."""
    assert get_ranges("bytes=0-4,2-6", 10) == [(0, 5), (2, 7)]  # a little is tolerated
    assert get_ranges("bytes=0-,0-,0-", 10) == [(0, 10)]
    assert get_ranges("bytes=8-9,0-8,1-2", 10) == [(0, 10)]


@given(st.lists(range_specs(), min_size=1, max_size=5), lengths())
def test_every_range_is_inside_the_representation(specs: list[str], length: int) -> None:
    ranges = byte_ranges("bytes=" + ",".join(specs), length)
    for start, stop in ranges or []:
        assert 0 <= start < stop <= length
    safe = get_ranges("bytes=" + ", ".join(specs), length)
    assert (safe is None) is (ranges is None)
    if ranges and safe:
        assert sum(stop - start for start, stop in safe) <= length
        assert coalesce_ranges(safe) == coalesce_ranges(ranges)


positions = st.integers(0, 30)


@given(st.lists(st.tuples(positions, positions).filter(lambda pair: pair[0] < pair[1])))
def test_coalescing_keeps_the_octets(ranges: list[tuple[int, int]]) -> None:
    joined = coalesce_ranges(ranges)
    octets = [octet for start, stop in joined for octet in range(start, stop)]
    assert octets == sorted({octet for start, stop in ranges for octet in range(start, stop)})
    assert all(left[1] < right[0] for left, right in pairwise(joined))


@given(wild_text(), lengths())
def test_no_text_breaks_it(field: str, length: int) -> None:
    byte_ranges(field, length)
    byte_ranges("bytes=" + field, length)
