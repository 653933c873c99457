from cherrypy._config.config import Config as Config
from cherrypy._config.config import environments as environments
from cherrypy._config.config import merge as merge
