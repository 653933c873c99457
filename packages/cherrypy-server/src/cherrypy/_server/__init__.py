"""How the HTTP server works; ``cherrypy.server`` and ``cherrypy.process.servers`` are public."""
