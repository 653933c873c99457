"""The exceptions by which handlers and hooks answer: errors and redirects."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar
from urllib.parse import urljoin as resolve

from cherrypy._http.headers import HeaderMap
from cherrypy._http.status import valid_status
from cherrypy._http.targets import format_uri_reference, urljoin
from cherrypy._runtime.compat import tonative
from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Response
from cherrypy._runtime.text import HTML, escape, escape_attribute
from cherrypy._runtime.urls import url

CONTENT_FIELDS = frozenset(
    name.title()  # as a HeaderMap keeps it
    for name in (
        "Accept-Ranges",
        "Age",
        "ETag",
        "Location",
        "Retry-After",
        "Vary",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Length",
        "Expires",
        "Content-Location",
        "Content-MD5",
        "Last-Modified",
    )
)
"""Fields that describe the content a handler meant to send, not that of an error."""

REDIRECT_TEXTS = {
    300: "This resource can be found at ",
    301: "This resource has permanently moved to ",
    302: "This resource resides temporarily at ",
    303: "This resource can be found at ",
    307: "This resource has moved temporarily to ",
    308: "This resource has been moved to ",
}

NOT_MODIFIED_DROPS = (
    "Allow",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Type",
    "Expires",
    "Last-Modified",
)
"""What a 304 does not repeat: it describes no content (RFC 9110 section 15.4.5)."""


class CherryPyException(Exception):
    """Base of the exceptions that CherryPy itself raises."""


class InternalRedirect(CherryPyException):
    """Handle the request again, as if it had asked for another URL of this site.

    Args:
        path: Path to be handled, relative to the current one unless it starts with a slash; a
            query after ``?`` is taken from it.
        query_string: Query of the new URL, if ``path`` has none.
    """

    def __init__(self, path: str, query_string: str = "") -> None:
        self.request = current.get().request
        self.query_string = query_string
        if "?" in path:
            path, self.query_string = path.split("?", 1)
        # RFC 3986 section 5.2, against the path that the client asked for
        try:
            self.path = resolve(self.request.path_info, path)
        except ValueError:  # it looks like a URL with an address that is none, as //[x does
            folder = "" if path.startswith("/") else self.request.path_info.rpartition("/")[0] + "/"
            self.path = folder + path
        super().__init__(self.path, self.query_string)


def _from_here(reference: str) -> str:
    """Return a URL, absolute or relative to the current one, as an absolute one."""
    if _PLAIN_PATH.fullmatch(reference) and "/." not in reference:  # PERF: as most of them are
        scheme, mark, host = current.get().request.base.partition("://")
        if mark and "/" not in host:
            return f"{scheme}://{host}{reference}"
    return resolve(url(), reference)


_PLAIN_PATH = re.compile(r"/(?!/)[\w./~-]*", re.ASCII)


class HTTPRedirect(CherryPyException):
    """Send the client to another URL.

    Args:
        urls: One URL or several, absolute or relative to the current one.
        status: From 300 to 399. By default 303, or 302 for a client of HTTP/1.0.
        encoding: Charset in which non-ASCII octets of the URLs are given; UTF-8 by default.

    Raises:
        ValueError: ``status`` is not from 300 to 399.

    See: RFC 9110 section 15.4.
    """

    urls: list[str]
    encoding: str = "utf-8"

    def __init__(
        self,
        urls: str | bytes | Iterable[str | bytes],
        status: int | str | None = None,
        encoding: str | None = None,
    ) -> None:
        given = [urls] if isinstance(urls, (str, bytes)) else urls
        self.urls = [_from_here(tonative(u, encoding or self.encoding)) for u in given]
        self._status = self.default_status if status is None else int(status)
        if not 300 <= self._status <= 399:
            raise ValueError("status must be between 300 and 399.")
        super().__init__(self.urls, self._status)

    @property
    def default_status(self) -> int:
        """303 where the client knows it, 302 otherwise (RFC 9110 section 15.4.4)."""
        return 303 if current.get().request.protocol >= (1, 1) else 302

    @property
    def status(self) -> int:
        """The status code that is sent."""
        return self._status

    def set_response(self) -> None:
        """Make the current response this redirect.

        Raises:
            ValueError: No redirect is known by the status code.
        """
        self.answer(current.get().response)

    def answer(self, response: Response) -> None:
        """Make a response this redirect.

        Raises:
            ValueError: No redirect is known by the status code.
        """
        headers = response.headers
        response.status = status = self._status
        if status in REDIRECT_TEXTS:
            headers["Content-Type"] = HTML
            headers["Location"] = self.location()
            response.body = self.content()
            headers.pop("Content-Length", None)
        elif status == 304:
            for name in NOT_MODIFIED_DROPS:
                headers.pop(name, None)
            response.body = None
        elif status == 305:
            headers["Location"] = self.location()
            response.body = None
            headers.pop("Content-Length", None)
        else:
            raise ValueError(f"The {status} status code is unknown.")

    def content(self) -> bytes:
        """Return the page for clients that do not follow by themselves.

        Raises:
            KeyError: The status is one without such a page.
        """
        text = REDIRECT_TEXTS[self._status]
        links = [f'<a href="{escape_attribute(u)}">{escape(u)}</a>.' for u in self.urls]
        return "<br />\n".join([text + link for link in links]).encode("utf-8")

    def location(self) -> str:
        """Return the first URL as the field Location has it: without line ends, and in ASCII."""
        return format_uri_reference(self.urls[0].replace("\r", "").replace("\n", ""))

    def __call__(self) -> None:
        """Raise itself, so that an instance can stand as ``request.handler``."""
        raise self


class HTTPError(CherryPyException):
    """Answer with an error page.

    Args:
        status: Code from 400 to 599, or code and reason as in ``"404 No such song"``.
        message: What the page says, in HTML-free text; the standard explanation if there is none,
            or if it is empty.

    Raises:
        HTTPError: 500, where ``status`` is no status code.
        ValueError: The code is not from 400 to 599.

    See: RFC 9110 sections 15.5 and 15.6.
    """

    status: int | str
    code: int
    reason: str
    decided_by: str = ""
    """Field of the request but for which there were another answer: ``Vary`` names it."""
    fields: ClassVar[dict[str, str]] = {}
    """Header fields that the error brings, such as ``Allow`` of a 405."""

    def __init__(self, status: int | str = 500, message: str | None = None) -> None:
        self.status = status
        try:
            self.code, self.reason, explanation = valid_status(status)
        except ValueError as error:
            raise self.__class__(500, str(error)) from error
        if not 400 <= self.code <= 599:
            raise ValueError("status must be between 400 and 599.")
        self._message = message or explanation
        super().__init__(status, message)

    def set_response(self) -> None:
        """Make the current response this error, with the page that is configured for it."""
        current.get().request.respond_with_error(self)

    def get_error_page(self, *args: Any, **kwargs: Any) -> bytes | Iterable[bytes]:
        """Return the content of an error page; override it to draw another one."""
        return current.get().request.error_page_content(*args, **kwargs)

    def __call__(self) -> None:
        """Raise itself, so that an instance can stand as ``request.handler``."""
        raise self

    @classmethod
    @contextlib.contextmanager
    def handle(
        cls, exception: type[BaseException], status: int | str = 500, message: str = ""
    ) -> Iterator[None]:
        """Turn an exception inside a ``with`` block into this error.

        Args:
            exception: Class of the exceptions to turn.
            status: Status of the error.
            message: What the page says; the text of the exception if empty.
        """
        try:
            yield
        except exception as error:
            raise cls(status, message or str(error)) from error


class NotFound(HTTPError):
    """404: nothing is published at the URL.

    Args:
        path: The path that was asked for; that of the current request by default.
    """

    def __init__(self, path: str | None = None) -> None:
        if path is None:
            request = current.get().request
            path = urljoin(request.script_name, request.path_info)
        super().__init__(404, f"The path '{path}' was not found.")
        self.args = (404, self._message)


def clean_headers(status: int) -> None:
    """Drop the fields of the current response that described the content it had.

    Args:
        status: Code of the error that replaces the content. ``Content-Range`` stays in a 416, as
            it tells the length (RFC 9110 section 15.5.17).
    """
    drop_content_fields(current.get().response.headers, status)


def drop_content_fields(headers: HeaderMap, status: int) -> None:
    """Drop the header fields of an answer that an error with a status takes the place of."""
    for name in CONTENT_FIELDS.intersection(headers):
        del headers[name]
    if status != 416:
        headers.pop("Content-Range", None)
