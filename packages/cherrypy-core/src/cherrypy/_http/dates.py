"""HTTP-date: formatting and parsing (RFC 9110 section 5.6.7)."""

import re
import time
from datetime import date
from functools import lru_cache

from cherrypy._http.fields import WHITESPACE

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MONTH = rf"(?P<month>{'|'.join(MONTHS)})"
_LONG_WEEKDAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMATS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        # IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
        rf"(?:{'|'.join(WEEKDAYS)}), (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",
        # rfc850-date: Sunday, 06-Nov-94 08:49:37 GMT
        rf"{_LONG_WEEKDAY}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT",
        # asctime-date: Sun Nov  6 08:49:37 1994
        rf"(?:{'|'.join(WEEKDAYS)}) {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)
_EPOCH = date(1970, 1, 1)


def HTTPDate(
    timeval: float | None = None,
    localtime: bool = False,
    *,
    usegmt: bool = True,
) -> str:
    """Write a moment as HTTP does, such as ``Sun, 06 Nov 1994 08:49:37 GMT``.

    Args:
        timeval: Seconds since the epoch, now if None. Fractions are cut off downwards.
        localtime: Write it in local time with its offset. No field of HTTP may have that.
        usegmt: End in ``GMT``; else in ``-0000``, which is not for HTTP either.

    Raises:
        ValueError: The year is not from 1 to 9999, or ``timeval`` is not a number.
        OverflowError: The system cannot have such a time.

    See: RFC 9110 section 5.6.7.
    """
    if timeval is None:
        timeval = time.time()
    moment = time.localtime(timeval) if localtime else time.gmtime(timeval // 1)
    if not 0 < moment.tm_year <= 9999:
        raise ValueError(f"year {moment.tm_year} is out of range: HTTP has years of four digits")
    if localtime:
        sign = "-" if moment.tm_gmtoff < 0 else "+"
        minutes = abs(moment.tm_gmtoff) // 60
        zone = f"{sign}{minutes // 60:02d}{minutes % 60:02d}"
    else:
        zone = "GMT" if usegmt else "-0000"
    return (
        f"{WEEKDAYS[moment.tm_wday]}, {moment.tm_mday:02d} {MONTHS[moment.tm_mon - 1]} "
        f"{moment.tm_year:04d} {moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d} {zone}"
    )


_formatted = lru_cache(maxsize=1)(HTTPDate)


def now_field() -> str:
    """Return the current time as the value of a Date field, formatted at most once a second.

    See: RFC 9110 section 6.6.1.
    """
    return _formatted(time.time() // 1)


def parse_http_date(field: str) -> int | None:
    """Read a date in any of the three formats that HTTP has had.

    Args:
        field: Field value as received, such as ``Sun, 06 Nov 1994 08:49:37 GMT``.

    Returns:
        Seconds since the epoch; None if it is not such a date. A year of two digits is the one
        that is at most 50 years ahead. A leap second counts as the first of the next minute.
        The day of the week is not compared with the date.

    See: RFC 9110 section 5.6.7.
    """
    field = field.strip(WHITESPACE)
    match = next(filter(None, (pattern.fullmatch(field) for pattern in _FORMATS)), None)
    return _seconds(match) if match else None


def _seconds(match: re.Match[str]) -> int | None:
    """Return seconds since the epoch; None if the day or time does not exist."""
    hour, minute, second = map(int, match.group("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 60:
        return None
    month = MONTHS.index(match["month"]) + 1
    try:
        day = date(_full_year(match["year"]), month, int(match["day"]))
    except ValueError:
        return None
    days = day.toordinal() - _EPOCH.toordinal()
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def _full_year(text: str) -> int:
    """Return the year that two or four digits mean, RFC 9110 section 5.6.7."""
    year = int(text)
    if len(text) == 4:
        return year
    this_year = time.gmtime().tm_year
    year += this_year - this_year % 100
    return year - 100 if year > this_year + 50 else year
