"""The public names of CherryPy. Re-exports only; see ``cherrypy._assembly``."""

from pkgutil import extend_path
from sys import modules
from typing import TYPE_CHECKING, Any

__path__ = extend_path(__path__, __name__)  # satellites add modules to this package

from cherrypy._portions import without_cherrypy_18

__path__ = without_cherrypy_18(__path__)

from cherrypy import _aliases, _assembly, lib, process
from cherrypy._app.application import Application
from cherrypy._assembly import (
    config,
    engine,
    log,
    quickstart,
    request,
    response,
    serving,
    thread_data,
    tools,
    tree,
)
from cherrypy._publishing.exposing import expose, popargs
from cherrypy._runtime import context
from cherrypy._runtime.errors import (
    CherryPyException,
    HTTPError,
    HTTPRedirect,
    InternalRedirect,
    NotFound,
)
from cherrypy._runtime.urls import url
from cherrypy._tools.tool import Tool
from cherrypy._version import __version__

__all__ = [
    "Application",
    "CherryPyException",
    "HTTPError",
    "HTTPRedirect",
    "InternalRedirect",
    "NotFound",
    "Tool",
    "__version__",
    "checker",
    "config",
    "engine",
    "expose",
    "lib",
    "log",
    "popargs",
    "process",
    "quickstart",
    "request",
    "response",
    "serving",
    "thread_data",
    "tools",
    "tree",
    "url",
]

globals().update(_aliases.install(__name__))

if TYPE_CHECKING:  # what is made on first use, so that a name that does not exist is an error
    from types import ModuleType

    from cherrypy import _cpchecker as _cpchecker
    from cherrypy import _cpcompat as _cpcompat
    from cherrypy import _cpconfig as _cpconfig
    from cherrypy import _cpdispatch as _cpdispatch
    from cherrypy import _cperror as _cperror
    from cherrypy import _cplogging as _cplogging
    from cherrypy import _cpreqbody as _cpreqbody
    from cherrypy import _cprequest as _cprequest
    from cherrypy import _cptools as _cptools
    from cherrypy import _cptree as _cptree
    from cherrypy import _cpwsgi as _cpwsgi
    from cherrypy._app.checker import Checker
    from cherrypy._app.http_server import Server
    from cherrypy._runtime.messages import Session

    dispatch = _cpdispatch
    wsgi = _cpwsgi
    _cpserver: ModuleType
    _cpwsgi_server: ModuleType
    _cache: Any
    checker: Checker
    server: Server
    servers: dict[str, Server]
    session: Session
else:
    dispatch = _aliases.module("_cpdispatch")
    wsgi = _aliases.module("_cpwsgi")

    def __getattr__(name: str) -> Any:
        """Make what is made on first use: the server, for which another distribution is needed."""
        if name == "server":
            return _assembly.default_server.get()
        if name == "servers":
            return _assembly.default_server.servers
        if name == "_cache":
            cache = _assembly.response_cache()
            if cache is not None:
                return cache
        if name == "checker":
            return _assembly.checker()
        if name == "session" and "cherrypy.lib.sessions" in modules:
            # not before, since applications ask by hasattr() whether there are sessions
            globals()["session"] = context.session
            return context.session
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
