"""``cherrypy.server``: an HTTP server that starts and stops with the engine."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cherrypy._server.faults import SettingError
from cherrypy._server.https_redirect import HTTPSRedirect
from cherrypy._server.options import ServerSettings
from cherrypy._server.tls_options import is_encrypted
from cherrypy.process.servers import HTTPServer, format_base
from cherrypy.process.wspbus import with_priority

if TYPE_CHECKING:
    from collections.abc import Callable

_REDIRECT_THREADS = 2


class Server(ServerSettings):
    """One HTTP server and its settings; ``cherrypy.server`` is the first of them.

    The settings are read when the server starts. A server that was made of them is replaced at the
    next start; one that was set as ``httpserver`` is kept.

    Args:
        bus: The bus that it starts and stops with; ``cherrypy.engine`` if None.
        application: The WSGI application that it serves; ``cherrypy.tree`` if None.
    """

    _made: HTTPServer | None = None
    redirects: "Server | None" = None
    """Redirects plain HTTP to this server, by ``ssl_redirect_port``, while this one runs."""

    def base(self) -> str:
        """Return scheme, host and port for URLs, or the file name of the Unix socket."""
        if self.socket_file:
            return self.socket_file
        host, port = self.bound_addr
        return format_base(host or "", port, is_encrypted=is_encrypted(self))

    def httpserver_from_self(self, httpserver: object = None) -> tuple[Any, Any]:
        """Make a server of the settings.

        Args:
            httpserver: Used instead of ``instance``.

        Returns:
            The server, not started, and its ``bind_addr``.

        Raises:
            SettingError: A setting has a value that makes no sense.
        """
        if httpserver is None:
            httpserver = self.instance
        if httpserver is None:
            self.check_settings()
            # 30 ms, and a process under another WSGI server never starts one
            from cherrypy._cpwsgi_server import CPWSGIServer

            httpserver = CPWSGIServer
        elif isinstance(httpserver, str):
            httpserver = _import_name(httpserver)(self)
        if isinstance(httpserver, type):
            httpserver = httpserver(self)
        return httpserver, self.bind_addr

    @with_priority(75)
    def start(self) -> None:
        """Make the server of the settings, if there is none, and start it.

        If the bus is starting, a setting that makes no sense is logged in one line, and the
        process ends.

        Raises:
            SettingError: A setting has a value that makes no sense.
            AddressUnavailableError: It cannot listen on its address.
        """
        if not self.running:
            if self.httpserver is None or self.httpserver is self._made:
                try:
                    self._check_workers()
                    self.httpserver, self.bind_addr = self.httpserver_from_self()
                except SettingError as error:
                    self._report(str(error))
                    raise
                self._made = self.httpserver
            elif self.bind_addr is None:
                self.bind_addr = self.httpserver_from_self(self.httpserver)[1]
        super().start()
        if self.ssl_redirect_port is not None:
            self._start_redirects(self.ssl_redirect_port)

    @with_priority(25)
    def stop(self) -> None:
        """Stop the server, after the requests that it is working on."""
        if self.redirects is not None:
            self.redirects.stop()
            self.redirects = None
        super().stop()

    def subscribe(self) -> None:
        """Start, stop and renew certificates with the bus from now on."""
        super().subscribe()
        self.bus.subscribe("graceful", self.renew_certificates)

    def unsubscribe(self) -> None:
        """Stop listening to the bus; a running server is not stopped."""
        super().unsubscribe()
        self.bus.unsubscribe("graceful", self.renew_certificates)

    def renew_certificates(self) -> None:
        """Read certificates and keys again, for connections from now on.

        If they cannot be used, that is logged in one line, and the old ones stay in use.
        """
        reload: Callable[[], object] | None = getattr(
            getattr(self.httpserver, "ssl_adapter", None), "reload", None
        )
        if reload is not None and self.running:
            reload()

    def _start_redirects(self, port: int) -> None:
        """Start a second server, which sends clients of plain HTTP here."""
        redirects = Server(self.bus, HTTPSRedirect(self))
        for name in ("socket_host", "socket_timeout", "shutdown_timeout", "keep_underscores"):
            setattr(redirects, name, getattr(self, name))
        redirects.socket_port = port
        redirects.thread_pool = _REDIRECT_THREADS
        try:
            redirects.start()
        except BaseException:
            super().stop()
            raise
        self.redirects = redirects

    def _check_workers(self) -> None:
        """Make sure that this is not a site which is to be served by several processes."""
        if self.workers is not None:
            raise SettingError(
                f"server.workers = {self.workers!r}: only cherryd and cherrypy.quickstart start "
                "workers; leave it out where the program starts the engine itself"
            )


def _import_name(name: str) -> Any:
    """Import the object of a dotted name such as ``package.module.Class``."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)
