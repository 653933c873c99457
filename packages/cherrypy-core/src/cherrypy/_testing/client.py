"""A client that calls applications in its own process, without sockets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypedDict, Unpack
from urllib.parse import SplitResult, urljoin, urlsplit
from wsgiref.validate import validator

import cherrypy
from cherrypy._testing import site
from cherrypy._testing.contents import Content, File, Pairs, RawContent, make_content, query_of
from cherrypy._testing.cookies import CookieJar
from cherrypy._testing.exchange import WSGIApplication, call, make_environ
from cherrypy._testing.failures import Failures
from cherrypy._testing.responses import Response

Headers = Mapping[str, str | None] | Iterable[tuple[str, str | None]]
"""Header fields: values by name, or pairs where a name comes more than once."""

MAX_REDIRECTS = 20

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_ALLOWED = ("\r", "\n", "\0")


class TooManyRedirectsError(RuntimeError):
    """Raised when redirects do not end; the message has the last URL."""


class Options(TypedDict, total=False):
    """The options of a request; see :class:`Client`."""

    params: Pairs
    headers: Headers
    content: RawContent | None
    data: Pairs
    json: Any
    files: Mapping[str, File | Sequence[File]] | Iterable[tuple[str, File]]
    follow_redirects: bool
    stream: bool
    environ: Mapping[str, Any]


class Client:
    """A client of one WSGI application, which it calls in this process and thread.

    Each method of HTTP has a method here, ``client.get("/x")``; any other goes through
    :meth:`request`. They take these options:

    - ``params``: parameters for the query, by name; a list for several values.
    - ``headers``: header fields, by name or as pairs; None as value keeps a field from being sent.
    - ``data``: a form, by name. ``files``: files by name: bytes, text, an open file,
      ``(file name, content)`` or ``(file name, content, media type)``, or a list of these.
    - ``json``: a document to be sent as JSON, None included.
    - ``content``: bytes, text (UTF-8), or an iterable of bytes or open file, which is sent
      chunked, so that its length is not told beforehand.
    - ``follow_redirects``: whether to follow redirects on the same host.
    - ``stream``: whether to leave the content of the response unread.
    - ``environ``: keys of the WSGI environ, over those that the request makes.

    URLs are paths with or without a query, below the path of ``base``, or absolute.

    Args:
        application: An application, ``cherrypy.tree``, or any other WSGI callable. None stands
            for ``cherrypy.tree``.
        base: Scheme, host, and perhaps port and path of the URLs.
        headers: Header fields of every request.
        cookies: Cookies for every request; those of responses are added to :attr:`cookies`.
        follow_redirects: Whether requests follow redirects if they do not say themselves.
        raise_errors: Whether an error is raised instead of answered by a page with status 500, so
            that a test shows the exception of the handler.
        validate: Whether to check all of PEP 3333 (with :mod:`wsgiref.validate`), and that
            content is as long as it says.

    Attributes:
        cookies: The cookies that are kept from one request to the next.
    """

    def __init__(
        self,
        application: WSGIApplication | None = None,
        base: str = "http://localhost",
        headers: Headers = (),
        *,
        cookies: Mapping[str, str] | None = None,
        follow_redirects: bool = False,
        raise_errors: bool = False,
        validate: bool = False,
    ) -> None:
        if application is not None and not callable(application):
            raise TypeError(
                f"{application!r} is not a WSGI application; for a root object give "
                "cherrypy.Application(root)"
            )
        self.application: WSGIApplication = cherrypy.tree if application is None else application
        self.base = base
        self.headers = dict(_pairs(headers))
        self.cookies = CookieJar(cookies)
        self.follow_redirects = follow_redirects
        self.raise_errors = raise_errors
        self.validate = validate
        _split(base)

    def __repr__(self) -> str:
        return f"<Client of {self.application!r} at {self.base}>"

    def get(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a GET request; see :class:`Client`."""
        return self.request("GET", url, **options)

    def head(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a HEAD request; see :class:`Client`."""
        return self.request("HEAD", url, **options)

    def post(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a POST request; see :class:`Client`."""
        return self.request("POST", url, **options)

    def put(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a PUT request; see :class:`Client`."""
        return self.request("PUT", url, **options)

    def patch(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a PATCH request; see :class:`Client`."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a DELETE request; see :class:`Client`."""
        return self.request("DELETE", url, **options)

    def options(self, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send an OPTIONS request; see :class:`Client`."""
        return self.request("OPTIONS", url, **options)

    def request(self, method: str, url: str = "/", **options: Unpack[Options]) -> Response:
        """Send a request, and follow redirects if that is wanted.

        Args:
            method: Request method, sent as it is.
            url: Path and query, or an absolute URL.
            **options: See :class:`Client`.

        Raises:
            ValueError: The URL or a header field is malformed.
            TypeError: There is more than one content.
            TooManyRedirectsError: More than ``MAX_REDIRECTS`` (20) redirects.
            Exception: Any error of the application, if ``raise_errors`` is on or the application
                does not answer errors itself.
        """
        target = self._target(url, options.get("params"))
        content = make_content(options)
        response = self._send(method, target, content, options)
        follow = options.get("follow_redirects", self.follow_redirects)
        history: list[Response] = []
        while follow and (following := _next_target(response)) is not None:
            if len(history) == MAX_REDIRECTS:
                raise TooManyRedirectsError(f"{MAX_REDIRECTS} redirects lead to {response.url}")
            response.read()
            history.append(response)
            if _becomes_get(method, response.status):
                method, content = "GET", Content()
            elif content.pieces is not None:
                raise RuntimeError(
                    f"{response!r} asks for the content again, but it came from an iterable"
                )
            response = self._send(method, following, content, options)
        response.history = history
        if not options.get("stream", False):
            response.read()
        return response

    def engine(self) -> AbstractContextManager[None]:
        """Start ``cherrypy.engine`` without an HTTP server, and stop it again; with ``with``.

        See :func:`cherrypy.testing.running`.
        """
        return site.running()

    def _target(self, url: str, params: Pairs | None) -> SplitResult:
        """Make the URL of a request absolute, and add parameters to its query."""
        if not url.startswith(("http://", "https://")):
            path = url if url.startswith(("/", "*")) else f"/{url}"
            base = _split(self.base)
            prefix = "" if path == "*" else base.path.rstrip("/")
            path, _, query = path.partition("#")[0].partition("?")
            target = base._replace(path=prefix + path, query=query)
        else:
            target = _split(url)
        if params is None:
            return target
        query = "&".join(filter(None, [target.query, query_of(params)]))
        return target._replace(query=query)

    def _send(
        self, method: str, target: SplitResult, content: Content, options: Options
    ) -> Response:
        """Send one request, and keep the cookies of its response."""
        host = (target.hostname or "").lower()
        fields = self._fields(target, host, options.get("headers", ()))
        environ = make_environ(method, target, fields, content)
        environ.update(options.get("environ", {}))
        response = self._call(environ, target.geturl())
        for field in response.headers.get_all("Set-Cookie"):
            self.cookies.store(field, host, target.path or "/")
        return response

    def _fields(
        self, target: SplitResult, host: str, headers: Headers
    ) -> list[tuple[str, str | None]]:
        """Return the header fields of a request: its own, else those of the client, and cookies."""
        own = list(_pairs(headers))
        names = {name.lower() for name, _ in own}
        fields = [pair for pair in self.headers.items() if pair[0].lower() not in names] + own
        cookie = self.cookies.field(target.scheme, host, target.path or "/")
        if cookie and "cookie" not in names:
            fields.append(("Cookie", cookie))
        return fields

    def _call(self, environ: dict[str, Any], url: str) -> Response:
        application = validator(self.application) if self.validate else self.application
        with Failures() if self.raise_errors else nullcontext() as failures:
            response = call(application, environ, url, is_strict=self.validate)
        error = failures.cause_of(response.status) if failures is not None else None
        if error is not None:
            response.close()
            raise error
        return response


def _pairs(headers: Headers) -> Iterator[tuple[str, str | None]]:
    """Yield header fields as pairs.

    Raises:
        ValueError: A name or value would end the line.
    """
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        if any(character in f"{name}{value}" for character in _NOT_ALLOWED):
            raise ValueError(f"header {name!r}: {value!r}: has an end of line, or NUL")
        yield name, value


def _split(url: str) -> SplitResult:
    """Take an absolute URL apart.

    Raises:
        ValueError: It is without a host, or its scheme is not ``http`` or ``https``.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r}: expected an absolute URL such as http://localhost:8080")
    return parts._replace(fragment="")


def _next_target(response: Response) -> SplitResult | None:
    """Return the URL that a response redirects to; None without one, or for another host."""
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or location is None:
        return None
    target = urlsplit(urljoin(response.url, location))
    same_host = target.hostname == urlsplit(response.url).hostname
    return target._replace(fragment="") if same_host else None


def _becomes_get(method: str, status: int) -> bool:
    """Tell whether a redirect is followed with GET (RFC 9110 section 15.4)."""
    if status == 303:
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"
