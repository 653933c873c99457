"""What is behind ``cherrypy.testing``."""
