"""The tools ``staticdir`` and ``staticfile``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, NotFound
from cherrypy._static.serving import StaticFile
from cherrypy.lib.toolset import Arguments, HandlerTool, Hook, PlannedHooks

Request = Any
Response = Any

FAVICON = Path(__file__).with_name("favicon.ico")
"""The picture that browsers show for a site that has none of its own."""

FAVICON_MAX_AGE = 86_400  # seconds: browsers ask for it on every visit


class Prepared(Protocol):
    """What is served, after all that follows from configuration has been decided."""

    def offer_shortcut(self, path: str) -> Any:
        """Offer what answers the next requests for a path."""

    def serve(self, request: Request, response: Response, *, is_final: bool = False) -> bool:
        """Answer a request; tell whether the response is set."""


class _Stage:
    """What a tool does for each request, see ``cherrypy._tools.hooks.Hook``."""

    def __init__(self, name: str, prepared: Prepared) -> None:
        self.__name__ = name
        self._serve = prepared.serve
        self.offer_shortcut = prepared.offer_shortcut  # see ``cherrypy._app.shortcuts``

    def __call__(self) -> None:
        serving = current.get()
        self.with_request(serving.request, serving.response)

    def with_request(self, request: Request, response: Response) -> None:
        """Answer in place of the page handler, if there is something to answer with."""
        if self._serve(request, response, is_final=response.may_finish(request, self)):
            request.handler = None


class StaticTool(HandlerTool):
    """A tool that answers with files; what its settings mean is decided once.

    Args:
        callable: Answers the current request, with the settings as arguments.
        prepare: Makes of the same arguments what answers a request.
        name: Name in the configuration.
        required: Argument without which nothing can be served.
    """

    def __init__(
        self,
        callable: Callable[..., bool],
        prepare: Callable[..., Prepared],
        name: str,
        required: str,
    ) -> None:
        super().__init__(callable, name)
        self._own_callable = callable
        self._prepare = prepare
        self._required = required

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        if self.callable is not self._own_callable:  # somebody has put another function there
            return super()._plan(arguments)
        if self._required not in arguments:
            raise ValueError(f"tools.{self._name}.{self._required} is not set, but the tool is on")
        settings = dict(arguments)
        priority = settings.pop("priority", self._priority)
        stage = _Stage(f"tools.{self._name}", self._prepare(**settings))
        return [("before_handler", Hook(stage, priority=priority))]


class StaticFileTool(StaticTool):
    """The tool ``staticfile``, which also has the picture for sites that have none."""

    def serve_favicon(self) -> Any:
        """Answer the current request with the default favicon, as a page handler does.

        Raises:
            HTTPError: 405 if the request is not one to read.
        """
        serving = current.get()
        request, response = serving.request, serving.response
        if request.method not in {"GET", "HEAD"}:
            response.headers["Allow"] = "GET, HEAD"
            raise HTTPError(405)
        if not StaticFile(FAVICON, max_age=FAVICON_MAX_AGE).serve(request, response):
            raise NotFound
        return response.body
