"""A tutorial of CherryPy 18: a form."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "WelcomePage", "tutconf")
