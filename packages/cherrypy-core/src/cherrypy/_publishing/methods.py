"""The dispatcher that publishes objects whose methods are called as request methods are."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cherrypy._publishing.handlers import FOUND, LateParamPageHandler
from cherrypy._publishing.objects import Dispatcher, decoded_slashes, find_resource
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, NotFound
from cherrypy._runtime.messages import Plan, Plans, Request, Response

if TYPE_CHECKING:
    from cherrypy._runtime.layers import Settings


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
    """Return the method of an object that answers a request, and set ``Allow``."""
    names = [
        name
        for name in dir(resource)
        if name.isupper() and name[0] != "_" and callable(getattr(resource, name, None))
    ]
    if "GET" in names and "HEAD" not in names:
        names.append("HEAD")
    response.headers["Allow"] = ", ".join(sorted(names))
    name = request.method.upper()
    if not name.isidentifier() or name[0] == "_":
        return None
    if name == "HEAD" and not hasattr(resource, name):
        name = "GET"
    method: object = getattr(resource, name, None)
    return method if callable(method) else None
