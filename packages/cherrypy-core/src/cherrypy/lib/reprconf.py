"""Config dicts, namespaces and files, for other uses than CherryPy's own configuration."""

from cherrypy._config.config import BaseConfig as Config
from cherrypy._config.evaluator import attributes, modules, unrepr
from cherrypy._config.files import Parser, as_dict
from cherrypy._config.namespaces import NamespaceSet

__all__ = ["Config", "NamespaceSet", "Parser", "as_dict", "attributes", "modules", "unrepr"]
