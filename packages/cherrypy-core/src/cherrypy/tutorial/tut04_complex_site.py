"""A tutorial of CherryPy 18: pages under one another."""

from cherrypy._gone import gone
from cherrypy.tutorial import ADVICE

__getattr__ = gone(
    __name__, ADVICE, "ExtraLinksPage", "HomePage", "JokePage", "LinksPage", "root", "tutconf"
)
