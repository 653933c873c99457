"""An application as a WSGI callable, and the middleware around it (PEP 3333)."""

import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from threading import get_ident
from time import time
from types import SimpleNamespace
from typing import Any, ClassVar, Self

from cherrypy._app.shortcuts import HTTP_1_1, remember
from cherrypy._config.generations import generation
from cherrypy._http.dates import now_field
from cherrypy._http.errors import ProtocolError
from cherrypy._http.headers import Host
from cherrypy._http.status import format_status, valid_status
from cherrypy._http.targets import protocol_from_http, urljoin
from cherrypy._publishing.plan import Plans
from cherrypy._request.error_pages import bare_error, format_exc
from cherrypy._request.finish import SERVER_LINE
from cherrypy._request.request import Request, port_of
from cherrypy._request.response import Response
from cherrypy._request.run import run
from cherrypy._runtime.context import Serving, current
from cherrypy._runtime.errors import InternalRedirect
from cherrypy._runtime.iterators import CHUNK_SIZE, FileContent
from cherrypy._runtime.logs import is_heard
from cherrypy._runtime.names import object_named
from cherrypy._runtime.text import decoded_path, encoded_path
from cherrypy.process.wspbus import bus

Application = Any  # of the module above this one
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGICallable = Callable[[Environ, StartResponse], Iterable[bytes]]

site: Any = SimpleNamespace(threads={}, log=None)
"""The assembly puts here which threads the engine knows, and the log of the site."""

_new = object.__new__
_get_current = current.get


def answer(  # noqa: C901, PLR0912 - PERF: one call
    app: Application, environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer a request; this does at once what the default pipeline does.

    Args:
        app: The application.
        environ: WSGI environ.
        start_response: WSGI callable that takes status and header lines.

    Returns:
        The body: a list where nothing is left to be done when it has been sent, or else an
        iterator that has to be closed.
    """
    plans = app.current_plans
    if plans is not None and plans.shortcuts:
        content = _answer_shortly(app, plans, environ, start_response)
        if content is not None:
            return content
    serving = None
    try:
        serving = begin(app, environ)
        request = serving.request
        response = serving.response
        if "run" in request.own_stages:
            run_by_own_method(serving, environ)
        else:
            run(request, response)
        log = app.log
        if log.has_own_access or site.log.has_own_access:
            site.log.access()
        elif is_heard(log.access_log):
            log.log_request(request, response)
        if "octet_lines" in response.__dict__:
            start_response(*response.wsgi_head())
        else:
            start_response(response.status_line, response.field_lines)
        if "is_finished" in response.__dict__:
            remember(app, environ, request)
    except InternalRedirect as redirect:
        _end_if_begun(app, serving)
        return _answer_redirected(app, environ, start_response, redirect)
    except Exception:
        _end_if_begun(app, serving)
        return answer_failure(start_response)
    except BaseException:
        _end_if_begun(app, serving)
        raise
    chunks: Iterable[bytes] = response.chunks
    is_list = chunks.__class__ is list
    if (
        (is_list or chunks.__class__ is FileContent)
        and "hooks" not in request.__dict__
        and not app.has_own_serving
        and "close" not in request.own_stages
        and (request.plan is None or not request.plan.hooks["on_end_request"])
        and not bus.listeners["after_request"]
    ):
        # PERF: nothing to be done at the end, so the server gets the octets themselves
        request.closed = True
        current.set(serving.outer)
        return chunks if is_list else for_server(chunks, environ)  # type: ignore[arg-type]  # see above
    body = OpenBody(app, serving, chunks)
    current.set(serving.outer)  # it may be sent, and closed, by another thread
    return body


def _answer_shortly(
    app: Application, plans: Plans, environ: Environ, start_response: StartResponse
) -> Iterable[bytes] | None:
    """Answer without making a request; ``None`` if that is not possible, and nothing is done.

    It is not where somebody wants to hear of requests: the access log, or a listener on the bus.
    """
    shortcut = plans.shortcuts.get(environ.get("PATH_INFO", ""))
    if shortcut is None or plans.token is not generation.token:
        return None
    listeners = bus.listeners
    log = app.log
    if (
        len(listeners["acquire_thread"]) != 1
        or get_ident() not in site.threads
        or listeners["before_request"]
        or listeners["after_request"]
        or log.has_own_access
        or site.log.has_own_access
        or is_heard(log.access_log)
    ):
        return None
    answer = shortcut.take(environ)
    if answer is None:
        return None
    status, lines, chunks = answer
    try:
        start_response(status, [SERVER_LINE, ("Date", now_field()), *lines])
    except BaseException as error:
        close_body(app, chunks)
        if isinstance(error, Exception):
            return answer_failure(start_response)
        raise
    return for_server(chunks, environ) if chunks.__class__ is FileContent else chunks


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
        return AppResponse(environ, start_response, app)

    return ExceptionTrapper(InternalRedirector(run_again))(environ, start_response)


def begin(app: Application, environ: Environ) -> Serving:  # noqa: C901, PLR0912 - PERF: one call
    """Make the request and the response of a WSGI environ, and make them current."""
    try:
        path = environ["PATH_INFO"]
        base = environ["SCRIPT_NAME"]
        query_string = environ["QUERY_STRING"]
        protocol = environ["SERVER_PROTOCOL"]
    except KeyError:
        return begin(app, {**OPTIONAL_KEYS, **environ})
    outer = _get_current()
    try:
        request_class = app.request_class
        response_class = app.response_class
        if (
            request_class.__init__ is Request.__init__
            and response_class.__init__ is Response.__init__
            and not app.has_own_serving
        ):
            # PERF: what the constructors set is made of the environ when it is first read
            request = _new(request_class)
            response = _new(response_class)
            response.time = time()
            serving = Serving(request, response, outer)
            current.set(serving)
            listeners = bus.listeners
            if len(listeners["acquire_thread"]) != 1 or get_ident() not in site.threads:
                bus.publish("acquire_thread")
            if listeners["before_request"]:
                bus.publish("before_request")
        else:
            _made_by_application(app, environ)
            serving = _get_current()
            serving.outer = outer
            request = serving.request
        request.app = app
        request.wsgi_environ = environ
        request.method = environ["REQUEST_METHOD"]
        if query_string:
            request.query_string = decoded_path(query_string)
        if protocol != HTTP_1_1 or (
            "ACTUAL_SERVER_PROTOCOL" in environ and environ["ACTUAL_SERVER_PROTOCOL"] != HTTP_1_1
        ):
            request.protocol = _common_protocol(environ)
        if app.mount_point or base:
            _set_mounted_path(app, request, environ)
        elif path != "/":
            if not path.isascii():
                path = _decoded_path_info(app, path)
            if "//" in path:
                path = urljoin(path)
            request.path_info = path or "/"
    except BaseException:
        serving = _get_current()
        if serving is not outer:
            serving.outer = outer
            end(app, serving)
        raise
    return serving


OPTIONAL_KEYS = {
    "SCRIPT_NAME": "",
    "PATH_INFO": "",
    "QUERY_STRING": "",
    "SERVER_PROTOCOL": HTTP_1_1,
}
"""What PEP 3333 lets a server leave out, or a test forget."""


def _end_if_begun(app: Application, serving: Serving | None) -> None:
    if serving is not None:
        close_body(app, serving.response.chunks)
        end(app, serving)


def _made_by_application(app: Application, environ: Environ) -> None:
    """Let an application make request and response in its own way."""
    app.get_serving(
        Host("", port_of(environ.get("SERVER_PORT"), 80), environ.get("SERVER_NAME", "")),
        Host(
            environ.get("REMOTE_ADDR", ""),
            port_of(environ.get("REMOTE_PORT"), -1),
            environ.get("REMOTE_HOST", ""),
        ),
        environ.get("wsgi.url_scheme", "http"),
        environ.get("ACTUAL_SERVER_PROTOCOL", HTTP_1_1),
    )


def _common_protocol(environ: Environ) -> tuple[int, int]:
    """Return the highest version of HTTP that both sides speak (RFC 9110 section 2.5)."""
    return min(
        protocol_from_http(environ.get("SERVER_PROTOCOL", HTTP_1_1)),
        protocol_from_http(environ.get("ACTUAL_SERVER_PROTOCOL", HTTP_1_1)),
    )


def _set_mounted_path(app: Application, request: Any, environ: Environ) -> None:
    """Set mount point and path of a request for an application that is not at the root."""
    base = environ["SCRIPT_NAME"]
    script_name = app.mount_point
    if script_name is None:
        script_name = decoded_path(base).rstrip("/")
    request.script_name = script_name
    whole = urljoin(base, environ["PATH_INFO"])
    request.path_info = _decoded_path_info(app, whole[len(encoded_path(script_name)) :])


def _decoded_path_info(app: Application, wsgi_text: str) -> str:
    """Return the text of a path below a mount point, in the charset that its section says."""
    if wsgi_text.isascii():
        return wsgi_text
    return decoded_path(wsgi_text, app.find_config(wsgi_text, "request.uri_encoding", "utf-8"))


def run_and_log(serving: Serving) -> Any:
    """Run a request, and write it to the access log."""
    if "run" in serving.request.own_stages:
        run_by_own_method(serving, serving.request.wsgi_environ)
    else:
        run(serving.request, serving.response)
    site.log.access()
    return serving.response


def run_by_own_method(serving: Serving, environ: Environ) -> None:
    """Run a request by the method ``run`` of an application's own class."""
    request = serving.request
    request.run(
        request.method,
        request.request_path,
        request.query_string,
        environ["SERVER_PROTOCOL"],
        request.header_list,
        environ.get("wsgi.input"),
    )


def end(app: Application, serving: Serving) -> None:
    """End a request: run its last hooks and forget it. It never fails."""
    current.set(serving)
    try:
        app.release_serving()
    finally:
        current.set(serving.outer)


def close_body(app: Application, chunks: Iterable[bytes]) -> None:
    """Close what the octets of a response come from; what fails in that is only logged."""
    try:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    except Exception:
        app.log.error(severity=logging.ERROR, traceback=True)  # noqa: TRY400 - our own


class OpenBody:
    """The body of a response that has to be closed when it has been sent.

    Args:
        app: The application.
        serving: Request and response.
        chunks: The octets.
    """

    def __init__(self, app: Application, serving: Serving, chunks: Iterable[bytes]) -> None:
        self.cpapp = app
        self.serving: Serving | None = serving
        self.chunks = chunks
        self.iterator = iter(chunks)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        # a server may iterate in another thread than it called in, or inside of another request
        before = _get_current()
        current.set(self.serving or before)
        try:
            return next(self.iterator)
        finally:
            current.set(before)

    next = __next__

    def close(self) -> None:
        """Close what the octets came from, and end the request; once."""
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


class AppResponse(OpenBody):
    """The WSGI response of an application: runs the request, then iterates over the body.

    It is what ``wsgi.response_class`` stands for; subclass it to change how a request is run.

    Args:
        environ: WSGI environ.
        start_response: WSGI callable that takes status and header lines.
        cpapp: The application.
    """

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
        self.serving = begin(cpapp, environ)
        try:
            self.run()
            response = self.serving.response
            self.write = start_response(*response.wsgi_head())
            super().__init__(cpapp, self.serving, response.chunks)
        except BaseException:
            _end_if_begun(cpapp, self.serving)
            raise
        current.set(self.serving.outer)

    def run(self) -> None:
        """Run the request."""
        if self.serving is not None:
            run_and_log(self.serving)

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


class ExceptionTrapper:
    """WSGI middleware that answers where an application raises.

    Args:
        nextapp: WSGI application.
        throws: Exceptions that pass through.
    """

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
            return self.nextapp(environ, start_response)
        except self.throws:
            raise
        except Exception:
            return answer_failure(start_response)


def answer_failure(start_response: StartResponse) -> list[bytes]:
    """Answer the exception that is being handled, and log it; the client is told nothing of it."""
    error = sys.exc_info()[1]
    if isinstance(error, ProtocolError):  # so malformed that no request was made of it
        return _answer_malformed(start_response, error)
    bus.log(format_exc(), level=logging.ERROR)
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


class InternalRedirector:
    """WSGI middleware that runs a request again where an ``InternalRedirect`` says so.

    Args:
        nextapp: WSGI application.
        recursive: Whether the same URL may be visited more than once.
    """

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


DEFAULT_PIPELINE: list[tuple[str, Callable[..., WSGICallable]]] = [
    ("ExceptionTrapper", ExceptionTrapper),
    ("InternalRedirector", InternalRedirector),
]


class CPWSGIApp:
    """An application with the middleware around it.

    Args:
        cpapp: The application.
        pipeline: Pairs of name and WSGI middleware, outermost first; they are added to the default
            ones, inside of them.
    """

    pipeline: list[tuple[str, Callable[..., WSGICallable]]] = DEFAULT_PIPELINE
    head: WSGICallable | None = None
    """The outermost WSGI application; made for the first request."""
    config: ClassVar[dict[str, dict[str, Any]]] = {}
    """Keyword arguments for each middleware, by its name."""
    response_class: type[Any] = AppResponse
    """Class of the WSGI response."""

    def __init__(
        self,
        cpapp: Application,
        pipeline: Iterable[tuple[str, Callable[..., WSGICallable]]] | None = None,
    ) -> None:
        self.cpapp = cpapp
        self.pipeline = self.pipeline[:]
        if pipeline:
            self.pipeline.extend(pipeline)
        self.config = dict(self.config)  # type: ignore[misc]  # each instance has its own

    def tail(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer a request without any middleware."""
        return self.response_class(environ, start_response, self.cpapp)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        return (self.head or self._build())(environ, start_response)

    def _build(self) -> WSGICallable:
        """Put the middleware around the application, and keep the result."""
        head: WSGICallable
        if (
            self.__class__ is CPWSGIApp
            and self.pipeline == DEFAULT_PIPELINE
            and self.response_class is AppResponse
            and not self.config
        ):
            head = self.head = partial(answer, self.cpapp)
            return head
        head = self.tail
        for name, middleware in reversed(self.pipeline):
            head = middleware(head, **self.config.get(name, {}))
        self.head = head
        return head

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name != "head":
            self.head = None  # made anew, of what is set now

    def namespace_handler(self, k: str, v: Any) -> None:
        """Act on a setting of the namespace ``wsgi``.

        Args:
            k: ``pipeline``, ``response_class``, or name and argument of a middleware.
            v: Its value.
        """
        if k == "pipeline":
            self.pipeline.extend(v)
        elif k == "response_class":
            self.response_class = object_named(v) if isinstance(v, str) else v
        else:
            name, _, argument = k.partition(".")
            self.config.setdefault(name, {})[argument] = v
        self.head = None
