"""What the framework asks of a request and of a response, whatever classes an application chooses.

The classes themselves are :class:`cherrypy._request.request.Request` and
:class:`cherrypy._request.response.Response`, whose docstrings describe the attributes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._http.cookies import CookieTemplate
    from cherrypy._http.headers import HeaderMap, Host

__all__ = ["Request", "Response"]


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
