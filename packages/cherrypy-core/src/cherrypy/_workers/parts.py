"""What the processes of a site work with: its engine, configuration and applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cherrypy.process.wspbus import Bus


class Tree(Protocol):
    """The applications of a site; it is a WSGI application itself."""

    @property
    def apps(self) -> Mapping[str, object]:
        """Applications by mount point."""

    def __call__(
        self, environ: dict[str, object], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""


class Parts(NamedTuple):
    """The objects of a site that workers need.

    Attributes:
        engine: The bus.
        config: The global configuration.
        tree: The applications.
        find_server: Returns ``cherrypy.server``; None where there is no distribution with one.
        further_servers: Servers of the configuration beside ``cherrypy.server``, by name.
        prepare_worker: Called in a worker when the site is loaded, before its engine starts.
        lead: Publishes on the channel ``lead``, in the one process that has the lead.
    """

    engine: Bus
    config: Mapping[str, object]
    tree: Tree
    find_server: Callable[[], object]
    further_servers: Mapping[str, object]
    prepare_worker: Callable[[], None]
    lead: Callable[[], object]
