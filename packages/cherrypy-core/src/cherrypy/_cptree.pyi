from cherrypy._app.application import Application as Application
from cherrypy._app.tree import Tree as Tree
from cherrypy._assembly import tools as tools
