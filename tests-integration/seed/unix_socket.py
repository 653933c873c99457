"""Serve on a Unix socket, as the configuration file that is the first argument says.

What is at its path is moved to the file that is the second one, as not everybody may write to the
folder that the documentation names. It tells the path that was configured, and ends when its
standard input does.
"""

import json
import sys

import cherrypy


class Peer:
    """Tells who asks."""

    @cherrypy.expose
    def index(self) -> str:
        """Return what the environ has of it."""
        environ = cherrypy.request.wsgi_environ
        return json.dumps({name: environ[name] for name in environ if name.startswith("X_REMOTE_")})


cherrypy.config.update(sys.argv[1])
print(cherrypy.server.socket_file, flush=True)
cherrypy.config.update({"server.socket_file": sys.argv[2], "engine.autoreload.on": False})
cherrypy.config.update({"log.screen": False})
cherrypy.tree.mount(Peer())
cherrypy.engine.start()
print("ready", flush=True)
sys.stdin.read()
cherrypy.engine.exit()
