"""Applications and the tree they are mounted in, by the import path that applications know."""

from cherrypy._app.application import Application
from cherrypy._app.tree import Tree
from cherrypy._assembly import tools
from cherrypy._runtime.overriding import publish

__all__ = [
    "Application",
    "Tree",
    "tools",
]

publish(__name__)
