"""The functions of tools: written once, with request and response as their first arguments."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Encoder, Request, Response

__all__ = ["Encoder", "ToolFunction", "tool_function"]

P = ParamSpec("P")
R = TypeVar("R")


class ToolFunction(Generic[P, R]):
    """A function that a tool attaches to a hook point, with what it promises about itself.

    The function takes the request and the response first. Applications call it without them, and
    it is the current ones then::

        @tool_function()
        def allow(request: Request, response: Response, methods: str | None = None) -> None: ...

        cherrypy.lib.cptools.allow(methods="GET")  # in a page handler

    The promises let a resource plan leave out work that cannot have an effect. A function that
    promises nothing is always called, and every function may be called without its plan.

    Args:
        function: ``function(request, response, **settings)``.
        failsafe: Whether it runs even if a hook before it has failed.
        priority: Place among the hooks of its point; that of the tool by default.
        leaves_response: Whether it never changes the response; it may raise an error or a redirect.
        needs_head_only: Whether it decides by the head of a request. At ``before_handler`` it then
            runs before the body is processed, if nothing comes before it that does not promise the
            same, so that what it refuses is not read.
        prepare: Called once for each configuration, with the settings as arguments. It returns the
            function that does the work for each request, without any arguments but request and
            response, and raises ``ValueError`` or ``TypeError`` for settings that make no sense.
        encoder: The same for a function that wraps the page handler to encode what that returns:
            it returns what encodes a body, ``encode(request, response, body)``.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Request, Response, P], R],
        *,
        failsafe: bool = False,
        priority: float | None = None,
        leaves_response: bool = False,
        needs_head_only: bool = False,
        prepare: "Callable[..., ToolFunction[[], Any]] | None" = None,
        encoder: Callable[..., Encoder] | None = None,
    ) -> None:
        self.function = function
        self.failsafe = failsafe
        if priority is not None:
            self.priority = priority  # absent otherwise, so that the priority of the tool counts
        self.leaves_response = leaves_response
        self.needs_head_only = needs_head_only
        self.prepare = prepare
        self.encoder = encoder
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function for the current request and response."""
        serving = current.get()
        return self.function(serving.request, serving.response, *args, **kwargs)

    @property
    def __signature__(self) -> object:
        """The signature that applications see: without request and response."""
        from inspect import signature

        described = signature(self.function)
        return described.replace(parameters=list(described.parameters.values())[2:])

    def __repr__(self) -> str:
        return f"<tool function {getattr(self, '__qualname__', self.function)}>"


def tool_function(
    *,
    failsafe: bool = False,
    priority: float | None = None,
    leaves_response: bool = False,
    needs_head_only: bool = False,
    prepare: "Callable[..., ToolFunction[[], Any]] | None" = None,
) -> Callable[[Callable[Concatenate[Request, Response, P], R]], ToolFunction[P, R]]:
    """Make a decorator that makes a :class:`ToolFunction`; the arguments are the same."""

    def decorator(function: Callable[Concatenate[Request, Response, P], R]) -> ToolFunction[P, R]:
        return ToolFunction(
            function,
            failsafe=failsafe,
            priority=priority,
            leaves_response=leaves_response,
            needs_head_only=needs_head_only,
            prepare=prepare,
        )

    return decorator
