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
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._http.cookies import CookieTemplate
    from cherrypy._http.headers import HeaderMap, Host

__all__ = ["Request", "Response", "Session"]


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
    body: Any
    process_request_body: bool
    methods_with_bodies: tuple[str, ...]
    app: Any
    handler: Any
    found_handler: Any
    callable: Any
    vpath: Sequence[str]
    is_index: bool | None
    config: dict[str, Any]
    toolmaps: dict[str, dict[str, dict[str, Any]]]
    hooks: Any
    namespaces: Any
    error_page: dict[int | str, Any]
    own_hooks: Any
    own_toolmaps: dict[str, dict[str, dict[str, Any]]] | None
    own_error_page: dict[int | str, Any] | None
    own_namespaces: Any
    own_config: dict[str, Any] | None
    class_hooks: Any
    own_methods: ClassVar[frozenset[str]]
    plan: Any
    dispatch: Any
    request_path: str
    problem_details: bool
    throws: tuple[type[BaseException], ...]
    throw_errors: bool
    unique_id: Any
    closed: bool
    login: str | None
    prev: Any
    error_response: Callable[[], None] | None
    show_tracebacks: bool
    show_mismatched_params: bool
    stage: str | None

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

    def not_found(self) -> Exception:
        """Return the error of a URL at which nothing is published."""

    def respond_with_error(self, error: Any) -> None:
        """Make the response an error page."""

    def error_page_content(self, status: int | str, **kwargs: Any) -> bytes | Iterator[bytes]:
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
    body: Any
    chunks: Iterable[Any]
    own_methods: ClassVar[frozenset[str]]
    is_finished: bool
    status_line: str | None
    field_lines: list[tuple[str, str]] | None
    output_status: bytes | None
    octet_lines: list[tuple[bytes, bytes]] | None

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
    locked: bool
    loaded: bool
    missing: bool
    regenerated: bool

    @property
    def id(self) -> str:
        """The id, which the client keeps in a cookie."""

    @id.setter  # noqa: A003 - the property above, not the function
    def id(self, value: str) -> None: ...

    def __getitem__(self, key: str) -> Any: ...
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __delitem__(self, key: str) -> None: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default."""

    def pop(self, key: str, default: Any = ...) -> Any:
        """Remove a value and return it, or the default."""

    def setdefault(self, key: str, default: Any = None) -> Any:
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
