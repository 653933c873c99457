"""The HTTP server with its settings. The names by which CherryPy 18 has them."""

from cherrypy._runtime.overriding import publish
from cherrypy._server.settings import Server
from cherrypy.lib.reprconf import attributes as attributes
from cherrypy.process.servers import ServerAdapter as ServerAdapter  # it is at home there

__all__ = ["Server"]

publish(__name__)
