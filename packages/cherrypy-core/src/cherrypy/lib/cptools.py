"""Tools that need no module of their own, and the names of those that have one."""

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any

from cherrypy._http.headers import HeaderMap
from cherrypy._http.negotiation import media_type_weight, preferred, weights
from cherrypy._runtime.errors import HTTPError, HTTPRedirect, InternalRedirect
from cherrypy._runtime.iterators import Names, close, is_iterator, names_of, set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._runtime.urls import url
from cherrypy._tools.function import tool_function
from cherrypy.lib.conditional import validate_etags, validate_since
from cherrypy.lib.parameters import convert_params
from cherrypy.lib.proxy import proxy
from cherrypy.lib.session_auth import SessionAuth, session_auth
from cherrypy.process._tracebacks import escape_controls

__all__ = [
    "MonitoredHeaderMap",
    "SessionAuth",
    "accept",
    "allow",
    "autovary",
    "convert_params",
    "flatten",
    "ignore_headers",
    "log_hooks",
    "log_request_headers",
    "log_traceback",
    "proxy",
    "redirect",
    "referer",
    "response_headers",
    "session_auth",
    "trailing_slash",
    "validate_etags",
    "validate_since",
]

# The answer depends on the request ---------------------------------------------------------------


@tool_function()
def accept(
    request: Request, response: Response, media: Names | None = None, debug: bool = False
) -> str | None:
    """Choose the media type that the client prefers among those that can be sent.

    If there are several, ``Vary`` says that the answer depends on ``Accept``.

    Args:
        media: Media type or types that can be sent, the best for the server first.
        debug: Not used any more.

    Returns:
        One of ``media``; ``None`` if there are none.

    Raises:
        HTTPError: 406, if the client accepts none of them.

    See: RFC 9110 section 12.5.1.
    """
    offers = names_of(media)
    if not offers:
        return None
    if len(offers) > 1:
        set_vary_header(response, "Accept")
    field = request.headers.get("Accept")
    if not field:
        return offers[0]
    chosen = preferred(field, offers, media_type_weight)
    if chosen is None:
        # better a type without the parameters that were asked for than none
        chosen = preferred(_without_parameters(field), offers, media_type_weight)
    if chosen is None:
        refusal = HTTPError(
            406,
            f"Your client sent this Accept header: {field}. "
            f"But this resource only emits these media types: {', '.join(offers)}.",
        )
        refusal.decided_by = "Accept"
        raise refusal
    return chosen


def _without_parameters(field: str) -> str:
    return ", ".join(f"{value};q={weight:.3f}" for value, _, weight in weights(field))


@tool_function(needs_head_only=True)
def allow(
    request: Request,
    response: Response,
    methods: Names | None = None,
    debug: bool = False,
    options: bool = False,
) -> None:
    """Refuse request methods that are not listed, and name the others in ``Allow``.

    Args:
        methods: Request methods; ``HEAD`` goes with ``GET``, which is the default.
        debug: Not used any more.
        options: Whether ``OPTIONS`` is answered in place of the page handler, unless listed.

    Raises:
        HTTPError: 405, if the method is not one of them.

    See: RFC 9110 sections 9.3.7, 10.2.1 and 15.5.6.
    """
    allowed = [method.upper() for method in names_of(methods) if method] or ["GET"]
    if "GET" in allowed and "HEAD" not in allowed:
        allowed.append("HEAD")
    answers_options = options and "OPTIONS" not in allowed
    if answers_options:
        allowed.append("OPTIONS")
    response.headers["Allow"] = ", ".join(allowed)
    if request.method not in allowed:
        raise HTTPError(405)
    if answers_options and request.method == "OPTIONS":
        response.status = 204
        response.headers.pop("Content-Type", None)
        request.handler = None


@tool_function()
def referer(
    request: Request,
    response: Response,
    pattern: str | re.Pattern[str],
    accept: bool = True,
    accept_missing: bool = False,
    error: int | str = 403,
    message: str = "Forbidden Referer header.",
    debug: bool = False,
) -> None:
    """Refuse requests by the page that they come from, if the client names it.

    ``Vary`` says that the answer depends on ``Referer``.

    Args:
        pattern: Regular expression that is compared with the beginning of ``Referer``.
        accept: Whether those that match are admitted; refused otherwise.
        accept_missing: Whether requests without ``Referer`` are admitted.
        error: Status of the answer to those that are refused.
        message: Text of that answer.
        debug: Not used any more.

    Raises:
        HTTPError: ``error``, if the request is refused.

    See: RFC 9110 section 10.1.3.
    """
    field = request.headers.get("Referer")
    if field is None:
        admitted = accept_missing
    else:
        admitted = (re.match(pattern, field) is not None) is bool(accept)
    if not admitted:
        refusal = HTTPError(error, message)
        refusal.decided_by = "Referer"
        raise refusal
    set_vary_header(response, "Referer")


@tool_function(leaves_response=True)
def trailing_slash(
    request: Request,
    _response: Response,
    missing: bool = True,
    extra: bool = False,
    status: int | None = None,
    debug: bool = False,
) -> None:
    """Redirect to the URL with a slash at its end, or without one.

    Args:
        missing: Whether the URL of an index gets a slash.
        extra: Whether the URL of any other page loses it.
        status: Status of the redirect; 301 by default.
        debug: Not used any more.

    Raises:
        HTTPRedirect: The URL should be another one.
    """
    path = request.path_info
    if request.is_index is True:
        if missing and path[-1:] != "/":
            raise HTTPRedirect(url(path + "/", request.query_string), status or 301)
    elif extra and request.is_index is False and path != "/" and path[-1:] == "/":
        raise HTTPRedirect(url(path[:-1], request.query_string), status or 301)


@tool_function()
def redirect(
    _request: Request,
    _response: Response,
    url: str = "",
    internal: bool = True,
    debug: bool = False,
) -> None:
    """Redirect to another URL.

    Args:
        url: URL, or path of this application if ``internal``.
        internal: Whether the request is handled again under that URL, without a word to the client.
        debug: Not used any more.

    Raises:
        InternalRedirect: Always if ``internal``.
        HTTPRedirect: Always if not.
    """
    if internal:
        raise InternalRedirect(url)
    raise HTTPRedirect(url)


# Header fields -----------------------------------------------------------------------------------


@tool_function()
def ignore_headers(
    request: Request, _response: Response, headers: Names = ("Range",), debug: bool = False
) -> None:
    """Handle the request as if it had been sent without some header fields.

    Args:
        headers: Names of the fields.
        debug: Not used any more.
    """
    for name in names_of(headers):
        request.headers.pop(name, None)


@tool_function(failsafe=True)  # fields such as a policy are for every answer
def response_headers(
    _request: Request,
    response: Response,
    headers: Iterable[tuple[str, Any]] | None = None,
    debug: bool = False,
) -> None:
    """Set header fields of the response, errors included.

    Args:
        headers: Pairs of name and value.
        debug: Not used any more.
    """
    for name, value in headers or ():
        response.headers[name] = value


class MonitoredHeaderMap(HeaderMap):
    """Header fields of a request, and the names of those that were read."""

    accessed_headers: set[str]

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.accessed_headers = set()
        super().__init__(*args, **kwargs)

    def _note(self, key: object) -> None:
        self.accessed_headers.add(self.transform_key(key))

    def __getitem__(self, key: str) -> Any:
        """Return the value of a field."""
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a field of a name."""
        self._note(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the value of a field, or the default."""
        self._note(key)
        return super().get(key, default)

    def pop(self, key: str, /, *default: object) -> Any:
        """Remove a field and return its value, or the default if one is given."""
        self._note(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: object = None, /) -> Any:
        """Return the value of a field; store the default first if there is none."""
        self._note(key)
        return super().setdefault(key, default)


NOT_NEGOTIATED = frozenset(
    {
        *("Content-Disposition", "Content-Length", "Content-Type", "Host", "Remote-Addr"),
        *("Remote-Host", "Transfer-Encoding"),
    }
)
"""Fields of the content, the URL or the connection: no answer varies by them."""


@tool_function()
def autovary(
    request: Request,
    response: Response,
    ignore: Iterable[str] | None = None,
    debug: bool = False,
) -> None:
    """Name in ``Vary`` the fields of the request that were read to answer it.

    Args:
        ignore: Fields that are not named; by default those of the content and ``Host``.
        debug: Not used any more.

    See: RFC 9110 section 12.5.5.
    """
    headers = request.headers = MonitoredHeaderMap(request.headers)
    ignored = NOT_NEGOTIATED if ignore is None else {name.title() for name in ignore}

    def name_fields() -> None:
        for name in sorted(headers.accessed_headers - ignored):
            set_vary_header(response, name)
        names = response.headers.get("Vary", "").split(", ")
        response.headers["Vary"] = ", ".join(sorted(filter(None, names)))

    request.hooks.attach("before_finalize", name_fields, priority=95)


# The body ----------------------------------------------------------------------------------------


@tool_function()
def flatten(_request: Request, response: Response, debug: bool = False) -> None:
    """Make one iterable of a body that consists of iterables, to any depth.

    Args:
        debug: Not used any more.
    """
    response.body = _Flattened(response.body)


class _Flattened:
    """The bytes in iterables of iterables, in their order; text among them as UTF-8."""

    def __init__(self, body: Iterable[Any]) -> None:
        self._open = [(body, iter(body))]

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> object:
        while self._open:
            inner, iterator = self._open[-1]
            for chunk in iterator:
                if isinstance(chunk, str):
                    return chunk.encode()
                if isinstance(chunk, (list, tuple)) or is_iterator(chunk):
                    self._open.append((chunk, iter(chunk)))
                    break
                return chunk
            else:
                self._open.pop()
                close(inner)
        raise StopIteration

    def close(self) -> None:
        """Close everything that has been begun."""
        while self._open:
            close(self._open.pop()[0])


# Logs --------------------------------------------------------------------------------------------


@tool_function()
def log_traceback(
    request: Request, _response: Response, severity: int = logging.ERROR, debug: bool = False
) -> None:
    """Write the exception that is being handled to the error log, with its traceback.

    The line has the error id that the error page shows.
    """
    message = f"Error id: {request.unique_id}"
    request.app.log.error(message, "HTTP", severity, traceback=True)


@tool_function()
def log_request_headers(request: Request, _response: Response, debug: bool = False) -> None:
    """Write the header fields of the request to the error log."""
    lines = ["", "Request Headers:"]
    for name, value in request.header_list:
        lines.append(f"  {escape_controls(str(name))}: {escape_controls(str(value))}")
    request.app.log.error("\n".join(lines), "HTTP")


@tool_function()
def log_hooks(request: Request, _response: Response, debug: bool = False) -> None:
    """Write the hooks of the request to the error log, in the order in which they run."""
    lines = ["", f"Request Hooks for {escape_controls(url())}:"]
    for point, hooks in request.hooks.items():
        lines.append(f"    {point}:")
        lines += [f"        {hook!r}" for hook in sorted(hooks)]
    request.app.log.error("\n".join(lines), "HTTP")


publish(__name__)
