"""A tutorial of CherryPy 18: error pages."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "HTTPErrorDemo", "curpath", "localDir", "tutconf")
