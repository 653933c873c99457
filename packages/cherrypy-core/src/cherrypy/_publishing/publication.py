"""An application as its requests know it: ``cherrypy.request.app``."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from cherrypy._config.generations import SectionedConfig
from cherrypy._config.namespaces import NamespaceSet
from cherrypy._http.headers import Host
from cherrypy._runtime import messages
from cherrypy._runtime.logs import LogManager
from cherrypy._tools.toolbox import Toolbox

__all__ = ["Application"]


class Application(messages.Application, Protocol):
    """An application: a tree of published objects, its configuration and its log.

    :class:`cherrypy._app.application.Application` describes the attributes.
    """

    log: LogManager
    wsgiapp: Any
    namespaces: NamespaceSet
    toolboxes: dict[str, Toolbox]
    own_methods: frozenset[str]

    @property
    def request_class(self) -> Any:
        """Class of its requests."""

    @request_class.setter
    def request_class(self, value: type) -> None: ...

    @property
    def response_class(self) -> Any:
        """Class of its responses."""

    @response_class.setter
    def response_class(self, value: type) -> None: ...

    @property
    def config(self) -> SectionedConfig:
        """Settings by section; sections that begin with a slash are paths of this application."""

    @config.setter
    def config(self, value: Mapping[str, Mapping[str, Any]]) -> None: ...

    def merge(self, config: object) -> None:
        """Add settings to the configuration, and act on those of the application itself."""

    def find_config(self, path: str, key: str, default: object = None) -> Any:
        """Return a setting of the nearest section, from a path upwards."""

    def global_config(self) -> Mapping[str, Any]:
        """Return the configuration of the site."""

    def get_serving(
        self, local: Host, remote: Host, scheme: str, sproto: str
    ) -> tuple[messages.Request, messages.Response]:
        """Make a request and a response, and make them current."""

    def release_serving(self) -> None:
        """End the current request: run its last hooks and forget it."""

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
