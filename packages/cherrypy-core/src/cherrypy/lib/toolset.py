"""The tools of the core, by name."""

from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

from cherrypy._config.extensions import missing
from cherrypy._runtime.context import current
from cherrypy._tools.function import ToolFunction, tool_function
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, ErrorTool, HandlerTool, PlannedHooks, Tool
from cherrypy._tools.toolbox import Toolbox
from cherrypy.lib import caching, cptools, encoding, xmlrpcutil
from cherrypy.lib.caching import CachingTool
from cherrypy.lib.encoding import EncodeTool

__all__ = [
    "Arguments",
    "CachingTool",
    "HandlerTool",
    "Hook",
    "PlannedHooks",
    "SessionAuthTool",
    "SessionTool",
    "ToolFunction",
    "XMLRPCController",
    "make_default_toolbox",
    "tool_function",
]


class DefaultToolbox(Toolbox):
    """The tools of the core; one that hardly any site turns on is made when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        """Make the cpstats tool, or find what another distribution announces."""
        if name == "cpstats" and "namespace" in self.__dict__:
            self.cpstats = import_module("cherrypy.lib.cpstats").StatsTool()
            return self.cpstats
        return super().__getattr__(name)


def make_default_toolbox() -> Toolbox:
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


class SessionTool(Tool):
    """Opens the session of each request; the work is done by the distribution cherrypy-sessions.

    That is needed when the tool is first turned on somewhere, not to make one.
    """

    lock_points: ClassVar[dict[str, tuple[str, float] | None]] = {
        "implicit": ("before_handler", 50),
        "early": ("before_request_body", 60),
        "explicit": None,
    }
    """Hook point and priority at which the session is locked, by ``tools.sessions.locking``.

    In the ``implicit`` way the storages of cherrypy-sessions lock themselves instead, when the
    session is first used.
    """

    cookie_settings: ClassVar[tuple[str, ...]] = (
        *("path", "path_header", "name", "timeout", "domain", "secure", "httponly", "samesite"),
    )
    """Settings that concern the cookie."""

    def __init__(self) -> None:
        super().__init__("before_request_body", self._init)

    @staticmethod
    def module() -> ModuleType:
        """Return ``cherrypy.lib.sessions``.

        Raises:
            ModuleNotFoundError: It is not installed; says what to install.
        """
        try:
            return import_module("cherrypy.lib.sessions")
        except ModuleNotFoundError as error:
            if error.name != "cherrypy.lib.sessions":
                raise
            raise ModuleNotFoundError(missing("tools", "sessions"), name=error.name) from None

    def _init(self, **kwargs: Any) -> None:
        self.module().init(**kwargs)

    @staticmethod
    def _lock_session() -> None:
        """Lock the session of the current request."""
        session: Any = current.get().__dict__["session"]
        if not getattr(
            session, "locked", False
        ):  # a tool has used it; some can not be locked twice
            session.acquire_lock()

    def _setup(self) -> None:
        """Attach what opens, locks, saves and closes the session to the current request."""
        hooks = current.get().request.hooks
        for point, hook in SessionTool._plan(self, self._merged_args()):
            hooks[point].append(hook)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Say which hooks the tool attaches.

        Raises:
            ValueError: ``locking`` is none of the known ways.
        """
        sessions = self.module()
        locking = arguments.get("locking", "implicit")
        if locking not in self.lock_points:
            raise ValueError(
                f"tools.sessions.locking = {locking!r}: expected one of "
                + ", ".join(map(repr, self.lock_points))
            )
        place = self.lock_points[locking]
        is_own = self.callable == self._init
        if is_own:
            begin = self._hook(sessions.init, {**arguments, "locking": locking})
            prepare = getattr(sessions.init, "planned", None)
            if prepare is not None:  # what follows from the settings is not found out each time
                begin.callback, begin.kwargs = prepare(**begin.kwargs), {}
            if locking == "implicit" and not getattr(begin.callback, "is_locked_first", False):
                place = None
        else:
            begin = self._hook(self.callable, arguments)
        planned = [("before_request_body", begin)]
        if place is not None:
            planned.append((place[0], Hook(self._lock_session, priority=place[1])))
        if is_own and locking == "implicit" and arguments.get("lazy"):
            planned.append(("before_handler", Hook(sessions.repeatable)))
        planned.append(("before_finalize", Hook(sessions.save)))
        planned.append(("on_end_request", Hook(sessions.close)))
        return planned

    def regenerate(self) -> None:
        """Give the session of the current request a new id, and send that to the client."""
        session: Any = current.get().__dict__["session"]
        session.regenerate()
        settings = self._merged_args()
        cookie = {name: settings[name] for name in self.cookie_settings if name in settings}
        if not settings.get("persistent", True):
            cookie["timeout"] = None
        self.module().set_response_cookie(**cookie)


class XMLRPCController:
    """A page handler that is called by clients of XML-RPC: its exposed methods are theirs.

    Subclass it, expose methods, and mount an instance; use ``cherrypy.dispatch.XMLRPCDispatcher``
    if clients address ``/RPC2``. Dotted names lead to attributes.
    """

    _cp_config: ClassVar[dict[str, Any]] = {"tools.xmlrpc.on": True}

    def default(self, *vpath: Any, **params: Any) -> Any:
        """Call the method that the body of the request names.

        Raises:
            LookupError: There is no such method, or it is not exposed.
        """
        arguments, name = xmlrpcutil.process_body()
        method = self._find_method(name)
        if method is None:
            raise LookupError(f'method "{name}" is not supported')
        serving = current.get()
        settings = serving.request.toolmaps.get("tools", {}).get("xmlrpc", {})
        xmlrpcutil.respond(
            method(*vpath, *arguments, **params),
            settings.get("encoding", "utf-8"),
            settings.get("allow_none", 0),
        )
        return serving.response.body

    default.exposed = True  # type: ignore[attr-defined]  # that is what publishes it

    def _find_method(self, name: str) -> Any | None:
        found: Any = self
        for attribute in name.split("."):
            found = None if attribute.startswith("_") else getattr(found, attribute, None)
            if found is None:
                return None
        is_published = getattr(found, "exposed", False) and found != self.default
        return found if is_published else None
