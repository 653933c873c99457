from cherrypy._runtime.log_handlers import WSGIErrorHandler as WSGIErrorHandler
from cherrypy._runtime.log_handlers import formatter
from cherrypy._runtime.logs import LogManager as LogManager

logfmt = formatter
