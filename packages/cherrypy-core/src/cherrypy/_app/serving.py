"""The beginning and the end of a request."""

import logging
from collections.abc import Iterable, Mapping
from threading import get_ident
from time import time
from typing import Any

from cherrypy._http.headers import Host
from cherrypy._http.targets import protocol_from_http, urljoin
from cherrypy._publishing.publication import Application
from cherrypy._request.parts import port_of
from cherrypy._request.whole_input import guard_input
from cherrypy._runtime.context import Arrival, Serving, current
from cherrypy._runtime.iterators import close
from cherrypy._runtime.logs import LogManager
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import note_own_methods
from cherrypy._runtime.text import decoded_path, encoded_path
from cherrypy.process.wspbus import bus

Environ = dict[str, Any]

HTTP_1_1 = "HTTP/1.1"

OPTIONAL_KEYS = {
    "SCRIPT_NAME": "",
    "PATH_INFO": "",
    "QUERY_STRING": "",
    "SERVER_PROTOCOL": HTTP_1_1,
}
"""What PEP 3333 lets a server leave out, or a test forget."""


class Site:
    """What all applications share; the assembly fills it in."""

    threads: Mapping[int, object] = {}
    """Threads that the engine knows."""
    log: LogManager
    """The log of the site."""


site = Site()

_new = object.__new__


def begin(app: Application, environ: Environ) -> Serving:
    """Make the request and the response of a WSGI environ, and make them current.

    Raises:
        ProtocolError: The environ cannot be understood. There is no request then.
    """
    outer = current.get()
    request_class: type[Request] = app.request_class
    response_class: type[Response] = app.response_class
    if (
        app.own_methods
        or "__init__" in request_class.own_methods
        or "__init__" in response_class.own_methods
    ):
        return _begin_by_application(app, environ, outer)
    # PERF: what the constructors set is made of the environ when it is first read
    request = _new(request_class)
    describe(request, app, environ)
    response = _new(response_class)
    response.time = time()
    serving = Serving(request, response, outer)
    current.set(serving)
    listeners = bus.listeners
    try:
        if len(listeners["acquire_thread"]) != 1 or get_ident() not in site.threads:
            bus.publish("acquire_thread")
        if listeners["before_request"]:
            bus.publish("before_request")
            note_own_methods(request)
    except BaseException:
        end(app, serving)
        raise
    return serving


def _begin_by_application(app: Application, environ: Environ, outer: Serving) -> Serving:
    """Let an application make request and response in its own way."""
    current.set(Arrival(lambda request: describe(request, app, environ), outer))
    try:
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
        serving = current.get()
        serving.outer = outer
        if not serving.request.wsgi_environ:  # a class that makes its instances in its own way
            describe(serving.request, app, environ)
        note_own_methods(serving.request)
    except BaseException:
        serving = current.get()
        current.set(outer)
        if not isinstance(serving, Arrival):
            serving.outer = outer
            end(app, serving)
        raise
    return serving


def describe(request: Request, app: Application, environ: Environ) -> None:
    """Set on a request what the environ says of the request line, and the application.

    Raises:
        ProtocolError: The environ cannot be understood.
    """
    try:
        path: str = environ["PATH_INFO"]
        base: str = environ["SCRIPT_NAME"]
        query_string: str = environ["QUERY_STRING"]
        protocol: str = environ["SERVER_PROTOCOL"]
    except KeyError:
        describe(request, app, {**OPTIONAL_KEYS, **environ})
        return
    if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
        guard_input(environ)
    request.app = app
    request.wsgi_environ = environ
    request.method = environ["REQUEST_METHOD"]
    request.params = {}
    if query_string:
        request.query_string = decoded_path(query_string)
    if protocol != HTTP_1_1 or (
        "ACTUAL_SERVER_PROTOCOL" in environ and environ["ACTUAL_SERVER_PROTOCOL"] != HTTP_1_1
    ):
        request.protocol = _common_protocol(environ)
    if app.mount_point or base:
        _set_mounted_path(request, app, environ)
    elif path != "/":
        if not path.isascii():
            path = _decoded_path_info(app, path)
        if "//" in path:
            path = urljoin(path)
        request.path_info = path or "/"


def _common_protocol(environ: Environ) -> tuple[int, int]:
    """Return the highest version of HTTP that both sides speak (RFC 9110 section 2.5)."""
    return min(
        protocol_from_http(environ["SERVER_PROTOCOL"]),
        protocol_from_http(environ.get("ACTUAL_SERVER_PROTOCOL", HTTP_1_1)),
    )


def _set_mounted_path(request: Request, app: Application, environ: Environ) -> None:
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


def end(app: Application, serving: Serving) -> None:
    """End a request: run its last hooks and forget it. It never fails."""
    current.set(serving)
    try:
        app.release_serving()
    finally:
        current.set(serving.outer)


def abandon(app: Application, serving: Serving) -> None:
    """End a request whose response is not going to be sent."""
    close_body(app, serving.response.chunks)
    end(app, serving)


def close_body(app: Application, chunks: Iterable[bytes]) -> None:
    """Close what the bytes of a response come from; a failure of that is only logged."""
    try:
        close(chunks)
    except Exception:
        app.log.error(severity=logging.ERROR, traceback=True)  # noqa: TRY400 - our own
