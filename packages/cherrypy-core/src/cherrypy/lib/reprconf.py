"""Config dicts, namespaces and files, for other uses than CherryPy's own configuration."""

from cherrypy._config.config import BaseConfig as Config
from cherrypy._config.evaluator import attributes, modules, unrepr
from cherrypy._config.files import Parser, as_dict
from cherrypy._config.namespaces import NamespaceSet
from cherrypy._runtime.overriding import publish

__all__ = ["Config", "NamespaceSet", "Parser", "as_dict", "attributes", "modules", "unrepr"]

publish(__name__)
