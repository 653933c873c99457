"""An application: a tree of published objects, its configuration and its log."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from cherrypy._app.pipeline import CPWSGIApp
from cherrypy._config.config import merge
from cherrypy._config.generations import SectionedConfig, TrackedDict, generation
from cherrypy._config.namespaces import NamespaceSet
from cherrypy._http.headers import Host
from cherrypy._publishing import plan
from cherrypy._request.request import Request
from cherrypy._request.response import Response
from cherrypy._runtime.context import current, serving
from cherrypy._runtime.logs import LogManager
from cherrypy._runtime.messages import Plans
from cherrypy._runtime.overriding import Shortened
from cherrypy._tools.toolbox import Toolbox
from cherrypy.process.wspbus import bus

Config = Mapping[str, Mapping[str, Any]] | str | Any
"""Settings by section, or a file with them."""


PLANNED_ATTRIBUTES = frozenset({"mount_point", "request_class", "toolboxes"})
"""Attributes of an application that resource plans are made of."""


class Site:
    """What all applications share; the assembly fills it in."""

    config: Mapping[str, Any]

    def __init__(self) -> None:
        self.config = {}


site = Site()


class Application(Shortened):
    """A WSGI application that publishes the attributes of a root object.

    Args:
        root: Object whose exposed attributes are published; ``None`` where tools answer all.
        script_name: Mount point, such as ``/blog``; empty for the root of the site. ``None`` takes
            that of the WSGI environ, so that the application can be mounted by other frameworks.
        config: Settings by section, or the name of a file with them, or an open file.
    """

    root: Any = None
    mount_point: str | None
    """What ``script_name`` was set to."""
    relative_urls: bool | str = False
    """What ``cherrypy.url`` makes by default."""
    request_class: type[Request] = Request
    response_class: type[Response] = Response
    namespaces: NamespaceSet = NamespaceSet()
    log: LogManager
    wsgiapp: CPWSGIApp
    toolboxes: dict[str, Toolbox] = {}  # noqa: RUF012 - applications add to it, here or on an instance
    """Toolboxes by the namespace of their settings; those of the class are for all."""

    def __init__(self, root: object, script_name: str | None = "", config: Config = None) -> None:
        self.log = LogManager(id(self), "cherrypy")
        self.root = root
        self.script_name = script_name
        self.wsgiapp = CPWSGIApp(self)
        self.namespaces = self.namespaces.copy()
        self.namespaces["log"] = lambda k, v: setattr(self.log, k, v)
        self.namespaces["wsgi"] = self.wsgiapp.namespace_handler
        if not isinstance(self.toolboxes, TrackedDict):  # of a subclass
            self.toolboxes = TrackedDict(self.toolboxes)
        self.config = SectionedConfig()
        if config:
            self.merge(config)

    def __repr__(self) -> str:
        return f"cherrypy._cptree.Application({self.root!r}, {self.script_name!r})"

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in self.shortened:
            self.own_methods |= {name}
        if name in PLANNED_ATTRIBUTES or name in self.shortened:
            generation.bump()

    @property
    def script_name(self) -> str | None:
        """Mount point, without a slash at its end; ``None`` where it is not known yet."""
        if self.mount_point is not None:
            return self.mount_point
        script_name: str | None = current.get().request.wsgi_environ.get("SCRIPT_NAME")
        return None if script_name is None else script_name.rstrip("/")

    @script_name.setter
    def script_name(self, value: str | None) -> None:
        self.mount_point = value.rstrip("/") if value else value

    @property
    def config(self) -> SectionedConfig:
        """Settings by section; sections that begin with a slash are paths of this application."""
        return self._config

    @config.setter
    def config(self, value: Mapping[str, Mapping[str, Any]]) -> None:
        self._config = value if isinstance(value, SectionedConfig) else SectionedConfig(value)
        generation.bump()

    def merge(self, config: Config) -> None:
        """Add settings to the configuration, and act on those of the application itself.

        Args:
            config: Settings by section, or the name of a file with them, or an open file.
        """
        merge(self.config, config)
        self.namespaces(self.config.get("/", {}))

    def find_config(self, path: str, key: str, default: object = None) -> Any:
        """Return a setting of the nearest section, from a path upwards.

        Args:
            path: Path below the mount point.
            key: Full name of the setting.
            default: Returned where no section has it.
        """
        return _nearest(self.config, path, key, default)

    def dispatcher_of(self, path: str, default: Callable[[str], object]) -> Callable[[str], object]:
        """Return the dispatcher that is configured for a path."""
        dispatch: Callable[[str], object] = self.find_config(path, "request.dispatch", default)
        return dispatch

    def plans(self) -> Plans:
        """Return the resource plans, made anew if any configuration has changed."""
        plans = self.current_plans
        if plans is None or plans.token is not generation.token:
            plans = self.current_plans = plan.Plans(self)
        return plans

    current_plans: Plans | None = None
    """The plans that were made last; use :meth:`plans` to get good ones."""

    shortened = ("get_serving", "release_serving", "find_config")
    """Methods that the request path calls only where they have been replaced."""
    own_methods: frozenset[str]  # of the class, or of one application

    def global_config(self) -> Mapping[str, Any]:
        """Return the configuration of the site."""
        return site.config

    def request_namespaces(self) -> Mapping[str, Any]:
        """Return the namespaces whose settings concern a request, toolboxes among them."""
        return {**self.request_class.namespaces, **self.toolboxes}

    def max_request_body_size(self) -> int | None:
        """Return the greatest size of a body in octets; ``None`` for no limit."""
        limit: int | None = site.config.get("server.max_request_body_size", 100 * 1024 * 1024)
        return limit

    def get_serving(
        self, local: Host, remote: Host, scheme: str, sproto: str
    ) -> tuple[Request, Response]:
        """Make a request and a response, and make them current.

        Args:
            local: The end of the connection that is ours, a ``Host``.
            remote: The end that is the client's, a ``Host``.
            scheme: ``http`` or ``https``.
            sproto: Highest version of HTTP that the server speaks.

        Returns:
            The request and the response.
        """
        request = self.request_class(local, remote, scheme, sproto)
        request.app = self
        response = self.response_class()
        serving.load(request, response)
        bus.publish("acquire_thread")
        bus.publish("before_request")
        return request, response

    def release_serving(self) -> None:
        """End the current request: run its last hooks and forget it."""
        request = current.get().request
        for last in (partial(bus.publish, "after_request"), request.close):
            try:
                last()
            except Exception:
                self.log.error(severity=logging.ERROR, traceback=True)  # noqa: TRY400 - our own
        serving.clear()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        return self.wsgiapp(environ, start_response)


def _nearest(
    config: Mapping[str, Mapping[str, Any]],
    path: str,
    key: str,
    default: object,
) -> Any:
    trail = path or "/"
    while trail:
        section = config.get(trail)
        if section is not None and key in section:
            return section[key]
        if trail == "/":
            break
        trail = trail.rpartition("/")[0] or "/"
    return default
