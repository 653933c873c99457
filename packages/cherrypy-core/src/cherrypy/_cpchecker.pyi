from cherrypy._app.checker import Checker as Checker
