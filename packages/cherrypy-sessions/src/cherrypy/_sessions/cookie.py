"""The cookie that has the id of the session (RFC 6265)."""

from typing import Any

from cherrypy._http.cookies import CookieTemplate
from cherrypy._http.dates import HTTPDate
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import set_late_cookie

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


class SessionCookie:
    """The cookie of the sessions that one configuration opens.

    Args:
        path: Path below which the browser sends it.
        path_header: Header field of the request that has the path, where ``path`` is not given.
        name: Name of the cookie.
        timeout: Minutes for which the browser keeps it; ``None``: until it is closed.
        domain: Domain to whose hosts it is sent; by default to this host alone.
        secure: Whether it is sent by HTTPS only; ``None``: if the request came that way.
        httponly: Whether scripts do not see it.
        samesite: See :func:`same_site`.

    Raises:
        ValueError: ``samesite`` is wrong.

    See: RFC 6265 section 4.1.2.
    """

    def __init__(
        self,
        path: str | None,
        path_header: str | None,
        name: str,
        timeout: float | None,
        domain: str | None,
        secure: bool | None,
        httponly: bool,
        samesite: str | bool | None,
    ) -> None:
        self.name = name
        self._seconds = (timeout or 0) * 60
        self._path = path or None
        self._path_header = path_header
        self._secure = secure
        self._always: dict[str, Any] = {
            "max-age": int(self._seconds) if self._seconds else "",
            "domain": domain or "",
            "httponly": httponly or "",
            "samesite": same_site(samesite) or "",
        }
        self._last: tuple[object, CookieTemplate] | None = None

    def send(self, request: Request, response: Response, session_id: str) -> None:
        """Send the id of a session to the client."""
        path = self._path or "/"
        if self._path_header and not self._path:
            path = request.headers.get(self._path_header) or "/"
        secure = request.scheme == "https" if self._secure is None else bool(self._secure)
        expires = int(response.time + self._seconds) if self._seconds else None
        # PERF: within a second nearly all cookies differ in the id alone
        varying = (path, secure, expires)
        last = self._last
        if last is None or last[0] != varying:
            last = self._last = varying, self._template(*varying)
        set_late_cookie(response, last[1], str(session_id))

    def _template(self, path: str, secure: bool, expires: int | None) -> CookieTemplate:
        date = "" if expires is None else HTTPDate(expires)
        attributes = {"path": path, "secure": secure or "", "expires": date, **self._always}
        return CookieTemplate(self.name, attributes)

    def expire(self, response: Response) -> None:
        """Make the client forget the cookie, which is about to be sent."""
        morsel = response.cookie[self.name]
        morsel["expires"] = HTTPDate(response.time - YEAR)
        morsel.pop("max-age", None)
