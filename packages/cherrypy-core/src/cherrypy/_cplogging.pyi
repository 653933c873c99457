from cherrypy._runtime.logs import LogManager as LogManager
from cherrypy._runtime.logs import WSGIErrorHandler as WSGIErrorHandler
from cherrypy._runtime.logs import formatter

logfmt = formatter
