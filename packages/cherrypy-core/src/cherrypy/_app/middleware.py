"""WSGI middleware: what is around an application by default, and what sites put there."""

import io
import logging
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from cherrypy._http.errors import ProtocolError
from cherrypy._http.status import format_status, valid_status
from cherrypy._request.error_pages import bare_error
from cherrypy._runtime.errors import InternalRedirect
from cherrypy._runtime.overriding import Shortened
from cherrypy._runtime.text import encoded_path
from cherrypy.process._tracebacks import format_exception
from cherrypy.process.wspbus import bus

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGICallable = Callable[[Environ, StartResponse], Iterable[bytes]]


class ExceptionTrapper(Shortened):
    """WSGI middleware that answers where an application raises.

    Args:
        nextapp: WSGI application.
        throws: Exceptions that pass through.
    """

    shortened = ("__init__", "__call__")

    def __init__(
        self,
        nextapp: WSGICallable,
        throws: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit),
    ) -> None:
        self.nextapp = nextapp
        self.throws = throws

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        try:
            answer = self.nextapp(environ, start_response)
        except self.throws:
            raise
        except Exception:
            return answer_failure(start_response)
        if isinstance(answer, Generator):  # it has not begun yet
            return _TrappedPieces(answer, start_response, self.throws)
        return answer


class _TrappedPieces:
    """What a generator yields, and the answer to its failure in place of the rest.

    Args:
        pieces: The application.
        start_response: As PEP 3333 has it: it raises the failure if the head has been sent.
        throws: Exceptions that pass through.
    """

    def __init__(
        self,
        pieces: Generator[bytes, None, None],
        start_response: StartResponse,
        throws: tuple[type[BaseException], ...],
    ) -> None:
        self._pieces = pieces
        self._start_response = start_response
        self._throws = throws

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
        except self._throws:
            raise
        except Exception:
            yield from answer_failure(self._start_response)

    def close(self) -> None:
        """End the generator, as the server has to."""
        self._pieces.close()


def answer_failure(start_response: StartResponse) -> list[bytes]:
    """Answer the exception that is being handled, and log it; the client is told nothing of it."""
    error = sys.exc_info()[1]
    if isinstance(error, ProtocolError):  # so malformed that no request was made of it
        return _answer_malformed(start_response, error)
    bus.log("" if error is None else format_exception(error), level=logging.ERROR)
    status, fields, body = bare_error()
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
    start_response(status.decode("latin-1"), lines, sys.exc_info())
    return body


def _answer_malformed(start_response: StartResponse, error: ProtocolError) -> list[bytes]:
    body = str(error).encode("utf-8")
    code, reason, _ = valid_status(error.status)
    fields = [("Content-Type", "text/plain;charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(format_status(code, reason), fields, sys.exc_info())
    return [body]


class InternalRedirector(Shortened):
    """WSGI middleware that runs a request again where an ``InternalRedirect`` says so.

    Args:
        nextapp: WSGI application.
        recursive: Whether the same URL may be visited more than once.
    """

    shortened = ("__init__", "__call__")

    def __init__(self, nextapp: WSGICallable, recursive: bool = False) -> None:
        self.nextapp = nextapp
        self.recursive = recursive

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333).

        Raises:
            RuntimeError: The redirects lead to a URL that was visited before.
        """
        visited: list[str] = []
        while True:
            try:
                return self.nextapp(environ, start_response)
            except InternalRedirect as redirect:
                environ = self._redirected(environ, redirect, visited)

    def _redirected(
        self, environ: Environ, redirect: InternalRedirect, visited: list[str]
    ) -> Environ:
        """Return the environ of the URL that a redirect leads to: a GET without content."""
        base = environ.get("SCRIPT_NAME", "")
        visited.append(
            _path_and_query(base + environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""))
        )
        # a server that knows nothing of the mount point has it in the path
        mount_point = encoded_path(redirect.request.script_name).removeprefix(base.rstrip("/"))
        path = mount_point + encoded_path(redirect.path)
        target = _path_and_query(base + path, redirect.query_string)
        if not self.recursive and target in visited:
            raise RuntimeError(f"InternalRedirector visited the same URL twice: {target!r}")
        redirected = {
            **environ,
            "REQUEST_METHOD": "HEAD" if environ["REQUEST_METHOD"] == "HEAD" else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": redirect.query_string,
            "wsgi.input": io.BytesIO(),
            "CONTENT_LENGTH": "0",
            "cherrypy.previous_request": redirect.request,
        }
        redirected.pop("HTTP_TRANSFER_ENCODING", None)
        return redirected


def _path_and_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


class VirtualHost:
    """WSGI middleware that chooses an application by the Host field.

    Args:
        default: WSGI application for hosts that are not listed.
        domains: WSGI applications by host, with the port where it is not the default one.
        use_x_forwarded_host: Whether ``X-Forwarded-Host`` counts in place of ``Host``.
    """

    default: WSGICallable
    domains: dict[str, WSGICallable]
    use_x_forwarded_host = True

    def __init__(
        self,
        default: WSGICallable,
        domains: dict[str, WSGICallable] | None = None,
        use_x_forwarded_host: bool = True,
    ) -> None:
        self.default = default
        self.domains = domains or {}
        self.use_x_forwarded_host = use_x_forwarded_host

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        domain = environ.get("HTTP_HOST", "")
        if self.use_x_forwarded_host:
            domain = environ.get("HTTP_X_FORWARDED_HOST", domain)
        return self.domains.get(domain, self.default)(environ, start_response)
