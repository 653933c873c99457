from cherrypy._assembly import tools
from cherrypy._tools.tool import ErrorTool as ErrorTool
from cherrypy._tools.tool import HandlerTool as HandlerTool
from cherrypy._tools.tool import HandlerWrapperTool as HandlerWrapperTool
from cherrypy._tools.tool import Tool as Tool
from cherrypy._tools.toolbox import Toolbox as Toolbox
from cherrypy.lib.caching import CachingTool as CachingTool
from cherrypy.lib.toolset import SessionAuthTool as SessionAuthTool
from cherrypy.lib.toolset import SessionTool as SessionTool
from cherrypy.lib.toolset import XMLRPCController as XMLRPCController

default_toolbox = tools
