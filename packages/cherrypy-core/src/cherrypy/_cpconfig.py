"""The configuration of the site, by the import path that applications know."""

from cherrypy._config.config import Config, environments, merge
from cherrypy._runtime.overriding import publish

__all__ = [
    "Config",
    "environments",
    "merge",
]

publish(__name__)
