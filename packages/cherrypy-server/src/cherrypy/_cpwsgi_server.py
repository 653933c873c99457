"""The WSGI server. The names by which CherryPy 18 has it."""

from cherrypy._runtime.overriding import publish
from cherrypy._server.cheroot_gateway import CPWSGIHTTPRequest, CPWSGIServer

__all__ = ["CPWSGIHTTPRequest", "CPWSGIServer"]

publish(__name__)
