"""The adapter for mod_python, which is not developed any more."""

from cherrypy._gone import gone

__getattr__ = gone(
    __name__,
    "mod_python has ended; serve cherrypy.tree by mod_wsgi, or put Apache before cherrypy.server",
    *("ModPythonServer", "handler", "popen", "read_process", "send_response", "setup"),
)
