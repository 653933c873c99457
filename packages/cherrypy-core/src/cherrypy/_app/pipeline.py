"""An application with the WSGI middleware around it (PEP 3333)."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from cherrypy._app.answering import AppResponse, answer
from cherrypy._app.middleware import (
    Environ,
    ExceptionTrapper,
    InternalRedirector,
    StartResponse,
    WSGICallable,
)
from cherrypy._config.generations import generation
from cherrypy._publishing.publication import Application
from cherrypy._runtime.names import object_named
from cherrypy._runtime.overriding import Shortened

DEFAULT_PIPELINE: list[tuple[str, Callable[..., WSGICallable]]] = [
    ("ExceptionTrapper", ExceptionTrapper),
    ("InternalRedirector", InternalRedirector),
]


class CPWSGIApp(Shortened):
    """An application with the middleware around it.

    Args:
        cpapp: The application.
        pipeline: Pairs of name and WSGI middleware, outermost first; they are added to the default
            ones, inside of them.
    """

    shortened = ("tail",)

    pipeline: list[tuple[str, Callable[..., WSGICallable]]] = DEFAULT_PIPELINE
    head: WSGICallable | None = None
    """The outermost WSGI application; made for the first request."""
    config: ClassVar[dict[str, dict[str, Any]]] = {}
    """Keyword arguments for each middleware, by its name."""
    response_class: type[Any] = AppResponse
    """Class of the WSGI response."""
    _plain_token: object = None
    """The generation in which :func:`answer` does what the application and its middleware do."""

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
        head = self.head
        if head is None:
            if self._plain_token is generation.token:
                return answer(self.cpapp, environ, start_response)
            head = self._build()
        return head(environ, start_response)

    def _build(self) -> WSGICallable:
        """Put the middleware around the application, and keep the result."""
        token = generation.token
        if (
            self.__class__ is CPWSGIApp
            and self.pipeline == DEFAULT_PIPELINE
            and self.response_class is AppResponse
            and not self.config
            and not any(each.own_methods for each in _PLAIN_CLASSES)
        ):
            object.__setattr__(self, "_plain_token", token)
            return self
        head: WSGICallable = self.tail
        for name, middleware in reversed(self.pipeline):
            head = middleware(head, **self.config.get(name, {}))
        self.head = head
        return head

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        object.__setattr__(self, "_plain_token", None)
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


_PLAIN_CLASSES: tuple[type[Shortened], ...] = (
    *(CPWSGIApp, AppResponse, ExceptionTrapper, InternalRedirector),
)
"""What :func:`answer` does the work of, unless somebody has replaced a method."""
