"""A tutorial of CherryPy 18: pages with a common base."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "AnotherPage", "HomePage", "Page", "tutconf")
