"""``cherrypy.server``: an HTTP server that starts and stops with the engine."""

from importlib import import_module
from typing import Any

from cherrypy._server.faults import SettingError
from cherrypy._server.options import ServerSettings
from cherrypy._server.tls_options import is_encrypted
from cherrypy.process.servers import HTTPServer, format_base
from cherrypy.process.wspbus import with_priority


class Server(ServerSettings):
    """One HTTP server and its settings; ``cherrypy.server`` is the first of them.

    The settings are read when the server starts. A server that was made of them is replaced at the
    next start; one that was set as ``httpserver`` is kept.

    Args:
        bus: The bus that it starts and stops with; ``cherrypy.engine`` if None.
        application: The WSGI application that it serves; ``cherrypy.tree`` if None.
    """

    _made: HTTPServer | None = None

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
                    self.httpserver, self.bind_addr = self.httpserver_from_self()
                except SettingError as error:
                    self._report(str(error))
                    raise
                self._made = self.httpserver
            elif self.bind_addr is None:
                self.bind_addr = self.httpserver_from_self(self.httpserver)[1]
        super().start()


def _import_name(name: str) -> Any:
    """Import the object of a dotted name such as ``package.module.Class``."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)
