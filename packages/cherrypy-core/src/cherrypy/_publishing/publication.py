"""What the request path asks of an application, whatever subclass it is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from cherrypy._config.generations import SectionedConfig
from cherrypy._runtime.logs import LogManager

if TYPE_CHECKING:
    from cherrypy._publishing.plan import Plans

__all__ = ["Application"]


class Application(Protocol):
    """An application: a tree of published objects, its configuration and its log.

    :class:`cherrypy._app.application.Application` describes the attributes.
    """

    root: Any
    mount_point: str | None
    script_name: str | None
    relative_urls: bool | str
    config: SectionedConfig
    log: LogManager
    request_class: Any
    response_class: Any
    own_methods: frozenset[str]
    current_plans: "Plans | None"

    def plans(self) -> "Plans":
        """Return the resource plans, made anew if any configuration has changed."""

    def dispatcher_of(self, path: str, default: Callable[[str], None]) -> Callable[[str], None]:
        """Return the dispatcher that is configured for a path."""

    def find_config(self, path: str, key: str, default: Any = None) -> Any:
        """Return a setting of the nearest section, from a path upwards."""

    def global_config(self) -> Mapping[str, Any]:
        """Return the configuration of the site."""

    def request_namespaces(self) -> Mapping[str, Any]:
        """Return the namespaces whose settings concern a request."""

    def max_request_body_size(self) -> int | None:
        """Return the greatest size of a body in bytes; ``None`` for no limit."""

    def get_serving(self, local: Any, remote: Any, scheme: str, sproto: str) -> tuple[Any, Any]:
        """Make a request and a response, and make them current."""

    def release_serving(self) -> None:
        """End the current request: run its last hooks and forget it."""
