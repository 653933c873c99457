"""The public names of CherryPy. Re-exports only; see ``cherrypy._assembly``."""

from pkgutil import extend_path
from sys import modules
from typing import Any

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
