"""The public names of CherryPy. Re-exports only; see ``cherrypy._assembly``."""

from importlib import import_module
from pkgutil import extend_path
from sys import modules
from typing import TYPE_CHECKING, Any

__path__ = extend_path(__path__, __name__)  # satellites add modules to this package

from cherrypy._portions import without_cherrypy_18

__path__ = without_cherrypy_18(__path__)

from cherrypy._config.absent import explain_absent_modules
from cherrypy._config.extensions import explain_object, missing

explain_absent_modules(__path__, explain_object)

from cherrypy import _assembly, lib, process
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


if TYPE_CHECKING:  # what is made on first use, so that a name that does not exist is an error
    from types import ModuleType

    from cherrypy._app.checker import Checker
    from cherrypy._app.http_server import Server
    from cherrypy._runtime.messages import Session

    _cpserver: ModuleType
    _cpwsgi_server: ModuleType
    _cache: Any
    checker: Checker
    server: Server
    servers: dict[str, Server]
    session: Session


def _made_on_first_use(name: str) -> Any:
    """Make what is made on first use: the server, for which another distribution is needed."""
    hint = ""
    if name in ("_cpserver", "_cpwsgi_server"):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
        hint = f": {missing('servers', 'cheroot')}"
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
    if name == "session":
        if "cherrypy.lib.sessions" in modules:
            # not before, since applications ask by hasattr() whether there are sessions
            globals()["session"] = context.session
            return context.session
        hint = ": it needs tools.sessions.on = True, and cherrypy-sessions to be installed"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


if not TYPE_CHECKING:
    __getattr__ = _made_on_first_use

# last, since monitoring agents that wait for these modules use what is above
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
from cherrypy import _helper as _helper

dispatch = _cpdispatch
wsgi = _cpwsgi
