"""Validators and conditional requests (RFC 9110 sections 8.8 and 13)."""

import re
from collections.abc import Mapping

from cherrypy._http.dates import parse_http_date
from cherrypy._http.fields import check_count

# RFC 9110 section 8.8.3, more tolerant: blanks in a tag, and tags without quotes, are met.
# A backslash is an ordinary character of a tag, so this is not a quoted string.
_ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"|[^\s",]+')


def entity_tags(field: str) -> list[str]:
    """Return the entity tags of a list, each as received.

    Args:
        field: Value of If-Match or If-None-Match, such as ``"a", W/"b"``.

    Raises:
        MalformedFieldError: There are more of them than a list in a field may have.

    See: RFC 9110 section 8.8.3.
    """
    tags = _ENTITY_TAG.findall(field)
    check_count(tags)
    return tags


def is_weak(etag: str) -> bool:
    """Tell whether an entity tag is a weak validator (RFC 9110 section 8.8.3)."""
    return etag.startswith("W/")


def if_match(field: str, etag: str) -> bool:
    """Tell whether an If-Match field names the current representation.

    Args:
        field: Field value as received: ``*`` or a list of entity tags.
        etag: Current entity tag, quotes included; empty without one.

    See: RFC 9110 sections 13.1.1 and 8.8.3.2 (strong comparison).
    """
    if field.strip() == "*":
        return True
    return not is_weak(etag) and etag in entity_tags(field)


def if_none_match(field: str, etag: str) -> bool:
    """Tell whether an If-None-Match field names the current representation.

    Args:
        field: Field value as received: ``*`` or a list of entity tags.
        etag: Current entity tag, quotes included, ``W/`` prefix or not; empty without one.

    See: RFC 9110 sections 13.1.2 and 8.8.3.2 (weak comparison).
    """
    if field.strip() == "*":
        return True
    return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in entity_tags(field)]


def if_modified_since(field: str, last_modified: float) -> bool:
    """Tell whether a representation was changed after the date of an If-Modified-Since field.

    Args:
        field: Field value as received; anything that is not a date counts as long ago.
        last_modified: When it was last changed, in seconds since the epoch; parts of a second do
            not count.

    See: RFC 9110 section 13.1.3.
    """
    since = parse_http_date(field)
    return since is None or last_modified // 1 > since


def if_unmodified_since(field: str, last_modified: float) -> bool:
    """Tell whether a representation is unchanged since the date of an If-Unmodified-Since field.

    Args:
        field: Field value as received; anything that is not a date counts as now.
        last_modified: When it was last changed, in seconds since the epoch; parts of a second do
            not count.

    See: RFC 9110 section 13.1.4.
    """
    since = parse_http_date(field)
    return since is None or last_modified // 1 <= since


def if_range(field: str, etag: str | None, last_modified: float | None) -> bool:
    """Tell whether a Range field may be followed.

    Args:
        field: Value of If-Range as received: one entity tag or a date.
        etag: Current entity tag; None without one.
        last_modified: When the representation was last changed, in seconds since the epoch.

    Returns:
        Whether the client has a part of the very same bytes: the tags are equal and strong, or
        the dates are equal.

    See: RFC 9110 section 13.1.5.
    """
    field = field.strip()
    since = parse_http_date(field)
    if since is not None:
        return last_modified is not None and last_modified // 1 == since
    return bool(field) and not is_weak(field) and field == etag


def failed_precondition(
    method: str, headers: Mapping[str, str], etag: str | None, last_modified: float | None
) -> int | None:
    """Evaluate the preconditions of a request for an existing representation.

    Args:
        method: Method of the request.
        headers: Its header fields; names in title case are looked up.
        etag: Current entity tag, quotes included; None without one.
        last_modified: When the representation was last changed, in seconds since the epoch; None
            if not known.

    Returns:
        304 or 412 if the method is not to be performed; None if it is. :func:`if_range` evaluates
        If-Range.

    See: RFC 9110 section 13.2.2.
    """
    match = headers.get("If-Match")
    unmodified_since = headers.get("If-Unmodified-Since")
    if match is not None:
        is_current = if_match(match, etag or "")
    else:
        is_current = (
            unmodified_since is None
            or last_modified is None
            or if_unmodified_since(unmodified_since, last_modified)
        )
    if not is_current:
        return 412
    none_match = headers.get("If-None-Match")
    modified_since = headers.get("If-Modified-Since")
    is_read = method in {"GET", "HEAD"}
    if none_match is not None:
        if not if_none_match(none_match, etag or ""):
            return None
        return 304 if is_read else 412
    if not is_read or modified_since is None or last_modified is None:
        return None
    return None if if_modified_since(modified_since, last_modified) else 304
