"""A tutorial of CherryPy 18: pages by the rest of a path."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "UsersPage", "tutconf")
