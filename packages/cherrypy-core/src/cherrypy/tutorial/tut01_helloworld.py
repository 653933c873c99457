"""A tutorial of CherryPy 18: a page that says hello."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "HelloWorld", "tutconf")
