"""A tutorial of CherryPy 18: a page in pieces."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "GeneratorDemo", "tutconf")
