"""The tools of the core, by name."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, Protocol, runtime_checkable

from cherrypy._runtime.context import current
from cherrypy._tools.function import ToolFunction, tool_function
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, ErrorTool, F, HandlerTool, PlannedHooks, Tool
from cherrypy._tools.toolbox import Toolbox
from cherrypy.lib import caching, cptools, encoding, xmlrpcutil
from cherrypy.lib.caching import CachingTool
from cherrypy.lib.encoding import EncodeTool
from cherrypy.lib.xmlrpc_settings import call_with_settings, settings_of

__all__ = [
    "Arguments",
    "CachingTool",
    "HandlerTool",
    "Hook",
    "PlannedHooks",
    "SessionAuthTool",
    "ToolFunction",
    "XMLRPCController",
    "make_default_toolbox",
    "tool_function",
]


RARE_TOOLS = {"cpstats": "StatsTool", "health": "HealthTool", "metrics": "MetricsTool"}
"""Tools that are made when they are asked for: names of modules in `cherrypy.lib`, and classes."""


@runtime_checkable
class SessionTool(Protocol):
    """``tools.sessions``, which distribution cherrypy-sessions brings, as type checkers see it."""

    def __call__(self, *args: object, **kwargs: object) -> Callable[[F], F]:
        """Make a decorator that turns the tool on."""

    def regenerate(self) -> None:
        """Give the session of the current request a new id, and send that to the client."""

    def __getattr__(self, name: str) -> Any:
        """Return a setting."""


class DefaultToolbox(Toolbox):
    """The tools of the core; one that hardly any site turns on is made when it is asked for.

    Type checkers know the tools of the other distributions too, as they are there if installed.
    """

    accept: Tool
    allow: Tool
    auth_basic: Tool
    auth_digest: Tool
    auth_peercreds: Tool
    autovary: Tool
    caching: CachingTool
    cpstats: Tool
    decode: Tool
    encode: EncodeTool
    err_redirect: ErrorTool
    etags: Tool
    expires: Tool
    flatten: Tool
    gzip: Tool
    health: HandlerTool
    ignore_headers: Tool
    json_in: Tool
    json_out: Tool
    log_headers: Tool
    log_hooks: Tool
    log_tracebacks: Tool
    metrics: Tool
    params: Tool
    proxy: Tool
    redirect: Tool
    referer: Tool
    response_headers: Tool
    session_auth: "SessionAuthTool"
    sessions: SessionTool
    staticdir: HandlerTool
    staticfile: HandlerTool
    trailing_slash: Tool
    xmlrpc: ErrorTool

    def __getattr__(self, name: str) -> Tool:
        """Make a tool that hardly any site uses, or find what another distribution announces."""
        if name in RARE_TOOLS and "namespace" in self.__dict__:
            tool: Tool = getattr(import_module(f"cherrypy.lib.{name}"), RARE_TOOLS[name])()
            setattr(self, name, tool)
            return tool
        return super().__getattr__(name)


def make_default_toolbox() -> DefaultToolbox:
    """Return a toolbox with the tools of the core."""
    tools = DefaultToolbox("tools")
    for name, point, function, priority in (
        ("accept", "on_start_resource", cptools.accept, 50),
        ("allow", "on_start_resource", cptools.allow, 50),
        ("autovary", "on_start_resource", cptools.autovary, 0),
        ("redirect", "on_start_resource", cptools.redirect, 50),
        ("response_headers", "on_start_resource", cptools.response_headers, 50),
        ("decode", "before_request_body", encoding.decode, 50),
        ("ignore_headers", "before_request_body", cptools.ignore_headers, 50),
        ("proxy", "before_request_body", cptools.proxy, 30),
        ("referer", "before_request_body", cptools.referer, 50),
        ("params", "before_handler", cptools.convert_params, 15),
        ("trailing_slash", "before_handler", cptools.trailing_slash, 60),
        ("etags", "before_finalize", cptools.validate_etags, 75),
        ("expires", "before_finalize", caching.expires, 50),
        ("flatten", "before_finalize", cptools.flatten, 50),
        ("gzip", "before_finalize", encoding.gzip, 80),
        ("log_headers", "before_error_response", cptools.log_request_headers, 50),
        ("log_tracebacks", "before_error_response", cptools.log_traceback, 50),
        ("log_hooks", "on_end_request", cptools.log_hooks, 100),
    ):
        setattr(tools, name, Tool(point, function, priority=priority))
    tools.encode = EncodeTool("before_handler", encoding.ResponseEncoder, priority=70)
    tools.caching = CachingTool("before_handler", caching.get)
    tools.session_auth = SessionAuthTool(cptools.session_auth)
    tools.err_redirect = ErrorTool(cptools.redirect)
    tools.xmlrpc = ErrorTool(xmlrpcutil.on_error)
    return tools


class SessionAuthTool(HandlerTool):
    """Shows a login form in place of the page handler; see :mod:`cherrypy.lib.session_auth`."""


class XMLRPCController:
    """A page handler that is called by clients of XML-RPC: its exposed methods are theirs.

    Subclass it, expose methods, and mount an instance; use ``cherrypy.dispatch.XMLRPCDispatcher``
    if clients address ``/RPC2``. Dotted names lead to attributes. The tools and settings of a
    method, and those of a section for its path, count when it is called.
    """

    _cp_config: ClassVar[dict[str, Any]] = {"tools.xmlrpc.on": True}

    def default(self, *vpath: object, **params: object) -> object:
        """Call the method that the body of the request names.

        Raises:
            LookupError: There is no such method, or it is not exposed.
        """
        arguments, name = xmlrpcutil.process_body()
        method = self._find_method(name)
        if method is None:
            raise LookupError(f'method "{name}" is not supported')
        serving = current.get()
        request, response = serving.request, serving.response
        base = "/".join(xmlrpcutil.patched_path(request.path_info).split("/")[: -1 - len(vpath)])
        configured = settings_of(self, base, name, request.app.plans().sections)
        if configured:
            answered, result = call_with_settings(
                request, response, configured, lambda: method(*vpath, *arguments, **params)
            )
            if not answered:
                return response.body
        else:
            result = method(*vpath, *arguments, **params)
        settings = request.toolmaps.get("tools", {}).get("xmlrpc", {})
        xmlrpcutil.respond(result, settings.get("encoding", "utf-8"), settings.get("allow_none", 0))
        return response.body

    default.exposed = True  # type: ignore[attr-defined]  # that is what publishes it

    def _find_method(self, name: str) -> Any | None:
        found: Any = self
        for attribute in name.split("."):
            found = None if attribute.startswith("_") else getattr(found, attribute, None)
            if found is None:
                return None
        is_published = getattr(found, "exposed", False) and found != self.default
        return found if is_published else None
