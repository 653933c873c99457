"""The tools ``staticdir`` and ``staticfile``."""

import atexit
from contextlib import ExitStack
from functools import cache
from importlib.resources import as_file, files

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, NotFound
from cherrypy._static.serving import StaticFile
from cherrypy._tools.function import ToolFunction
from cherrypy.lib.toolset import Arguments, HandlerTool, PlannedHooks

FAVICON_MAX_AGE = 86_400  # seconds: browsers ask for it on every visit


AFTER_EQUALS = 0.001
"""Puts a hook behind those of the same priority, and before all others."""


class StaticTool(HandlerTool):
    """A tool that answers with files; its settings are read once for each configuration."""

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        function = self.callable
        if isinstance(function, ToolFunction) and function.prepare is not None:
            # after session_auth, which has the same place: nobody gets a 304 before the login
            place = {"priority": self._priority + AFTER_EQUALS}
            return [("before_handler", self._hook(function, {**place, **arguments}))]
        return super()._plan(arguments)  # an application has put another function there


class StaticFileTool(StaticTool):
    """The tool ``staticfile``, which also has the picture for sites that have none."""

    def serve_favicon(self) -> object:
        """Answer the current request with the default favicon, as a page handler does.

        Raises:
            HTTPError: 405 if the request is not one to read.
        """
        serving = current.get()
        request, response = serving.request, serving.response
        if request.method not in {"GET", "HEAD"}:
            response.headers["Allow"] = "GET, HEAD"
            raise HTTPError(405)
        if not _favicon().serve(request, response):
            raise NotFound
        return response.body


@cache
def _favicon() -> StaticFile:
    """Return the default favicon; it is extracted first if the package is in a zip file."""
    stack = ExitStack()
    atexit.register(stack.close)
    path = stack.enter_context(as_file(files("cherrypy._static") / "favicon.ico"))
    return StaticFile(path, max_age=FAVICON_MAX_AGE)
