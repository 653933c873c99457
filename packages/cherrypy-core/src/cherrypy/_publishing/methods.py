"""The dispatcher that publishes objects whose methods are called as request methods are."""

from collections.abc import Callable
from functools import cached_property, partialmethod, singledispatchmethod
from inspect import getattr_static
from types import MemberDescriptorType
from typing import TYPE_CHECKING

from cherrypy._publishing.handlers import FOUND, LateParamPageHandler
from cherrypy._publishing.objects import Dispatcher, decoded_slashes, find_resource
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, NotFound
from cherrypy._runtime.messages import Plan, Plans, Request, Response

if TYPE_CHECKING:
    from cherrypy._runtime.layers import Settings

_METHODS = frozenset(
    (
        *("CONNECT", "COPY", "DELETE", "GET", "HEAD", "LOCK", "MKCOL", "MOVE", "OPTIONS", "PATCH"),
        *("POST", "PROPFIND", "PROPPATCH", "PUT", "REPORT", "SEARCH", "TRACE", "UNLOCK"),
    )
)
"""Methods of HTTP and WebDAV (RFC 9110 section 9.3, RFC 5789, RFC 4918, RFC 3253, RFC 5323)."""
_PROPERTIES = (property, cached_property)
_NOWHERE = object()


class MethodDispatcher(Dispatcher):
    """Finds an exposed object for a path, and in it the method that is named as the request's.

    ``HEAD`` goes to ``GET`` where there is no ``HEAD``. A request method that the object does not
    have is answered by 405; ``Allow`` says which ones it has (RFC 9110 section 10.2.1).
    """

    shortened = ("__call__", "find_handler", "resolve")

    def __call__(self, path_info: str) -> None:
        """Set the handler and the configuration of the current request.

        Args:
            path_info: Path below the mount point, beginning with a slash.
        """
        serving = current.get()
        request = serving.request
        resource, vpath = self.find_handler(path_info)
        if resource is None:
            request.handler = NotFound()
            return
        method = _method_of(resource, request, serving.response)
        if method is None:
            request.handler = HTTPError(405)
            return
        config: Settings = getattr(method, "_cp_config", {})
        request.config.update(config)
        request.handler = LateParamPageHandler(method, *decoded_slashes(vpath))

    def resolve(self, request: Request, response: Response, path: str, plans: Plans) -> Plan:
        """Find the method of a path for a request that is at hand, and the plan for it."""
        root: object = request.app.root
        resource, vpath, is_index, layers = find_resource(
            root, path, plans.sections, self.dispatch_method_name, self.translate
        )
        request.is_index = is_index
        request.vpath = decoded_slashes(vpath)
        request.callable = None
        request.found_handler = FOUND
        if resource is not None:
            method = _method_of(resource, request, response)
            request.callable = method
            if method is None:
                request.handler = HTTPError(405)
            else:
                config: Settings | None = getattr(method, "_cp_config", None)
                if config:
                    layers.append(config)
        return plans.of_layers(layers)


def _method_of(
    resource: object, request: Request, response: Response
) -> Callable[..., object] | None:
    """Return the method of an object that answers a request, and set ``Allow``.

    Only the attribute that is named as the request method is evaluated. What else the object has
    is known without that: a property may ask a database that is down.
    """
    names = {name for name in dir(resource) if name.isupper() and _is_method(resource, name)}
    name = request.method.upper()
    method = _attribute(resource, name)
    if name == "HEAD" and method is None and "HEAD" not in names:
        method = _attribute(resource, "GET")
    if callable(method):
        names.add(name)
    else:
        names.discard(name)
    if "GET" in names:
        names.add("HEAD")
    response.headers["Allow"] = ", ".join(sorted(names))
    return method if callable(method) else None


def _attribute(resource: object, name: str) -> object:
    """Return the attribute for a request method; ``None`` if there is none.

    A property answers for a method of HTTP only; under any other name it is a value.
    """
    if not name.isidentifier() or name[0] == "_":
        return None
    if name not in _METHODS and isinstance(_unevaluated(resource, name), _PROPERTIES):
        return None
    return getattr(resource, name, None)


def _is_method(resource: object, name: str) -> bool:
    """Tell whether an attribute can be called, without evaluating it if it is a property."""
    if name[0] == "_":
        return False
    found = _unevaluated(resource, name)
    if found is _NOWHERE or isinstance(found, MemberDescriptorType):
        try:  # a class makes it up in ``__getattr__``, or it is a slot
            found = getattr(resource, name, None)
        except Exception:
            return False
    return callable(found) or isinstance(found, classmethod | partialmethod | singledispatchmethod)


def _unevaluated(resource: object, name: str) -> object:
    """Return an attribute as it was stored, without asking descriptors for its value."""
    return getattr_static(resource, name, _NOWHERE)
