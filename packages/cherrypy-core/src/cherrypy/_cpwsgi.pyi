from cherrypy._app.answering import AppResponse as AppResponse
from cherrypy._app.middleware import ExceptionTrapper as ExceptionTrapper
from cherrypy._app.middleware import InternalRedirector as InternalRedirector
from cherrypy._app.middleware import VirtualHost as VirtualHost
from cherrypy._app.pipeline import CPWSGIApp as CPWSGIApp
