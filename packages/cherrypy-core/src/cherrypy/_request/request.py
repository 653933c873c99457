"""The request, as page handlers, hooks and tools see it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cherrypy._config.namespaces import NamespaceSet
from cherrypy._http.errors import TooManyFieldsError
from cherrypy._http.headers import HeaderMap, Host
from cherrypy._http.targets import (
    MAX_FIELDS,
    parse_host,
    parse_query_string,
    protocol_from_http,
    urljoin,
)
from cherrypy._publishing.handlers import FOUND, LateParamPageHandler
from cherrypy._publishing.namespaces import (
    error_page_namespace,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy._publishing.objects import Dispatcher
from cherrypy._publishing.plan import AS_PLANNED, EARLY
from cherrypy._publishing.publication import Application
from cherrypy._request import error_pages, parts
from cherrypy._request.error_pages import respond_with_error
from cherrypy._request.run import good_hosts, handle_error, respond, run, run_hooks
from cherrypy._runtime.context import Arrival, current
from cherrypy._runtime.errors import HTTPError, InternalRedirect, NotFound
from cherrypy._runtime.messages import Plan
from cherrypy._runtime.overriding import ClassAttribute, Shortened
from cherrypy._runtime.state import lazy
from cherrypy._tools.hooks import HOOK_POINTS, HookMap, SharedHooks

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._request.body import RequestBody

MAX_GOOD_HOSTS = 1000

NO_ENVIRON: Mapping[str, Any] = MappingProxyType({})


class _Hooks(ClassAttribute):
    """The attribute ``hooks``: of the class the hooks of all requests, of a request its own."""

    def __get__(self, instance: "Request | None", owner: "type[Request]") -> HookMap:
        if instance is None or (instance.own_hooks is None and instance.app is None):
            return owner.class_hooks
        if instance.own_hooks is None:
            instance.own_hooks = instance.plan.hook_map(instance)
            instance.plan = instance.plan.with_own_hooks()
        return instance.own_hooks

    def set_on_class(self, owner: "type[Request]", value: HookMap) -> None:
        """Make hooks those of all requests; whatever is done to them later counts, too."""
        owner.class_hooks = SharedHooks(HOOK_POINTS)
        owner.class_hooks.update(value)

    def __set__(self, instance: "Request", hooks: HookMap) -> None:
        instance.own_hooks = hooks
        instance.plan = instance.plan.with_own_hooks()


class _Namespaces(ClassAttribute):
    """The attribute ``namespaces``: handlers of configuration namespaces, of all or for one."""

    def __get__(self, instance: "Request | None", owner: "type[Request]") -> NamespaceSet:
        if instance is None or (instance.own_namespaces is None and instance.app is None):
            return owner.class_namespaces
        if instance.own_namespaces is None:
            self.__set__(instance, NamespaceSet(instance.app.request_namespaces()))
        return instance.own_namespaces  # type: ignore[return-value]  # it has been set

    def set_on_class(self, owner: "type[Request]", value: NamespaceSet) -> None:
        """Make namespaces those of all requests."""
        owner.class_namespaces = value

    def __set__(self, instance: "Request", namespaces: NamespaceSet) -> None:
        instance.own_namespaces = namespaces
        instance.note_early_use()


class Request(Shortened):
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
        def __setattr__(self, name: str, value: object) -> None: ...

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
    app: Application = None  # type: ignore[assignment]  # handlers know that there is one
    """The application that answers; ``None`` outside of requests."""
    dispatch: Callable[[str], object] = Dispatcher()
    """Dispatcher that is used where ``request.dispatch`` is not configured."""
    is_index: bool | None = None
    """Whether the handler is an index; ``None`` as long as that is not known."""
    callable: Callable[..., object] | None = None
    """The callable that a dispatcher found; :attr:`handler` calls it."""
    vpath: Sequence[str] = ()
    """The rest of the path, as positional arguments for the callable."""
    found_handler: Callable[[], object] | None = None
    """The handler; ``FOUND`` as long as nobody has read it, ``None`` if nothing is to be called."""
    plan: Plan = EARLY
    """What the configuration means for this request; ``EARLY`` until the resource is found."""

    # What was read or set of this request, and counts in place of what the plan says -------------
    own_hooks: HookMap | None = None
    passed_gates: tuple[object, ...] = ()
    is_body_deferred = False
    own_toolmaps: dict[str, dict[str, dict[str, Any]]] | None = None
    own_error_page: dict[int | str, Any] | None = None
    own_config: dict[str, Any] | None = AS_PLANNED
    own_namespaces: NamespaceSet | None = None

    # What configuration may set -----------------------------------------------------------------
    class_namespaces: ClassVar[NamespaceSet] = NamespaceSet(
        hooks=hooks_namespace,
        request=request_namespace,
        response=response_namespace,
        error_page=error_page_namespace,
    )
    """Handlers of the configuration namespaces that concern all requests."""
    namespaces = _Namespaces()
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

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "hooks" in vars(cls):
            own_hooks: HookMap = vars(cls)["hooks"]
            del cls.hooks
            _Hooks().set_on_class(cls, own_hooks)
        for name in ("error_page", "namespaces"):
            if name in vars(cls):
                setattr(cls, f"class_{name}", vars(cls)[name])
                delattr(cls, name)

    shortened = (
        "__init__",
        "run",
        "respond",
        "process_headers",
        "get_resource",
        "process_query_string",
        "handle_error",
        "close",
        *("headers", "remote", "request_line", "request_path"),
    )
    """What the request path, or the access log, calls or reads only where it has been replaced."""

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Make a request that is complete before ``__init__`` of a subclass sees it."""
        request = super().__new__(cls)
        arrival = current.get()
        if isinstance(arrival, Arrival):
            arrival.describe(request)
        return request

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

    scheme: str = lazy(parts.scheme)
    """``http`` or ``https``."""

    server_protocol: str = lazy(parts.server_protocol)
    """Highest version of HTTP that the server speaks."""

    multithread: bool = lazy(parts.multithread)
    """Whether other threads handle requests at the same time."""

    multiprocess: bool = lazy(parts.multiprocess)
    """Whether other processes handle requests of this site."""

    prev: Any = lazy(parts.prev)
    """The request that an ``InternalRedirect`` ended; ``None`` if there was none."""

    login: str | None = lazy(parts.login)
    """Name of the user whom the server, or a tool, has authenticated."""

    request_path: str = lazy(parts.request_path)
    """Path with the mount point, decoded."""

    local: Host = lazy(parts.local)
    """The end of the connection that is ours."""

    remote: Host = lazy(parts.remote)
    """The end of the connection that is the client's."""

    headers: HeaderMap = lazy(parts.headers)
    """Header fields, by name in any case."""

    header_list: list[tuple[str, str]] = lazy(parts.header_list)
    """Header fields in the order in which the server gave them."""

    cookie: "SimpleCookie" = lazy(parts.cookie)
    """Cookies by name (RFC 6265 section 4.2); a malformed one harms none of the others."""

    base: str = lazy(parts.base)
    """Scheme, host and port of the request, such as ``http://localhost:8080``."""

    request_line: str = lazy(parts.request_line)
    """The request line, put together again."""

    params: dict[str, Any] = lazy(parts.params)
    """Parameters of the query, and of the body once it is processed."""

    rfile: Any = lazy(parts.rfile)
    """The body as a stream."""

    body: "RequestBody" = lazy(parts.body)
    """The body; it is read when it is processed."""

    @property
    def config(self) -> dict[str, Any]:
        """The configuration for this request: global, application and node, the nearest wins.

        Until the resource is found, and outside of requests, it is ``None``.
        """
        if self.own_config is AS_PLANNED:
            if self.plan.is_early:
                return None  # type: ignore[return-value]  # handlers know that there is one
            self.own_config = dict(self.plan.config)
        return self.own_config  # type: ignore[return-value]  # see above

    @config.setter
    def config(self, config: dict[str, Any] | None) -> None:
        self.own_config = config
        self.note_early_use()

    hooks = _Hooks()
    """Hooks of this request by hook point; others can be attached.

    Outside of a request, as where a plugin starts, and on the class, those of all requests.
    """

    @property
    def toolmaps(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Settings of tools, by toolbox, tool and argument."""
        if self.own_toolmaps is None:
            self.own_toolmaps = self.plan.tool_map()
            self.note_early_use()
        return self.own_toolmaps

    @toolmaps.setter
    def toolmaps(self, toolmaps: dict[str, dict[str, dict[str, Any]]]) -> None:
        self.own_toolmaps = toolmaps
        self.note_early_use()

    @property
    def error_page(self) -> dict[int | str, Any]:
        """Error pages by status code, and ``default`` for the others."""
        if self.own_error_page is None:
            self.own_error_page = dict(self.plan.error_page)
            self.note_early_use()
        return self.own_error_page

    @error_page.setter
    def error_page(self, pages: dict[int | str, Any]) -> None:
        self.own_error_page = pages
        self.note_early_use()

    def note_early_use(self) -> None:
        """Have the plan, if it is not known yet, merged into what has just been made or set."""
        if self.plan.is_early:
            self.plan = self.plan.with_own_hooks()

    @property
    def handler(self) -> Any:
        """What is called to answer; tools replace it, or set ``None`` when they have answered."""
        if self.found_handler is FOUND:
            self.found_handler = (
                self.not_found()
                if self.callable is None
                else LateParamPageHandler(self.callable, *self.vpath)
            )
        return self.found_handler

    @handler.setter
    def handler(self, handler: Any) -> None:
        self.found_handler = handler

    error_response: Callable[[], None] | None = lazy(parts.error_response)
    """Called to make the response to an unexpected error."""

    unique_id: parts.LazyUUID4 = lazy(parts.unique_id)
    """Identifies the request, in logs and error pages for example."""

    def not_found(self) -> NotFound:
        """Return the error of a URL at which nothing is published."""
        path = self.path_info
        return NotFound(urljoin(self.script_name, path) if self.script_name else path)

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
        host: str | None = self.wsgi_environ.get("HTTP_HOST")
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
            "REQUEST_METHOD": method,
            "SERVER_PROTOCOL": req_protocol,
            "QUERY_STRING": query_string,
            **{parts.environ_key(name): value for name, value in header_list},
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
    ) -> bytes | Iterable[bytes]:
        """Return the content of an error page of this request."""
        return error_pages.get_error_page(status, **kwargs)

    def close(self) -> None:
        """Run the hooks ``on_end_request``, once."""
        if not self.closed:
            self.closed = True
            run_hooks(self, current.get().response, "on_end_request")
            self.stage = "close"
