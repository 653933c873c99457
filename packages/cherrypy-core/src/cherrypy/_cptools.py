"""Tools and toolboxes, by the import path that applications know."""

from typing import TYPE_CHECKING

from cherrypy._assembly import tools as default_toolbox
from cherrypy._publishing.exposing import expose as expose
from cherrypy._runtime.overriding import publish
from cherrypy._tools.tool import ErrorTool, HandlerTool, HandlerWrapperTool, Tool
from cherrypy._tools.toolbox import Toolbox
from cherrypy.lib.caching import CachingTool
from cherrypy.lib.toolset import SessionAuthTool, XMLRPCController

__all__ = [
    "CachingTool",
    "ErrorTool",
    "HandlerTool",
    "HandlerWrapperTool",
    "SessionAuthTool",
    "SessionTool",
    "Tool",
    "Toolbox",
    "XMLRPCController",
    "default_toolbox",
]

if TYPE_CHECKING:  # of another distribution, and loaded when it is first used
    from cherrypy.lib.toolset import SessionTool

publish(__name__, "cherrypy.lib.sessions")
