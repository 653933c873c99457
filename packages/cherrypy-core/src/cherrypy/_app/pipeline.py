"""An application with the WSGI middleware around it (PEP 3333)."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

from cherrypy._app.answering import AppResponse, answer
from cherrypy._app.middleware import (
    Environ,
    ExceptionTrapper,
    InternalRedirector,
    StartResponse,
    WSGICallable,
)
from cherrypy._publishing.publication import Application
from cherrypy._runtime.names import object_named

DEFAULT_PIPELINE: list[tuple[str, Callable[..., WSGICallable]]] = [
    ("ExceptionTrapper", ExceptionTrapper),
    ("InternalRedirector", InternalRedirector),
]


class CPWSGIApp:
    """An application with the middleware around it.

    Args:
        cpapp: The application.
        pipeline: Pairs of name and WSGI middleware, outermost first; they are added to the default
            ones, inside of them.
    """

    pipeline: list[tuple[str, Callable[..., WSGICallable]]] = DEFAULT_PIPELINE
    head: WSGICallable | None = None
    """The outermost WSGI application; made for the first request."""
    config: ClassVar[dict[str, dict[str, Any]]] = {}
    """Keyword arguments for each middleware, by its name."""
    response_class: type[Any] = AppResponse
    """Class of the WSGI response."""

    def __init__(
        self,
        cpapp: Application,
        pipeline: Iterable[tuple[str, Callable[..., WSGICallable]]] | None = None,
    ) -> None:
        self.cpapp = cpapp
        self.pipeline = self.pipeline[:]
        if pipeline:
            self.pipeline.extend(pipeline)
        self.config = dict(self.config)  # type: ignore[misc]  # each instance has its own

    def tail(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer a request without any middleware."""
        return self.response_class(environ, start_response, self.cpapp)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        return (self.head or self._build())(environ, start_response)

    def _build(self) -> WSGICallable:
        """Put the middleware around the application, and keep the result."""
        head: WSGICallable
        if (
            self.__class__ is CPWSGIApp
            and self.pipeline == DEFAULT_PIPELINE
            and self.response_class is AppResponse
            and not self.config
        ):
            head = self.head = partial(answer, self.cpapp)
            return head
        head = self.tail
        for name, middleware in reversed(self.pipeline):
            head = middleware(head, **self.config.get(name, {}))
        self.head = head
        return head

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name != "head":
            self.head = None  # made anew, of what is set now

    def namespace_handler(self, k: str, v: Any) -> None:
        """Act on a setting of the namespace ``wsgi``.

        Args:
            k: ``pipeline``, ``response_class``, or name and argument of a middleware.
            v: Its value.
        """
        if k == "pipeline":
            self.pipeline.extend(v)
        elif k == "response_class":
            self.response_class = object_named(v) if isinstance(v, str) else v
        else:
            name, _, argument = k.partition(".")
            self.config.setdefault(name, {})[argument] = v
        self.head = None
