"""Import paths that applications know, each for the very same objects as the public ones.

``cherrypy._cptree.Application`` is ``cherrypy.Application``.  What a table entry names is imported
when it is first used.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_ERRORS = "cherrypy._runtime.errors"
_PAGES = "cherrypy._request.error_pages"
_TOOL = "cherrypy._tools.tool"
_ANSWERING = "cherrypy._app.answering"
_MIDDLEWARE = "cherrypy._app.middleware"
_OBJECTS = "cherrypy._publishing.objects"
_HANDLERS = "cherrypy._publishing.handlers"
_NAMESPACES = "cherrypy._publishing.namespaces"
_ENTITY = "cherrypy._request.entity"
_CONFIG = "cherrypy._config.config"

ALIASES: dict[str, dict[str, str]] = {
    "_cptree": {
        "Application": "cherrypy._app.application",
        "Tree": "cherrypy._app.tree",
        "tools": "cherrypy._assembly",
    },
    "_cptools": {
        "Tool": _TOOL,
        "HandlerTool": _TOOL,
        "HandlerWrapperTool": _TOOL,
        "ErrorTool": _TOOL,
        "Toolbox": "cherrypy._tools.toolbox",
        "CachingTool": "cherrypy.lib.caching",
        "SessionTool": "cherrypy.lib.sessions",
        "SessionAuthTool": "cherrypy.lib.toolset",
        "XMLRPCController": "cherrypy.lib.toolset",
        "default_toolbox": "cherrypy._assembly:tools",
    },
    "_cpdispatch": {
        "Dispatcher": _OBJECTS,
        "MethodDispatcher": "cherrypy._publishing.methods",
        "RoutesDispatcher": "cherrypy._publishing.routes",
        "XMLRPCDispatcher": "cherrypy._publishing.xmlrpc",
        "VirtualHost": "cherrypy._publishing.hosts",
        "PageHandler": _HANDLERS,
        "LateParamPageHandler": _HANDLERS,
        "test_callable_spec": _HANDLERS,
        "validate_translator": _OBJECTS,
        "punctuation_to_underscores": f"{_OBJECTS}:PUNCTUATION_TO_UNDERSCORES",
    },
    "_cpconfig": {
        "Config": _CONFIG,
        "environments": _CONFIG,
        "merge": _CONFIG,
    },
    "_cperror": {
        "CherryPyException": _ERRORS,
        "HTTPError": _ERRORS,
        "HTTPRedirect": _ERRORS,
        "InternalRedirect": _ERRORS,
        "NotFound": _ERRORS,
        "clean_headers": _ERRORS,
        "bare_error": _PAGES,
        "format_exc": _PAGES,
        "get_error_page": _PAGES,
    },
    "_cplogging": {
        "LogManager": "cherrypy._runtime.logs",
        "WSGIErrorHandler": "cherrypy._runtime.log_handlers",
        "logfmt": "cherrypy._runtime.log_handlers:formatter",
    },
    "_cpreqbody": {
        "Entity": _ENTITY,
        "Part": _ENTITY,
        "RequestBody": "cherrypy._request.body",
        "SizedReader": "cherrypy._request.readers",
        "process_multipart": _ENTITY,
        "process_multipart_form_data": _ENTITY,
        "process_urlencoded": _ENTITY,
    },
    "_cprequest": {
        "Request": "cherrypy._request.request",
        "Response": "cherrypy._request.response",
        "ResponseBody": "cherrypy._request.response",
        "LazyUUID4": "cherrypy._request.parts",
        "Hook": "cherrypy._tools.hooks",
        "HookMap": "cherrypy._tools.hooks",
        "hookpoints": "cherrypy._tools.hooks:HOOK_POINTS",
        "error_page_namespace": _NAMESPACES,
        "hooks_namespace": _NAMESPACES,
        "request_namespace": _NAMESPACES,
        "response_namespace": _NAMESPACES,
    },
    "_cpwsgi": {
        "AppResponse": _ANSWERING,
        "CPWSGIApp": "cherrypy._app.pipeline",
        "ExceptionTrapper": _MIDDLEWARE,
        "InternalRedirector": _MIDDLEWARE,
        "VirtualHost": _MIDDLEWARE,
    },
    "_cpserver": {"Server": "cherrypy._server.settings"},
    "_cpwsgi_server": {
        "CPWSGIServer": "cherrypy._server.cheroot_gateway",
        "CPWSGIHTTPRequest": "cherrypy._server.cheroot_gateway",
    },
    "_cpchecker": {"Checker": "cherrypy._app.checker"},
    "_cpcompat": {
        "ntob": "cherrypy._runtime.compat",
        "ntou": "cherrypy._runtime.compat",
        "tonative": "cherrypy._runtime.compat",
        "assert_native": "cherrypy._runtime.compat",
        "text_or_bytes": "cherrypy._runtime.compat",
        "IS_PYPY": "cherrypy._runtime.compat",
        "IS_WINDOWS": "cherrypy._runtime.compat",
        "HTTPSConnection": "http.client",
    },
}
"""Name of the module, name in it, and the module that has it (``module:name`` if it differs)."""


class AliasModule(ModuleType):
    """A module whose names are looked up in other modules when they are first used."""

    def __getattr__(self, name: str) -> Any:
        members = ALIASES[self.__name__.rpartition(".")[2]]
        try:
            module_name, _, other_name = members[name].partition(":")
        except KeyError:
            message = f"module {self.__name__!r} has no attribute {name!r}"
            raise AttributeError(message) from None
        value = getattr(import_module(module_name), other_name or name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ALIASES[self.__name__.rpartition(".")[2]]})


def install(package: str) -> dict[str, ModuleType]:
    """Make the modules importable below a package, and return them by name."""
    for name, members in ALIASES.items():
        module = AliasModule(f"{package}.{name}", "Another import path for public objects.")
        module.__dict__["__all__"] = list(members)
        sys.modules[module.__name__] = _modules[name] = module
    return _modules


def module(name: str) -> ModuleType:
    """Return one of the modules that were installed."""
    return _modules[name]


_modules: dict[str, ModuleType] = {}
