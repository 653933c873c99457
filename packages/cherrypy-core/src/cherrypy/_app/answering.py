"""Answering one request: from the WSGI environ to the body that the server sends (PEP 3333)."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Self

from cherrypy._app.middleware import ExceptionTrapper, InternalRedirector, answer_failure
from cherrypy._app.serving import Environ, abandon, begin, close_body, end, site
from cherrypy._http.headers import HeaderMap
from cherrypy._publishing.publication import Application
from cherrypy._request.run import answer_late, run
from cherrypy._runtime.context import Serving, current
from cherrypy._runtime.errors import InternalRedirect
from cherrypy._runtime.iterators import CHUNK_SIZE, FileContent
from cherrypy._runtime.logs import is_heard
from cherrypy._runtime.messages import Request
from cherrypy._runtime.overriding import Shortened
from cherrypy._runtime.text import decoded_path
from cherrypy.process.wspbus import bus

StartResponse = Callable[..., Any]

_get_current = current.get


def answer(app: Application, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request, as the middleware of the default pipeline does around an application.

    Args:
        app: The application.
        environ: WSGI environ.
        start_response: WSGI callable that takes status and header lines.

    Returns:
        The body: a list where nothing is left to be done when it has been sent, or else an
        iterator that has to be closed.
    """
    try:
        return answer_once(app, environ, start_response)
    except InternalRedirect as redirect:
        return _answer_redirected(app, environ, start_response, redirect)
    except Exception:
        return answer_failure(start_response)


def answer_once(
    app: Application, environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer a request without any middleware; the arguments are those of :func:`answer`.

    Raises:
        InternalRedirect: Another URL is to be answered in place of this one.
        Exception: There is no request, or its response cannot be sent.
    """
    serving = begin(app, environ)
    try:
        run_and_log(app, serving)
        start_response(*serving.response.wsgi_head())
    except BaseException:
        abandon(app, serving)
        raise
    return _body_of(app, serving, environ, start_response)


def run_and_log(app: Application, serving: Serving) -> None:
    """Run a request, and write it to the access log."""
    request = serving.request
    if "run" in request.own_methods:
        _run_by_own_method(request)
    else:
        run(request, serving.response)
    log = app.log
    if log.has_own_access or log.own_methods or site.log.has_own_access or site.log.own_methods:
        site.log.access()
    elif is_heard(log.access_log):
        log.log_request(request, serving.response)


def _run_by_own_method(request: Request) -> None:
    """Run a request by the method ``run`` that replaces that of the class."""
    environ = request.wsgi_environ
    request.run(
        request.method,
        request.request_path,
        request.query_string,
        environ["SERVER_PROTOCOL"],
        request.header_list,
        environ.get("wsgi.input"),
    )


def _body_of(
    app: Application, serving: Serving, environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    """Return what the server sends; where nothing is left to be done afterwards, as it is."""
    request = serving.request
    chunks: Iterable[bytes] = serving.response.chunks
    body = chunks
    if (
        request.plan.on_end_request
        or "close" in request.own_methods
        or app.own_methods
        or bus.listeners["after_request"]
        or (chunks.__class__ is not list and chunks.__class__ is not FileContent)
    ):
        body = OpenBody(app, serving, chunks, start_response)
    else:
        request.closed = True
        if chunks.__class__ is FileContent:
            body = for_server(chunks, environ)
    current.set(serving.outer)  # it may be sent, and closed, by another thread
    return body


def for_server(content: FileContent, environ: Environ) -> Iterable[bytes]:
    """Return the content of a file as the server sends it best.

    A server may have a way to send files without reading them (``wsgi.file_wrapper`` of PEP 3333).
    Some send the file from its beginning, wherever it is; parts are only for those that say, by an
    attribute ``sends_parts``, that they do not.
    """
    wrapper = environ.get("wsgi.file_wrapper")
    if wrapper is None or not content.is_raw:
        return content
    if not content.is_whole and not getattr(wrapper, "sends_parts", False):
        return content
    wrapped: Iterable[bytes] = wrapper(content.file, CHUNK_SIZE)
    return wrapped


def _answer_redirected(
    app: Application,
    environ: Environ,
    start_response: StartResponse,
    redirect: InternalRedirect,
) -> Iterable[bytes]:
    """Answer a request whose handling was ended by a redirect, the first of perhaps several."""
    first: list[InternalRedirect] = [redirect]

    def run_again(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if first:
            raise first.pop()
        return answer_once(app, environ, start_response)

    return ExceptionTrapper(InternalRedirector(run_again))(environ, start_response)


class OpenBody:
    """The body of a response that has to be closed when it has been sent.

    Args:
        app: The application.
        serving: Request and response.
        chunks: The bytes.
        start_response: WSGI callable; an error is answered by it as long as nothing has been sent.
    """

    def __init__(
        self,
        app: Application,
        serving: Serving,
        chunks: Iterable[bytes],
        start_response: StartResponse,
    ) -> None:
        self.cpapp = app
        self.serving: Serving | None = serving
        self.chunks = chunks
        self.iterator = iter(chunks)
        self.start_response: StartResponse | None = start_response

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        # a server may iterate in another thread than it called in, or inside of another request
        before = _get_current()
        current.set(self.serving or before)
        try:
            chunk = next(self.iterator)
        except StopIteration:
            raise
        except Exception as error:
            if self.start_response is None or self.serving is None:
                raise
            return self._answer_error(error, self.serving, self.start_response)
        finally:
            current.set(before)
        if chunk:
            self.start_response = None
        return chunk

    next = __next__

    def _answer_error(
        self, error: Exception, serving: Serving, start_response: StartResponse
    ) -> bytes:
        """Answer an error that came before anything was sent; return the first bytes of the page.

        Raises:
            Exception: The error, if it is to be thrown, or if a server has sent the head.
        """
        self.start_response = None
        response = serving.response
        answer_late(serving.request, response, error)
        start_response(*response.wsgi_head(), sys.exc_info())
        self.chunks = response.chunks
        self.iterator = iter(self.chunks)
        return next(self.iterator, b"")

    def close(self) -> None:
        """Close what the bytes came from, and end the request; once."""
        serving, self.serving = self.serving, None
        if serving is None:
            return
        before = _get_current()
        current.set(serving)
        try:
            close_body(self.cpapp, self.chunks)
        finally:
            end(self.cpapp, serving)
            current.set(before)


class AppResponse(OpenBody, Shortened):
    """The WSGI response of an application: runs the request, then iterates over the body.

    It is what ``wsgi.response_class`` stands for; subclass it to change how a request is run.

    Args:
        environ: WSGI environ.
        start_response: WSGI callable that takes status and header lines.
        cpapp: The application.
    """

    shortened = ("__init__", "__iter__", "__next__", "close", "run", "translate_headers")

    headerNames: ClassVar[dict[str, str]] = {
        "HTTP_CGI_AUTHORIZATION": "Authorization",
        "CONTENT_LENGTH": "Content-Length",
        "CONTENT_TYPE": "Content-Type",
        "REMOTE_HOST": "Remote-Host",
        "REMOTE_ADDR": "Remote-Addr",
    }
    """Names of header fields whose environ keys do not begin with ``HTTP_``."""

    def __init__(self, environ: Environ, start_response: StartResponse, cpapp: Application) -> None:
        self.cpapp = cpapp
        self.environ = environ
        serving = self.serving = begin(cpapp, environ)
        try:
            self.run()
            self.write = start_response(*serving.response.wsgi_head())
            super().__init__(cpapp, serving, serving.response.chunks, start_response)
        except BaseException:
            abandon(cpapp, serving)
            raise
        current.set(serving.outer)

    def run(self) -> None:
        """Run the request."""
        if self.serving is None:
            return
        if "translate_headers" in self.own_methods:
            request = self.serving.request
            request.header_list = list(self.translate_headers(self.environ))
            request.headers = HeaderMap(request.header_list)
        run_and_log(self.cpapp, self.serving)

    def translate_headers(self, environ: Environ) -> Iterator[tuple[str, str]]:
        """Yield the header fields of an environ, by the names they were sent with."""
        for key, value in environ.items():
            if key in self.headerNames:
                yield self.headerNames[key], value
            elif key[:5] == "HTTP_":
                yield key[5:].replace("_", "-"), value

    def recode_path_qs(self, path: str, qs: str) -> tuple[str, str]:
        """Return path and query as text: UTF-8, or else Latin-1 as PEP 3333 hands them over."""
        return decoded_path(path), decoded_path(qs)
