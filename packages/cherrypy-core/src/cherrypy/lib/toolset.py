"""The tools of the core, by name."""

from cherrypy._tools.tool import Tool
from cherrypy._tools.toolbox import Toolbox
from cherrypy.lib import cptools, encoding


def make_default_toolbox() -> Toolbox:
    """Return a toolbox with the tools of the core."""
    tools = Toolbox("tools")
    tools.log_tracebacks = Tool("before_error_response", cptools.log_traceback)
    tools.log_headers = Tool("before_error_response", cptools.log_request_headers)
    tools.trailing_slash = Tool("before_handler", cptools.trailing_slash, priority=60)
    tools.encode = Tool("before_handler", encoding.ResponseEncoder, "encode", priority=70)
    return tools
