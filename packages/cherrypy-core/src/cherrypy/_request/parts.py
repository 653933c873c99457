"""The parts of a request that are made of its environ when they are first read.

They say what the client sent, whatever has been set on the request or in its headers since.

Each function makes the attribute of its name, see :class:`cherrypy._request.request.Request`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cherrypy._http.headers import HeaderMap, Host, decode_TEXT_maybe, headers_from_environ
from cherrypy._http.targets import urljoin
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Application, Request

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._request.body import RequestBody

DEFAULT_HOSTS = (Host("127.0.0.1", 80), Host("127.0.0.1", 1111))
"""Both ends of the connection of a request that has none, in a test for example."""

DEFAULT_PORTS = {"http": 80, "https": 443}


def environ_key(name: str) -> str:
    """Return the key of a header field in a WSGI environ (PEP 3333)."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def port_of(text: str | None, default: int) -> int:
    """Return a port that a server gave as text; servers on Unix sockets give none."""
    try:
        return int(text or default)
    except ValueError:
        return default


class LazyUUID4:
    """A random identifier that is made when it is first needed (RFC 9562 section 5.4)."""

    __slots__ = ("_text",)

    def __init__(self) -> None:
        self._text = ""

    def __str__(self) -> str:
        if not self._text:
            import uuid

            self._text = str(uuid.uuid4())
        return self._text

    @property
    def uuid4(self) -> str:
        """The identifier as text; the same each time."""
        return str(self)


def scheme(request: Request) -> str:
    """``http`` or ``https``."""
    environ: Mapping[str, object] = request.wsgi_environ
    return str(environ.get("wsgi.url_scheme", "http"))


def server_protocol(request: Request) -> str:
    """Highest version of HTTP that the server speaks."""
    environ: Mapping[str, object] = request.wsgi_environ
    return str(environ.get("ACTUAL_SERVER_PROTOCOL", "HTTP/1.1"))


def multithread(request: Request) -> bool:
    """Whether other threads handle requests at the same time."""
    environ: Mapping[str, object] = request.wsgi_environ
    return bool(environ.get("wsgi.multithread", False))


def multiprocess(request: Request) -> bool:
    """Whether other processes handle requests of this site."""
    environ: Mapping[str, object] = request.wsgi_environ
    return bool(environ.get("wsgi.multiprocess", False))


def prev(request: Request) -> object:
    """The request that an ``InternalRedirect`` ended; ``None`` if there was none."""
    return request.wsgi_environ.get("cherrypy.previous_request")


def login(request: Request) -> str | None:
    """Name of the user whom the server, or a tool, has authenticated."""
    environ = request.wsgi_environ
    user: str | None = environ.get("LOGON_USER") or environ.get("REMOTE_USER")
    return user or None


def request_path(request: Request) -> str:
    """Path with the mount point, decoded."""
    environ = request.wsgi_environ
    script_name: str = environ.get("SCRIPT_NAME", "")
    path_info: str = environ.get("PATH_INFO", "")
    path = script_name + path_info
    if path.isascii() and "PATH_INFO" in environ:
        return urljoin(path)
    return urljoin(request.script_name, request.path_info)


def local(request: Request) -> Host:
    """The end of the connection that is ours."""
    environ = request.wsgi_environ
    if not environ:
        return DEFAULT_HOSTS[0]
    name: str = environ.get("SERVER_NAME", "")
    return Host("", port_of(environ.get("SERVER_PORT"), 80), name)


def remote(request: Request) -> Host:
    """The end of the connection that is the client's."""
    environ = request.wsgi_environ
    if not environ:
        return DEFAULT_HOSTS[1]
    address: str = environ.get("REMOTE_ADDR", "")
    name: str = environ.get("REMOTE_HOST", "")
    return Host(address, port_of(environ.get("REMOTE_PORT"), -1), name)


def headers(request: Request) -> HeaderMap:
    """Header fields, by name in any case."""
    return headers_from_environ(request.wsgi_environ)


def header_list(request: Request) -> list[tuple[str, str]]:
    """Header fields in the order in which the server gave them."""
    return list(headers_from_environ(request.wsgi_environ).items())


def cookie(request: Request) -> "SimpleCookie":
    """Cookies by name (RFC 6265 section 4.2); a malformed one harms none of the others."""
    from cherrypy._http.cookies import parse_cookie

    request.headers.get("Cookie")  # tools that watch which fields are read notice it
    field: str = request.wsgi_environ.get("HTTP_COOKIE", "")
    return parse_cookie(decode_TEXT_maybe(field))


def base(request: Request) -> str:
    """Scheme, host and port of the request, such as ``http://localhost:8080``."""
    environ = request.wsgi_environ
    if not environ:
        return ""
    scheme: str = environ.get("wsgi.url_scheme", request.scheme)
    host: str | None = environ.get("HTTP_HOST")
    if not host:
        host = request.local.name or request.local.ip
        if request.local.port != DEFAULT_PORTS.get(scheme):
            host = f"{host}:{request.local.port}"
    return f"{scheme}://{host}"


def request_line(request: Request) -> str:
    """The request line, put together again."""
    environ = request.wsgi_environ
    if not environ:
        return ""
    query: str = environ.get("QUERY_STRING", "")
    protocol: str = environ.get("SERVER_PROTOCOL", "HTTP/1.0")
    method: str = environ.get("REQUEST_METHOD", request.method)
    target = f"{request.request_path}?{query}" if query else request.request_path
    return f"{method} {target} {protocol}"


def params(request: Request) -> dict[str, Any]:
    """Parameters of the query, and of the body once it is processed."""
    return {}


def rfile(request: Request) -> object:
    """The body as a stream."""
    return request.wsgi_environ.get("wsgi.input")


def body(request: Request) -> "RequestBody":
    """The body; it is read when it is processed."""
    if not request.wsgi_environ:
        return None  # type: ignore[return-value]  # outside of requests
    from cherrypy._request.body import RequestBody

    made = RequestBody(request.rfile, request.headers, request_params=request.params)
    app: Application | None = request.app
    limit = app.max_request_body_size() if app is not None else None
    if limit:
        made.maxbytes = limit
    return made


def error_response(request: Request) -> Callable[[], None] | None:
    """Called to make the response to an unexpected error."""
    return HTTPError(500).set_response


def unique_id(request: Request) -> LazyUUID4:
    """Identifies the request, in logs and error pages for example."""
    return LazyUUID4()
