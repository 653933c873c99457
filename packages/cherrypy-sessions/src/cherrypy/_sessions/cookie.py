"""The cookie that has the id of the session (RFC 6265)."""

from typing import Any

from cherrypy._http.dates import HTTPDate

Request = Any
Response = Any

SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}
YEAR = 365 * 24 * 3600


def same_site(value: object) -> str | None:
    """Return the value of the attribute SameSite; ``None`` to leave it out.

    Args:
        value: ``Lax``, ``Strict`` or ``None``, in any case; ``False``, or ``None`` itself, for no
            such attribute.

    Raises:
        ValueError: It is something else.
    """
    if value is None or value is False or value == "":
        return None
    found = SAME_SITE.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f"tools.sessions.samesite = {value!r}: expected 'Lax', 'Strict', 'None', or False for "
            "no such attribute"
        )
    return found


def set_cookie(
    request: Request,
    response: Response,
    session_id: str,
    *,
    name: str,
    timeout: float | None,
    path: str | None = None,
    path_header: str | None = None,
    domain: str | None = None,
    secure: bool | None = None,
    httponly: bool = True,
    samesite: str | None = "Lax",
) -> None:
    """Send the id of a session to the client.

    Args:
        request: The request.
        response: The response that gets the cookie.
        session_id: The id.
        name: Name of the cookie.
        timeout: Minutes for which the browser keeps it; ``None``: until it is closed.
        path: Path below which the browser sends it.
        path_header: Header field of the request that has the path, where ``path`` is not given.
        domain: Domain to whose hosts it is sent; by default to this host alone.
        secure: Whether it is sent by HTTPS only; ``None``: if the request came that way.
        httponly: Whether scripts do not see it.
        samesite: Value of SameSite, see :func:`same_site`.

    See: RFC 6265 section 4.1.2.
    """
    cookie = response.cookie
    cookie[name] = session_id
    attributes: dict[str, Any] = {
        "path": path or (path_header and request.headers.get(path_header)) or "/"
    }
    if timeout:
        seconds = timeout * 60
        attributes["max-age"] = int(seconds)
        attributes["expires"] = _moments.field(int(response.time + seconds))
    if domain is not None:
        attributes["domain"] = domain
    if request.scheme == "https" if secure is None else secure:
        attributes["secure"] = True
    if httponly:
        attributes["httponly"] = True
    if samesite:
        attributes["samesite"] = samesite
    dict.update(cookie[name], attributes)  # PERF: Morsel's own way checks each name, 0.4 us


class _Moments:
    """HTTP-dates; the last one is remembered, as it is wanted again within the same second."""

    def __init__(self) -> None:
        self._last = (0, HTTPDate(0))

    def field(self, second: int) -> str:
        """Return the HTTP-date of a second since the epoch."""
        known, field = self._last
        if known != second:
            field = HTTPDate(second)
            self._last = second, field
        return field


_moments = _Moments()


def expire_cookie(response: Response, name: str) -> None:
    """Make the client forget a cookie that is about to be sent."""
    morsel = response.cookie[name]
    morsel["expires"] = HTTPDate(response.time - YEAR)
    morsel.pop("max-age", None)
