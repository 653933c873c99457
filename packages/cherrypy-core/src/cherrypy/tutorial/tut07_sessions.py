"""A tutorial of CherryPy 18: a counter in a session."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "HitCounter", "tutconf")
