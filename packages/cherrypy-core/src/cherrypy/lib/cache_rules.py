"""Rules for a cache: which responses it keeps, how long, and the wishes of clients (RFC 9111)."""

from collections.abc import Mapping
from typing import Any

from cherrypy._http.dates import parse_http_date
from cherrypy._http.fields import split_list, unquote
from cherrypy._http.status import valid_status
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import sets_cookies

CACHEABLE_STATUSES = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
"""RFC 9110 section 15.1, without 206: a part is not the whole."""

MAX_DIGITS = 10
"""Digits of 2**31; greater numbers mean the same (RFC 9111 section 1.2.2)."""


def directives(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the directives of ``Cache-Control``, by name in lower case.

    Without ``Cache-Control``, ``Pragma: no-cache`` counts as that directive.

    See: RFC 9111 sections 5.2 and 5.4.
    """
    field = headers.get("Cache-Control")
    if field is None:
        field = "no-cache" if "no-cache" in str(headers.get("Pragma") or "").lower() else ""
    found = {}
    for element in split_list(str(field)):
        name, _, value = element.partition("=")
        found[name.strip().lower()] = unquote(value.strip())
    return found


def wanted_age(wishes: Mapping[str, str]) -> int | None:
    """Return the greatest age of an answer in seconds; ``None`` if the client names none.

    Args:
        wishes: Directives of the request.

    Raises:
        HTTPError: 400, if it is not a number.
    """
    if "max-age" not in wishes:
        return None
    seconds = _seconds(wishes["max-age"])
    if seconds is None:
        raise HTTPError(400, "Invalid Cache-Control header")
    return seconds


def _seconds(text: str) -> int | None:
    """Read a number of seconds (RFC 9111 section 1.2.2); ``None`` if it is not one."""
    return int(text[:MAX_DIGITS]) if text.isascii() and text.isdigit() else None


def is_storable(request: Request, response: Response) -> bool:
    """Tell whether a response may be kept for others.

    See: RFC 9111 sections 3, 3.5 and 4.1.
    """
    headers = response.headers
    if valid_status(response.status)[0] not in CACHEABLE_STATUSES or "Set-Cookie" in headers:
        return False
    if sets_cookies(response) or "*" in split_list(str(headers.get("Vary") or "")):
        return False
    said = directives(headers)
    if not said.keys().isdisjoint({"no-store", "private", "no-cache"}):
        return False
    is_personal = bool(request.login) or "Authorization" in request.headers
    return not (is_personal and said.keys().isdisjoint({"public", "s-maxage", "must-revalidate"}))


def lifetime(headers: Mapping[str, Any], delay: float, now: float) -> float:
    """Return how long a response may be kept, in seconds.

    Args:
        headers: Its header fields.
        delay: Seconds that it is kept at most.
        now: Seconds since the epoch.

    See: RFC 9111 section 4.2.1.
    """
    said = directives(headers)
    for name in ("s-maxage", "max-age"):
        if name in said:
            return min(delay, _seconds(said[name]) or 0)
    expires = headers.get("Expires")
    if expires is None:
        return delay
    moment = parse_http_date(str(expires))
    return 0 if moment is None else min(delay, moment - now)
