"""The request, as page handlers, hooks and tools see it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy._config.namespaces import NamespaceSet
from cherrypy._http.errors import TooManyFieldsError
from cherrypy._http.headers import HeaderMap, Host, headers_from_environ
from cherrypy._http.targets import (
    MAX_FIELDS,
    parse_host,
    parse_query_string,
    protocol_from_http,
    urljoin,
)
from cherrypy._publishing.handlers import LateParamPageHandler
from cherrypy._publishing.namespaces import (
    error_page_namespace,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy._publishing.objects import Dispatcher
from cherrypy._publishing.plan import ResourcePlan
from cherrypy._request.error_pages import (
    error_page_content,
    respond_with_error,
)
from cherrypy._request.run import good_hosts, handle_error, respond, run
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, InternalRedirect, NotFound
from cherrypy._runtime.state import lazy
from cherrypy._tools.hooks import HOOK_POINTS, HookMap, SharedHooks

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._request.body import RequestBody

MAX_GOOD_HOSTS = 1000

STAGES = ("run", "respond", "process_headers", "get_resource", "process_query_string", "close")
"""Methods of a request that the request path calls only where a subclass has its own."""

NO_ENVIRON: Mapping[str, Any] = MappingProxyType({})


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


class _hooks(lazy[HookMap]):
    """The attribute ``hooks``: of the class the hooks of all requests, of a request its own."""

    def __get__(self, instance: object | None, owner: Any) -> Any:  # type: ignore[override]
        if instance is None:
            return owner.class_hooks
        return super().__get__(instance, owner)


class Request:
    """One HTTP request (RFC 9110 section 3.4).

    What never changes by itself is a class attribute; what costs something is made when it is
    first read. Applications set attributes of their own on it.

    Args:
        local_host: The end of the connection that is ours.
        remote_host: The end of the connection that is the client's.
        scheme: ``http`` or ``https``.
        server_protocol: Highest version of HTTP that the server speaks.
    """

    if TYPE_CHECKING:
        # applications put on a request what they like

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    # What the server tells ----------------------------------------------------------------------
    wsgi_environ: Mapping[str, Any] = NO_ENVIRON
    """The environ of PEP 3333."""
    # What the request line tells ----------------------------------------------------------------
    method: str = "GET"
    """Request method, as sent (RFC 9110 section 9)."""
    query_string: str = ""
    """Query of the request target, as sent."""
    query_string_encoding: str = "utf8"
    """Charset of the octets in the query."""
    protocol: tuple[int, int] = (1, 1)
    """Version of HTTP that both sides speak."""
    path_info: str = "/"
    """Path below the mount point, decoded."""
    script_name: str = ""
    """Mount point of the application; empty for the root."""

    # What the dispatcher found ------------------------------------------------------------------
    app: Any = None
    """The application that answers; ``None`` outside of requests."""
    dispatch: Callable[[str], None] = Dispatcher()
    """Dispatcher that is used where ``request.dispatch`` is not configured."""
    is_index: bool | None = None
    """Whether the handler is an index; ``None`` as long as that is not known."""
    callable: Any = None
    vpath: Any = ()
    plan: ResourcePlan | None = None

    # What configuration may set -----------------------------------------------------------------
    namespaces: NamespaceSet = NamespaceSet(
        hooks=hooks_namespace,
        request=request_namespace,
        response=response_namespace,
        error_page=error_page_namespace,
    )
    """Handlers of the configuration namespaces that concern a request."""
    process_request_body: bool = True
    """Whether the body is read and made parameters before the handler is called."""
    methods_with_bodies: tuple[str, ...] = ("POST", "PUT", "PATCH")
    """Methods whose body is processed."""
    max_query_fields: int | None = MAX_FIELDS
    """Greatest number of fields in a query; more are answered by 400."""
    show_tracebacks: bool = True
    """Whether error pages show the traceback of an unexpected error."""
    problem_details: bool = False
    """Whether clients that prefer JSON get errors as ``application/problem+json`` (RFC 9457)."""
    show_mismatched_params: bool = True
    """Whether error pages say which parameters do not fit the handler."""
    throws: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit, InternalRedirect)
    """Exceptions that are no errors of the request, and pass through."""
    throw_errors: bool = False
    """Whether unexpected errors are raised out of :meth:`run`, for a debugger for example."""

    # What is going on ---------------------------------------------------------------------------
    stage: str | None = None
    """The step that is being done; for logs."""
    closed: bool = False
    """Whether :meth:`close` has been called."""

    class_hooks: HookMap = SharedHooks(HOOK_POINTS)
    """Hooks of all requests, which a subclass replaces by its attribute ``hooks``."""
    class_error_page: Mapping[int | str, Any] = {}
    """Error pages that a subclass gives all its requests, as its attribute ``error_page``."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.own_stages = frozenset(
            name for name in STAGES if getattr(cls, name) is not getattr(Request, name)
        )
        for name in ("hooks", "error_page"):
            if name in cls.__dict__ and not isinstance(cls.__dict__[name], lazy):
                setattr(cls, f"class_{name}", cls.__dict__[name])
                delattr(cls, name)

    own_stages: frozenset[str] = frozenset()
    """Names of the :data:`STAGES` that a subclass does in its own way; these methods are called."""

    default_hosts: ClassVar[tuple[Host, Host]] = (
        Host("127.0.0.1", 80),
        Host("127.0.0.1", 1111),
    )

    def __init__(
        self,
        local_host: Host,
        remote_host: Host,
        scheme: str = "http",
        server_protocol: str = "HTTP/1.1",
    ) -> None:
        self.local = local_host
        self.remote = remote_host
        self.scheme = scheme
        self.server_protocol = server_protocol

    @lazy
    def scheme(self) -> str:
        """``http`` or ``https``."""
        scheme: str = self.wsgi_environ.get("wsgi.url_scheme", "http")
        return scheme

    @lazy
    def server_protocol(self) -> str:
        """Highest version of HTTP that the server speaks."""
        protocol: str = self.wsgi_environ.get("ACTUAL_SERVER_PROTOCOL", "HTTP/1.1")
        return protocol

    @lazy
    def multithread(self) -> bool:
        """Whether other threads handle requests at the same time."""
        return bool(self.wsgi_environ.get("wsgi.multithread", False))

    @lazy
    def multiprocess(self) -> bool:
        """Whether other processes handle requests of this site."""
        return bool(self.wsgi_environ.get("wsgi.multiprocess", False))

    @lazy
    def prev(self) -> Any:
        """The request that an ``InternalRedirect`` ended; ``None`` if there was none."""
        return self.wsgi_environ.get("cherrypy.previous_request")

    @lazy
    def login(self) -> str | None:
        """Name of the user whom the server, or a tool, has authenticated."""
        environ = self.wsgi_environ
        return environ.get("LOGON_USER") or environ.get("REMOTE_USER") or None

    @lazy
    def request_path(self) -> str:
        """Path with the mount point, decoded."""
        return urljoin(self.script_name, self.path_info)

    @lazy
    def local(self) -> Host:
        """The end of the connection that is ours."""
        environ = self.wsgi_environ
        if not environ:
            return self.default_hosts[0]
        return Host("", port_of(environ.get("SERVER_PORT"), 80), environ.get("SERVER_NAME", ""))

    @lazy
    def remote(self) -> Host:
        """The end of the connection that is the client's."""
        environ = self.wsgi_environ
        if not environ:
            return self.default_hosts[1]
        return Host(
            environ.get("REMOTE_ADDR", ""),
            port_of(environ.get("REMOTE_PORT"), -1),
            environ.get("REMOTE_HOST", ""),
        )

    @lazy
    def headers(self) -> HeaderMap:
        """Header fields, by name in any case."""
        return headers_from_environ(self.wsgi_environ)

    @lazy
    def header_list(self) -> list[tuple[str, str]]:
        """Header fields in the order in which the server gave them."""
        return list(self.headers.items())

    @lazy
    def cookie(self) -> "SimpleCookie":
        """Cookies by name (RFC 6265 section 4.2); a malformed one harms none of the others."""
        from cherrypy._http.cookies import parse_cookie

        return parse_cookie(self.headers.get("Cookie") or "")

    @lazy
    def base(self) -> str:
        """Scheme, host and port of the request, such as ``http://localhost:8080``."""
        if not self.wsgi_environ:
            return ""
        host = self.headers.get("Host")
        if not host:
            host = self.local.name or self.local.ip
            if self.local.port != DEFAULT_PORTS.get(self.scheme):
                host = f"{host}:{self.local.port}"
        return f"{self.scheme}://{host}"

    @lazy
    def request_line(self) -> str:
        """The request line, put together again."""
        if not self.wsgi_environ:
            return ""
        query = self.wsgi_environ.get("QUERY_STRING", "")
        target = f"{self.request_path}?{query}" if query else self.request_path
        return f"{self.method} {target} {self.wsgi_environ.get('SERVER_PROTOCOL', 'HTTP/1.0')}"

    @lazy
    def params(self) -> dict[str, Any]:
        """Parameters of the query, and of the body once it is processed."""
        return {}

    @lazy
    def rfile(self) -> Any:
        """The body as a stream."""
        return self.wsgi_environ.get("wsgi.input")

    @lazy
    def body(self) -> "RequestBody":
        """The body; it is read when it is processed."""
        if not self.wsgi_environ:
            return None  # type: ignore[return-value]  # outside of requests
        from cherrypy._request.body import RequestBody

        body = RequestBody(self.rfile, self.headers, request_params=self.params)
        limit = self.app.max_request_body_size() if self.app is not None else None
        if limit:
            body.maxbytes = limit
        return body

    @lazy
    def config(self) -> dict[str, Any]:
        """The configuration for this request: global, application and node, the nearest wins.

        Outside of requests it is ``None``.
        """
        return None if self.plan is None else dict(self.plan.config)  # type: ignore[return-value]

    @_hooks
    def hooks(self) -> HookMap:
        """Hooks of this request by hook point; others can be attached.

        Outside of a request, as where a plugin starts, and on the class, those of all requests.
        """
        if self.plan is not None:
            return self.plan.hook_map()
        return self.class_hooks if self.app is None else HookMap(HOOK_POINTS)

    @lazy
    def toolmaps(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Settings of tools, by toolbox, tool and argument."""
        return {} if self.plan is None else self.plan.tool_map()

    @lazy
    def error_page(self) -> dict[int | str, Any]:
        """Error pages by status code, and ``default`` for the others."""
        return {} if self.plan is None else dict(self.plan.error_page)

    @lazy
    def error_response(self) -> Callable[[], None]:
        """Called to make the response to an unexpected error."""
        return HTTPError(500).set_response

    @lazy
    def unique_id(self) -> LazyUUID4:
        """Identifies the request, in logs and error pages for example."""
        return LazyUUID4()

    @lazy
    def handler(self) -> Any:
        """What is called to answer; tools replace it, or set ``None`` when they have answered."""
        if self.plan is None:
            return None
        if self.callable is None:
            return NotFound()
        return LateParamPageHandler(self.callable, *self.vpath)

    def not_found(self) -> NotFound:
        """Return the error of a URL at which nothing is published."""
        return NotFound(urljoin(self.script_name, self.path_info))

    def process_query_string(self) -> None:
        """Make parameters of the query.

        Raises:
            HTTPError: 404 if it is not in ``query_string_encoding``, 400 if it has too many fields.
        """
        try:
            fields = parse_query_string(
                self.query_string,
                encoding=self.query_string_encoding,
                max_fields=self.max_query_fields,
            )
        except UnicodeDecodeError as error:
            raise HTTPError(
                404,
                "The given query string could not be processed. Query strings for this resource "
                f"must be encoded with {self.query_string_encoding!r}.",
            ) from error
        except TooManyFieldsError as error:
            raise HTTPError(400, str(error)) from error
        self.params.update(fields)

    def process_headers(self) -> None:
        """Check what HTTP demands of the header fields.

        Raises:
            HTTPError: 400 where a client of HTTP/1.1 named no host.
            MalformedTargetError: The field names what can be no host.

        See: RFC 9112 section 3.2.
        """
        if "Host" not in self.headers:
            if self.protocol >= (1, 1):
                raise HTTPError(400, "HTTP/1.1 requires a 'Host' request header.")
            return
        host = self.wsgi_environ.get("HTTP_HOST")
        if host:
            parse_host(host)
        if len(good_hosts) >= MAX_GOOD_HOSTS:
            good_hosts.clear()
        good_hosts.add(host)

    def get_resource(self, path: str) -> None:
        """Call the dispatcher that is configured for a path.

        Args:
            path: Path below the mount point.
        """
        self.app.dispatcher_of(path, self.dispatch)(path)

    def run(
        self,
        method: str,
        path: str,
        query_string: str,
        req_protocol: str,
        headers: Iterable[tuple[str, str]],
        rfile: Any,
    ) -> Any:
        """Handle the request without a WSGI environ, in a test for example.

        Args:
            method: Request method.
            path: Path with the mount point, decoded.
            query_string: Query as sent.
            req_protocol: Version of HTTP of the client, such as ``HTTP/1.1``.
            headers: Pairs of name and value.
            rfile: The body as a stream.

        Returns:
            The response, with ``output_status``, ``header_list`` and ``body``.
        """
        header_list = list(headers)
        self.header_list = header_list
        self.headers = HeaderMap(header_list)
        self.wsgi_environ = self.wsgi_environ or {
            "SERVER_PROTOCOL": req_protocol,
            "QUERY_STRING": query_string,
        }
        self.method = method
        self.query_string = query_string
        self.rfile = rfile
        self.request_path = urljoin(path) if path != "*" else path
        self.protocol = min(
            protocol_from_http(req_protocol), protocol_from_http(self.server_protocol)
        )
        if self.app is not None:
            self.script_name = self.app.script_name or ""
        self.path_info = self.request_path.removeprefix(self.script_name.rstrip("/")) or "/"
        response = current.get().response
        run(self, response)
        return response

    def respond(self, path_info: str) -> None:
        """Make the response to a path below the mount point."""
        self.path_info = path_info
        respond(self, current.get().response)

    def handle_error(self) -> None:
        """Make the response to the unexpected error that is being handled."""
        handle_error(self, current.get().response)

    def respond_with_error(self, error: HTTPError) -> None:
        """Make the response an error page."""
        respond_with_error(self, current.get().response, error)

    def error_page_content(
        self,
        status: int | str,
        **kwargs: Any,
    ) -> bytes | Iterator[bytes]:
        """Return the content of an error page of this request."""
        return error_page_content(self, current.get().response, status, **kwargs)

    def close(self) -> None:
        """Run the hooks ``on_end_request``, once."""
        if not self.closed:
            self.closed = True
            self.stage = "on_end_request"
            if "hooks" in self.__dict__:
                self.hooks.run("on_end_request")
            elif self.plan is not None:  # PERF: no map of its own for hooks that nobody has changed
                HookMap.run_hooks(self.plan.hooks["on_end_request"])
            self.stage = "close"


DEFAULT_PORTS = {"http": 80, "https": 443}


def port_of(text: str | None, default: int) -> int:
    """Return a port that a server gave as text; servers on Unix sockets give none."""
    try:
        return int(text or default)
    except ValueError:
        return default
