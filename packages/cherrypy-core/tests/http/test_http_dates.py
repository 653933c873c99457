"""HTTP-date: RFC 9110 section 5.6.7."""

import re
import time
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._http.dates import HTTPDate, now_field, parse_http_date
from strategies import timestamps, wild_text


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (784111777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1.9, "Thu, 01 Jan 1970 00:00:01 GMT"),
        (-0.5, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"),
    ],
)
def test_http_date(timestamp: float, text: str) -> None:
    assert HTTPDate(timestamp) == text
    assert HTTPDate(timeval=timestamp) == text


def test_forms_that_are_not_for_http() -> None:
    """The signature is that of the standard library's function."""
    assert HTTPDate(0, usegmt=False) == "Thu, 01 Jan 1970 00:00:00 -0000"
    assert HTTPDate(1e9, localtime=True) == formatdate(1e9, localtime=True)


@pytest.mark.parametrize(
    ("clock", "offset", "text"),
    [
        ((1970, 1, 1, 5, 30, 0, 3, 1, 0), 19800, "Thu, 01 Jan 1970 05:30:00 +0530"),
        ((1969, 12, 31, 20, 30, 0, 2, 365, 0), -12600, "Wed, 31 Dec 1969 20:30:00 -0330"),
    ],
)
def test_local_time(
    monkeypatch: pytest.MonkeyPatch, clock: tuple[int, ...], offset: int, text: str
) -> None:
    there = time.struct_time((*clock, "THERE", offset))
    with monkeypatch.context() as patch:
        patch.setattr(time, "localtime", lambda _: there)
        assert HTTPDate(0, localtime=True) == text
        assert HTTPDate(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize("timestamp", [1e12, -1e11, float("nan")])
def test_dates_that_http_cannot_tell(timestamp: float) -> None:
    with pytest.raises(ValueError, match=r"out of range|NaN"):
        HTTPDate(timestamp)


def test_now() -> None:
    before = time.time() // 1
    now = parse_http_date(HTTPDate())
    field = parse_http_date(now_field())
    assert now is not None
    assert field is not None
    assert before <= now <= field <= time.time()


def test_the_current_date_follows_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([784111777.0, 784111777.9, 784111778.0, 784111776.0])
    monkeypatch.setattr("time.time", lambda: next(times))
    fields = [now_field() for _ in range(4)]
    monkeypatch.undo()
    assert fields == [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:38 GMT",
        "Sun, 06 Nov 1994 08:49:36 GMT",  # a clock that was set back
    ]


@pytest.mark.parametrize(
    ("field", "timestamp"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        (" Sun, 06 Nov 1994 08:49:37 GMT\t", 784111777),
        ("Mon, 06 Nov 1994 08:49:37 GMT", 784111777),  # the wrong day of the week
        ("Fri, 30 Jun 2028 23:59:60 GMT", 1846022400),  # a leap second
        ("Thu, 29 Feb 2024 00:00:00 GMT", 1709164800),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 951782400),
        ("Mon, 01 Jan 0001 00:00:00 GMT", -62135596800),
        # no dates
        ("", None),
        ("0", None),
        ("784111777", None),
        ("yesterday", None),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("Sun, 06 Nov 1994 08:49:37 +0000", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
        ("sun, 06 nov 1994 08:49:37 gmt", None),  # "case sensitive"
        ("Sun, 06 Nov 1994 24:00:00 GMT", None),
        ("Sun, 06 Nov 1994 23:60:00 GMT", None),
        ("Sun, 06 Nov 1994 23:59:61 GMT", None),
        ("Sun, 00 Nov 1994 08:49:37 GMT", None),
        ("Sun, 31 Nov 1994 08:49:37 GMT", None),
        ("Wed, 29 Feb 2023 00:00:00 GMT", None),
        ("Thu, 29 Feb 1900 00:00:00 GMT", None),
        ("Sat, 01 Jan 0000 00:00:00 GMT", None),
        ("Sun, ٠٦ Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT; length=5", None),
        ("Sun Nov 6 08:49:37 1994", None),
    ],
)
def test_parse_http_date(field: str, timestamp: int | None) -> None:
    assert parse_http_date(field) == timestamp


def test_two_digit_years_are_at_most_fifty_years_ahead() -> None:
    """RFC 9110 section 5.6.7."""
    this_year = time.gmtime().tm_year
    for ahead in (0, 1, 50, 51, 99):
        year = this_year + ahead if ahead <= 50 else this_year + ahead - 100
        timestamp = parse_http_date(f"Friday, 02-Feb-{year % 100:02d} 00:00:00 GMT")
        assert timestamp is not None
        assert time.gmtime(timestamp).tm_year == year


@given(timestamps())
@example(253402300799)
@example(-62135596800)
def test_parse_undoes_format(timestamp: int) -> None:
    assert parse_http_date(HTTPDate(timestamp)) == timestamp


@given(timestamps())
def test_format_agrees_with_the_standard_library(timestamp: int) -> None:
    assert HTTPDate(timestamp) == formatdate(timestamp, usegmt=True)


@given(
    st.one_of(
        wild_text(),
        st.from_regex(re.compile(r"\AMon, [0-3]\d Feb \d{4} [0-2]\d:\d\d:\d\d GMT\Z", re.ASCII)),
    )
)
def test_no_text_breaks_it(field: str) -> None:
    parse_http_date(field)
