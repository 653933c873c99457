"""The server without WSGI, which was no faster than the one with it."""

from cherrypy._gone import gone

__getattr__ = gone(__name__, "cherrypy.server is fast enough", "CPHTTPServer", "NativeGateway")
