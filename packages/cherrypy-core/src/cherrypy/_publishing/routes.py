"""The dispatcher that finds handlers by patterns of paths, with the library ``routes``."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from cherrypy._publishing.handlers import FOUND, LateParamPageHandler
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPRedirect, NotFound
from cherrypy._runtime.layers import Layers, Settings
from cherrypy._runtime.messages import Plan, Plans, Request, Response
from cherrypy._runtime.overriding import ShortenedInstances


class _RequestConfig(Protocol):
    """What ``routes`` knows of the request of a thread."""

    mapper: object
    mapper_dict: dict[str, Any]
    environ: dict[str, Any]
    host: str | None
    protocol: str
    redirect: Callable[[str], None]


class _Mapper(Protocol):
    """What is asked of the mapper of ``routes``."""

    controller_scan: Callable[[], Iterable[str]]

    def connect(self, name: str, route: str, /, **kwargs: object) -> None: ...
    def match(self, url: str, /, *, environ: dict[str, Any]) -> dict[str, Any] | None: ...


class RoutesDispatcher(ShortenedInstances):
    """Finds the page handler of a path by routes, such as ``/city/{name}``.

    It needs the extra ``routes_dispatcher``.

    Args:
        full_result: Whether ``controller`` and ``action`` are parameters of the handler as well.
        **mapper_options: Arguments of ``routes.Mapper``.

    Raises:
        ModuleNotFoundError: ``routes`` is not installed.
    """

    shortened = ("__call__", "find_handler", "resolve")

    def __init__(self, full_result: bool = False, **mapper_options: object) -> None:
        try:
            import routes  # type: ignore[import-untyped]
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "RoutesDispatcher needs routes: pip install cherrypy-core[routes_dispatcher]",
                name=error.name,
            ) from error
        self.full_result = full_result
        self.controllers: dict[str, object] = {}
        self._request_config: Callable[[], _RequestConfig] = routes.request_config
        self.mapper: _Mapper = routes.Mapper(**mapper_options)
        self.mapper.controller_scan = self.controllers.keys

    def connect(self, name: str, route: str, controller: object, **kwargs: object) -> None:
        """Add a route.

        Args:
            name: Name of the route, and of its controller.
            route: Pattern of paths, such as ``/city/{name}``.
            controller: Object whose method ``action`` is the handler, or a class to make one of,
                or the handler itself.
            **kwargs: ``action``, ``conditions`` and others, see ``routes.Mapper.connect``.
        """
        self.controllers[name] = controller
        self.mapper.connect(name, route, controller=name, **kwargs)

    def redirect(self, url: str) -> None:
        """Redirect the client, for a route that says so.

        Raises:
            HTTPRedirect: Always.
        """
        raise HTTPRedirect(url)

    def __call__(self, path_info: str) -> None:
        """Set the handler and the configuration of the current request.

        Args:
            path_info: Path below the mount point, beginning with a slash.
        """
        handler = self.find_handler(path_info)
        request = current.get().request
        request.handler = LateParamPageHandler(handler) if handler else NotFound()

    def find_handler(self, path_info: str) -> Callable[..., object] | None:
        """Find the handler of a path, and set parameters and configuration of the request.

        Args:
            path_info: Path below the mount point, beginning with a slash.

        Returns:
            The handler; ``None`` if no route fits.
        """
        request = current.get().request
        plans = request.app.plans()
        handler, layers = self._find(request, path_info, plans.sections)
        request.config = plans.merged(layers)
        return handler

    def resolve(self, request: Request, response: Response, path: str, plans: Plans) -> Plan:
        """Find the handler of a path for a request that is at hand, and the plan for it."""
        request.callable, layers = self._find(request, path, plans.sections)
        request.found_handler = FOUND
        return plans.of_layers(layers)

    def _find(
        self, request: Request, path: str, sections: Mapping[str, object]
    ) -> tuple[Callable[..., object] | None, Layers]:
        """Return the handler of a path, and the layers of configuration that apply."""
        result = self._match(request, path)
        names = result if self.full_result else _without(result, "controller", "action")
        if names:
            request.params.update(names)

        controller: object = self.controllers.get(result.get("controller", ""))
        if isinstance(controller, type):
            controller = controller()
        action: str | None = result.get("action")
        handler = controller if action is None else _action_of(controller, action)

        # the section of the path itself is nearer than what controller and handler say
        *outer, own = _sections_of(path, sections)
        layers = [_config_of(request.app.root), *outer]
        layers.append(_config_of(controller))
        if handler is not controller:
            layers.append(_config_of(handler))
        layers.append(own)
        # no route fits, or what it names is no handler
        found = handler if callable(handler) else None
        return found, [layer for layer in layers if layer]

    def _match(self, request: Request, path: str) -> dict[str, str]:
        """Ask the mapper; a path that fits no route gives an empty dict."""
        config = self._request_config()
        config.mapper = self.mapper
        config.environ = dict(request.wsgi_environ)
        config.host = request.headers.get("Host")
        config.protocol = request.scheme
        config.redirect = self.redirect
        result = self.mapper.match(path, environ=config.environ) or {}
        config.mapper_dict = result
        return dict(result)


def _action_of(controller: object, name: str) -> object:
    """Return the method of a controller that a route names; ``None`` if it is not public.

    The name may be from the URL, as in ``/city/{action}``. Whatever has ``exposed`` set to false is
    not for visitors, either.
    """
    if controller is None or not name or name[0] == "_":
        return None
    handler: object = getattr(controller, name, None)
    return handler if getattr(handler, "exposed", True) else None


def _config_of(published: object) -> Settings | str | None:
    return getattr(published, "_cp_config", None)


def _without(names: Mapping[str, str], *unwanted: str) -> dict[str, str]:
    return {name: value for name, value in names.items() if name not in unwanted}


def _sections_of(path: str, sections: Mapping[str, object]) -> list[str | None]:
    """Return the sections on the way to a path, with ``None`` where there is none."""
    prefix = ""
    found: list[str | None] = ["/" if "/" in sections else None]
    for segment in path.strip("/").split("/"):
        prefix = f"{prefix}/{segment}"
        found.append(prefix if prefix in sections and prefix != "/" else None)
    return found
