"""What the framework asks of a request and of a response, whatever classes an application chooses.

The classes themselves are :class:`cherrypy._request.request.Request` and
:class:`cherrypy._request.response.Response`, whose docstrings describe the attributes.
"""

from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    ValuesView,
)
from logging import INFO, Logger
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from cherrypy._runtime.layers import Layers, Sections

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._http.cookies import CookieTemplate
    from cherrypy._http.headers import HeaderMap, Host

__all__ = [
    "Application",
    "Encoder",
    "Plan",
    "Plans",
    "Request",
    "Resolve",
    "Response",
    "Session",
    "Stage",
    "ToolMap",
]


Stage = Callable[["Request", "Response"], object]
"""Something to be done for a request and its response."""
Encoder = Callable[["Request", "Response", Any], object]
"""Makes bytes of what a page handler returned: ``encoder(request, response, body)``."""
Resolve = Callable[["Request", "Response", str, "Plans"], "Plan"]
"""Finds the handler of a path for a request that is at hand, and the plan for it."""
ToolMap = dict[str, dict[str, dict[str, Any]]]
"""Settings by toolbox, tool and argument."""


class Log(Protocol):
    """The log of an application, or that of the site."""

    access_log: Logger

    def __call__(
        self,
        msg: str = "",
        context: str = "",
        severity: int = INFO,
        traceback: bool = False,
    ) -> None: ...

    @property
    def has_own_access(self) -> bool:
        """Whether its method ``access`` has been replaced."""

    def error(
        self,
        msg: str = "",
        context: str = "",
        severity: int = INFO,
        traceback: bool = False,
    ) -> None:
        """Write a message, and the error that is being handled if ``traceback`` is true."""

    def access(self) -> None:
        """Write a line about the current request."""


class Hooks(Protocol):
    """The hooks of a request, by hook point."""

    def __getitem__(self, point: str, /) -> list[Any]: ...

    def get(self, point: str, default: Iterable[Any], /) -> Iterable[Any]:
        """Return the hooks of a point."""

    def setdefault(self, point: str, hooks: list[Any], /) -> list[Any]:
        """Return the hooks of a point, after adding it if it is unknown."""

    def items(self) -> Iterable[tuple[str, list[Any]]]:
        """Return pairs of hook point and hooks."""

    def values(self) -> Iterable[list[Any]]:
        """Return the hooks of each point."""

    def attach(
        self,
        point: str,
        callback: Callable[..., Any],
        failsafe: bool | None = None,
        priority: float | None = None,
        **kwargs: object,
    ) -> None:
        """Add a hook."""

    def run(self, point: str) -> None:
        """Run the hooks of a point."""


class Plan(Protocol):
    """What the configuration means for a request, worked out once for all that it is the same for.

    :class:`cherrypy._publishing.plan.ResourcePlan` describes the attributes.
    """

    config: Mapping[str, Any]
    error_page: dict[int | str, Any]
    on_start_resource: tuple[Stage, ...]
    before_request_body: tuple[Stage, ...]
    gates: tuple[Stage, ...]
    gate_callbacks: tuple[object, ...]
    before_handler: tuple[Stage, ...]
    before_finalize: tuple[Stage, ...]
    on_end_resource: tuple[Stage, ...]
    on_end_request: tuple[Stage, ...]
    stages: dict[str, tuple[Stage, ...]]
    encoder: Encoder | None
    finisher: object
    is_plain: bool
    is_early: ClassVar[bool]

    @property
    def configured_hooks(self) -> Hooks:
        """Hooks as the configuration gives them, with those that are on by default."""

    def with_own_hooks(self) -> "Plan":
        """Return the same plan for a request whose own hooks are run."""

    def joined(self, request: "Request") -> "Plan":
        """Add to what was read of a request before this plan was found, and return its plan."""

    def apply(self, request: "Request", response: "Response") -> None:
        """Set what the configuration says on a request and its response."""

    def hook_map(self, request: "Request") -> Any:
        """Return the hooks as a map of its own, to which a request can attach others."""

    def tool_map(self) -> ToolMap:
        """Return the settings of each tool as dicts of their own."""


class Plans(Protocol):
    """The plans of one application, as long as one ``generation.token`` lasts."""

    token: object
    sections: Sections
    dispatchers: Mapping[str, Callable[[str], object]]
    dispatch: Callable[[str], object]
    resolve: Resolve | None

    def resolver(self, request: "Request", path: str) -> Resolve | None:
        """Return the method ``resolve`` of the dispatcher for a path, if it has one."""

    def of_layers(self, layers: Layers) -> Plan:
        """Return the plan of what was found on the way to a handler."""

    def of_config(self, config: Mapping[str, Any]) -> Plan:
        """Return the plan of a configuration that a dispatcher has merged itself."""

    def merged(self, layers: Layers) -> dict[str, object]:
        """Return the configuration that results from layers over that of the site."""


class Application(Protocol):
    """An application, with what the framework asks of it while it answers a request."""

    root: Any  # the application's own object: what it has, only its author knows
    mount_point: str | None
    script_name: str | None
    relative_urls: bool | str
    current_plans: Plans | None

    @property
    def log(self) -> Log:
        """Its log."""

    def plans(self) -> Plans:
        """Return the resource plans, made anew if any configuration has changed."""

    def dispatcher_of(self, path: str, default: Callable[[str], object]) -> Callable[[str], object]:
        """Return the dispatcher that is configured for a path."""

    def max_request_body_size(self) -> int | None:
        """Return the greatest size of a body in bytes; ``None`` for no limit."""

    def request_namespaces(self) -> Mapping[str, Any]:
        """Return the namespaces whose settings concern a request."""


class Body(Protocol):
    """The body of a request."""

    attempt_charsets: list[str]
    fp: object
    length: int | None
    params: dict[str, Any]
    processors: dict[str, Callable[[Any], object]]

    @property
    def maxbytes(self) -> int | None:
        """The greatest size in bytes."""

    def default_proc(self) -> None:
        """Process content that no processor is for; replaced on an instance by some tools."""

    def read(self) -> bytes | None:
        """Return all of it."""

    def process(self) -> None:
        """Read it, and make parameters of it."""


class Request(Protocol):
    """A request (RFC 9110 section 3.4), with what the framework's own tools use of it."""

    wsgi_environ: Mapping[str, Any]
    local: "Host"
    remote: "Host"
    scheme: str
    server_protocol: str
    base: str
    method: str
    query_string: str
    protocol: tuple[int, int]
    request_line: str
    path_info: str
    script_name: str
    headers: "HeaderMap"
    header_list: list[tuple[str, str]]
    cookie: "SimpleCookie"
    params: dict[str, Any]
    rfile: Any
    process_request_body: bool
    methods_with_bodies: tuple[str, ...]
    handler: Any
    found_handler: Callable[[], object] | None
    """``FOUND`` stands for one that nobody has read; see :mod:`cherrypy._publishing.handlers`."""
    callable: Callable[..., object] | None
    vpath: Sequence[str]
    is_index: bool | None
    config: dict[str, Any]
    toolmaps: ToolMap
    error_page: dict[int | str, Any]
    own_toolmaps: ToolMap | None
    own_error_page: dict[int | str, Any] | None
    own_config: dict[str, Any] | None
    own_methods: frozenset[str]
    plan: Plan
    dispatch: Callable[[str], object]
    request_path: str
    problem_details: bool
    throws: tuple[type[BaseException], ...]
    throw_errors: bool
    closed: bool
    login: str | None
    error_response: Callable[[], None] | None
    show_tracebacks: bool
    show_mismatched_params: bool
    stage: str | None
    passed_gates: tuple[object, ...]
    """Callbacks of hooks at ``before_handler`` that ran before the body was processed."""
    is_body_deferred: bool
    """Whether the body stays unread, as the handler is an error, unless a hook replaces that."""

    @property
    def app(self) -> Application:
        """The application that answers."""

    @app.setter
    def app(self, app: Any) -> None: ...

    @property
    def unique_id(self) -> object:
        """Its text identifies the request."""

    @property
    def body(self) -> Body:
        """The body; it is read when it is processed."""

    @property
    def hooks(self) -> Hooks:
        """The hooks of this request."""

    @property
    def prev(self) -> object:
        """The request that an ``InternalRedirect`` ended; ``None`` if there was none."""

    @property
    def own_namespaces(self) -> Mapping[str, object] | None:
        """Handlers of configuration namespaces, if they have been read or set."""

    @property
    def own_hooks(self) -> Hooks | None:
        """The same, if they have been read or set."""

    @property
    def class_hooks(self) -> Hooks:
        """The hooks of all requests."""

    def respond(self, path_info: str) -> None:
        """Make the response to a path below the mount point."""

    def process_headers(self) -> None:
        """Check what HTTP demands of the header fields."""

    def get_resource(self, path: str) -> None:
        """Call the dispatcher that is configured for a path."""

    def process_query_string(self) -> None:
        """Make parameters of the query."""

    def handle_error(self) -> None:
        """Make the response to the unexpected error that is being handled."""

    def run(
        self,
        method: str,
        path: str,
        query_string: str,
        req_protocol: str,
        headers: Iterable[tuple[str, str]],
        rfile: object,
    ) -> object:
        """Handle the request without a WSGI environ."""

    def close(self) -> None:
        """Run the hooks ``on_end_request``, once."""

    def not_found(self) -> Exception:
        """Return the error of a URL at which nothing is published."""

    def respond_with_error(self, error: Any) -> None:
        """Make the response an error page."""

    def error_page_content(self, status: int | str, **kwargs: Any) -> bytes | Iterable[bytes]:
        """Return the content of an error page of this request."""


class Response(Protocol):
    """A response (RFC 9110 section 3.4), with what the framework's own tools use of it."""

    status: int | str | bytes | None
    headers: "HeaderMap"
    cookie: "SimpleCookie"
    stream: bool
    time: float
    content_type: str
    late_cookie: "tuple[CookieTemplate, str] | None"
    chunks: Iterable[bytes]
    own_methods: frozenset[str]
    is_finished: bool
    status_line: str | None
    field_lines: list[tuple[str, str]] | None
    output_status: bytes | None
    octet_lines: list[tuple[bytes, bytes]] | None

    @property
    def body(self) -> Iterable[bytes]:
        """The body, in chunks."""

    @body.setter
    def body(self, value: Any) -> None: ...

    @property
    def header_list(self) -> list[tuple[bytes, bytes]] | None:
        """Header fields as they are sent, in bytes."""

    def wsgi_head(self) -> tuple[str, list[tuple[str, str]]]:
        """Return status and field lines as WSGI takes them."""

    def collapse_body(self) -> bytes:
        """Read the body to its end, and keep it as one piece."""

    def may_finish(self, request: Request, callback: object) -> bool:
        """Tell whether the callback of a hook may answer by :meth:`finish_with`."""

    def finish_with(
        self, status: str, lines: list[tuple[str, str]], chunks: Iterable[bytes]
    ) -> None:
        """Finish the response at once, if nothing can change it any more."""

    def finalize(self) -> None:
        """Make what is sent of status, headers, cookies and body."""


class Session(Protocol):
    """The session of a request, as applications use it: a mapping, which is stored at the end.

    Distribution cherrypy-sessions brings the class, and describes what each member means.
    """

    originalid: str | None
    timeout: float

    @property
    def locked(self) -> bool:
        """Whether no other request can use it."""

    @property
    def loaded(self) -> bool:
        """Whether it has been used."""

    @property
    def missing(self) -> bool:
        """Whether the client has sent an id that the storage does not know."""

    @property
    def regenerated(self) -> bool:
        """Whether the id has been replaced during the request."""

    @property
    def id(self) -> str:
        """The id, which the client keeps in a cookie."""

    @id.setter  # noqa: A003 - the property above, not the function
    def id(self, value: str) -> None: ...

    def __getitem__(self, key: str) -> Any: ...
    def __setitem__(self, key: str, value: object) -> None: ...
    def __delitem__(self, key: str) -> None: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default."""

    def pop(self, key: str, default: object = ...) -> Any:
        """Remove a value and return it, or the default."""

    def setdefault(self, key: str, default: object = None) -> Any:
        """Return a value, after storing the default if there is none."""

    def update(self, d: Mapping[str, Any]) -> None:
        """Store several values."""

    def clear(self) -> None:
        """Remove all values."""

    def keys(self) -> KeysView[str]:
        """Return the keys."""

    def items(self) -> ItemsView[str, Any]:
        """Return pairs of key and value."""

    def values(self) -> ValuesView[Any]:
        """Return the values."""

    def load(self) -> None:
        """Read the values from the storage now."""

    def save(self) -> None:
        """Store the values now."""

    def delete(self) -> None:
        """Remove the values, and the record in the storage."""

    def regenerate(self) -> None:
        """Replace the id, after a login for example."""

    def acquire_lock(self) -> None:
        """Wait until no other request uses the session."""

    def release_lock(self) -> None:
        """Let other requests use the session."""
