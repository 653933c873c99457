"""What the gates of all schemes have in common: the tool, the field that is read, the refusal.

A gate lets a request pass, or raises. It is made once for each configuration, so that mistakes in
that are found, and whatever follows from it is worked out, before requests come.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Tool

# any class that an application chooses as request_class and response_class
Request = Any
Response = Any
Stage = Callable[[Request, Response], None]

PRIORITY = 1
"""Place of all gates in ``before_handler``: before whatever is not for everybody."""


class Gate(Protocol):
    """One way to find out who sends a request."""

    def stages(self) -> Mapping[str, tuple[Stage, float | None]]:
        """Return what is to be done at which hook point.

        Each comes with its priority; ``None`` stands for that of the tool.
        """


class _Callback:
    """The callback of a hook, with what Hook calls where request and response are at hand."""

    def __init__(self, stage: Stage) -> None:
        self.with_request = stage

    def __call__(self) -> None:
        serving = current.get()
        self.with_request(serving.request, serving.response)

    def __repr__(self) -> str:
        return f"<{getattr(self.with_request, '__qualname__', 'stage')}>"


class GateTool(Tool):
    """A tool that makes a gate of its arguments when the plan of a resource is made.

    Args:
        function: The function that applications may call themselves.
        make_gate: Makes a gate of the same arguments.
    """

    def __init__(self, function: Callable[..., None], make_gate: Callable[..., Gate]) -> None:
        super().__init__("before_handler", function, priority=PRIORITY)
        self._function = function
        self._make_gate = make_gate

    def _plan(self, arguments: Mapping[str, Any]) -> list[tuple[str, Hook]]:
        """Say which hooks the tool attaches.

        Raises:
            ValueError: An argument makes no sense.
        """
        planned = super()._plan(arguments)
        if self.callable is not self._function:  # an application has put its own in place
            return planned
        ((_, own),) = planned
        gate = self._make_gate(**own.kwargs)
        return [
            (point, Hook(_Callback(stage), priority=own.priority if place is None else place))
            for point, (stage, place) in gate.stages().items()
        ]

    def _setup(self) -> None:
        """Attach the hooks to the current request."""
        hooks = current.get().request.hooks
        for point, hook in self._plan(self._merged_args()):
            hooks[point].append(hook)


def authorization_of(request: Request) -> str | None:
    """Return the Authorization field of a request; ``None`` if there is none."""
    if "headers" not in request.__dict__:
        # PERF: no map of all fields for the sake of one
        field: str | None = request.wsgi_environ.get("HTTP_AUTHORIZATION")
        if field is not None and "=?" not in field:
            return field
    found: str | None = request.headers.get("Authorization")
    return found


def refusal() -> HTTPError:
    """Make the error that answers who is not let in; the challenge says what is missing."""
    return HTTPError(401, "You are not authorized to access that resource")
