"""Dispatchers, and what calls page handlers, by the import path that applications know."""

from cherrypy._publishing.handlers import LateParamPageHandler, PageHandler, test_callable_spec
from cherrypy._publishing.hosts import VirtualHost
from cherrypy._publishing.methods import MethodDispatcher
from cherrypy._publishing.objects import PUNCTUATION_TO_UNDERSCORES as punctuation_to_underscores
from cherrypy._publishing.objects import Dispatcher, validate_translator
from cherrypy._publishing.routes import RoutesDispatcher
from cherrypy._publishing.xmlrpc import XMLRPCDispatcher
from cherrypy._runtime.overriding import publish

__all__ = [
    "Dispatcher",
    "LateParamPageHandler",
    "MethodDispatcher",
    "PageHandler",
    "RoutesDispatcher",
    "VirtualHost",
    "XMLRPCDispatcher",
    "punctuation_to_underscores",
    "test_callable_spec",
    "validate_translator",
]

publish(__name__)
