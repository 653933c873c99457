from cherrypy._publishing.handlers import LateParamPageHandler as LateParamPageHandler
from cherrypy._publishing.handlers import PageHandler as PageHandler
from cherrypy._publishing.handlers import test_callable_spec as test_callable_spec
from cherrypy._publishing.hosts import VirtualHost as VirtualHost
from cherrypy._publishing.methods import MethodDispatcher as MethodDispatcher
from cherrypy._publishing.objects import PUNCTUATION_TO_UNDERSCORES
from cherrypy._publishing.objects import Dispatcher as Dispatcher
from cherrypy._publishing.objects import validate_translator as validate_translator
from cherrypy._publishing.routes import RoutesDispatcher as RoutesDispatcher
from cherrypy._publishing.xmlrpc import XMLRPCDispatcher as XMLRPCDispatcher

punctuation_to_underscores = PUNCTUATION_TO_UNDERSCORES
