"""The classes of other distributions are what the core declares of them, for users' checkers."""

from cherrypy._app.http_server import Server as ServerProtocol
from cherrypy._runtime.messages import Session as SessionProtocol
from cherrypy._server.settings import Server
from cherrypy._sessions.session import Session
from cherrypy.lib.sessions import SessionTool
from cherrypy.lib.toolset import SessionTool as SessionToolProtocol


def server(made: Server) -> ServerProtocol:
    return made


def session(made: Session) -> SessionProtocol:
    return made


def session_tool(made: SessionTool) -> SessionToolProtocol:
    return made
