"""A tutorial of CherryPy 18: uploads and downloads."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(__name__, ADVICE, "FileDemo", "absDir", "localDir", "tutconf")
