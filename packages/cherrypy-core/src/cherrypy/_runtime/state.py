"""How requests and responses keep their state: attributes that are made when they are first read.

A request is cheap as long as nobody looks at most of it. This is the only module that looks at the
instance dictionary of a request or a response, so that no other decision rests on who has touched
what: the others ask for a value by the functions below, and get the one that counts now.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from cherrypy._http.cookies import CookieTemplate
    from cherrypy._http.headers import HeaderMap
    from cherrypy._runtime.messages import Request, Response

__all__ = [
    "is_as_sent",
    "is_untouched",
    "lazy",
    "made",
    "made_headers",
    "note_own_methods",
    "seen_headers",
    "sent_cookies",
    "sent_field",
    "set_content_type",
    "set_late_cookie",
    "sets_cookies",
]

T = TypeVar("T")

_LOGGED = frozenset({"headers", "remote", "request_line", "request_path"})
"""Attributes of a request that the access log tells of, and that are made of the environ."""

_METHODS = frozenset(
    {
        *("run", "respond", "process_headers", "get_resource", "process_query_string"),
        *("handle_error", "close"),
    }
)
"""Methods of a request that are called only where they are not those of the framework's class."""


class _Lazy:
    """An attribute that is made when it is first read, and kept in the instance after that."""

    def __init__(self, make: Callable[[Any], object]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object | None, owner: type) -> object:
        if instance is None:
            return self
        value = instance.__dict__[self.name] = self.make(instance)
        return value


def lazy(make: Callable[[Any], T]) -> T:
    """Make an attribute on first use and keep it in the ``__dict__`` of the instance.

    Unlike :class:`functools.cached_property` it takes no lock, as an instance belongs to one
    request. Assigning the attribute replaces the value, deleting it makes it be made again.
    """
    return cast("T", _Lazy(make))


def is_untouched(response: "Response") -> bool:
    """Tell whether the head of a response is still the one that every response begins with.

    That is so if nobody has read or set its headers, its cookies, its status or ``stream``, and its
    class keeps and finalizes them in the ordinary way, as it does itself.
    """
    kept = response.__dict__  # PERF: as fast as a set, without a call
    return not (
        response.own_methods
        or "headers" in kept
        or "cookie" in kept
        or "late_cookie" in kept
        or "status" in kept
        or "stream" in kept
        or "finalize" in kept
        or "collapse_body" in kept
    )


def note_own_methods(request: "Request") -> None:
    """Have methods count that have been set on a request itself, as if its class had them.

    PERF: it is asked where somebody may have set some before the request is run.
    """
    own = _METHODS & request.__dict__.keys()
    if own:
        request.own_methods |= own


def seen_headers(response: "Response") -> "HeaderMap | None":
    """Return the headers of a response if anybody has read or set them, ``None`` if not."""
    if response.own_methods:  # its class may keep them in its own way
        return response.headers
    headers: HeaderMap | None = response.__dict__.get("headers")
    return headers


def set_content_type(response: "Response", value: str) -> None:
    """Set the media type of the content, without making headers for its sake.

    Args:
        response: The response.
        value: Value of the field ``Content-Type``, in printable ASCII.
    """
    headers = seen_headers(response)
    if headers is None:
        response.content_type = value
    else:
        headers["Content-Type"] = value


def made(instance: object, name: str) -> Any:
    """Return the value of a lazy attribute, or of one that a tool keeps, without making it.

    Args:
        instance: A request, a response or what serves them.
        name: Name of the attribute.

    Returns:
        The value; ``None`` if nobody has read or set it.
    """
    return instance.__dict__.get(name)


def made_headers(
    request: "Request", response: "Response"
) -> tuple["HeaderMap | None", "HeaderMap | None"]:
    """Return the header maps of a request and its response, ``None`` for one that is not made yet.

    PERF: one call in place of two.
    """
    of_request, of_response = request.__dict__, response.__dict__
    return (
        of_request["headers"] if "headers" in of_request else None,  # noqa: SIM401 - PERF: no call
        of_response["headers"] if "headers" in of_response else None,  # noqa: SIM401
    )


def sent_field(request: "Request", name: str) -> str | None:
    """Return a header field of a request as it counts now, without making the map of all fields.

    Args:
        request: The request.
        name: Field name in its usual form, such as ``If-None-Match``.

    Returns:
        The value; ``None`` if there is no such field.
    """
    # whoever has read the map may have changed it, and a class may keep it in its own way
    if "headers" in request.__dict__ or "headers" in request.own_methods:
        return request.headers.get(name)
    field: str | None = request.wsgi_environ.get("HTTP_" + name.upper().replace("-", "_"))
    if field is None or "=?" not in field:
        return field
    return request.headers.get(name)  # encoded words are decoded there


def set_late_cookie(response: "Response", template: "CookieTemplate", value: str) -> None:
    """Set a cookie whose object is made when somebody looks at ``response.cookie``, if ever.

    PERF: 2 us, not 12 us (CPython 3.11).

    Args:
        response: The response; it keeps one such cookie. Others are put into ``cookie`` at once.
        template: Name and attributes of the cookie.
        value: Its value.
    """
    if response.own_methods or "late_cookie" in response.__dict__ or "cookie" in response.__dict__:
        dict.__setitem__(response.cookie, template.name, template.cookie(value))
    else:
        response.late_cookie = template, value


def sets_cookies(response: "Response") -> bool:
    """Tell whether a response sets a cookie."""
    return bool(response.__dict__.get("late_cookie") or response.__dict__.get("cookie"))


def sent_cookies(request: "Request") -> str | None:
    """Return the Cookie field of a request, if it still says which cookies there are.

    Returns:
        The field as received, empty if there is none; ``None`` if ``request.cookie`` counts, since
        it may have been changed.
    """
    if "cookie" in request.__dict__ or "headers" in request.__dict__:
        return None
    field: str = request.wsgi_environ.get("HTTP_COOKIE", "")
    return None if "=?" in field else field  # encoded words are decoded there


def is_as_sent(request: "Request") -> bool:
    """Tell whether the line of a request in the access log can be made of its environ.

    That is so if nobody has read or set the attributes that are made of it, and the class of the
    request makes them in the ordinary way.
    """
    return not request.own_methods and _LOGGED.isdisjoint(request.__dict__)
