"""Tools: functions that configuration and decorators turn on for a part of the site."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from cherrypy._config.generations import generation
from cherrypy._runtime.context import current
from cherrypy._runtime.overriding import Shortened
from cherrypy._tools.function import ToolFunction
from cherrypy._tools.hooks import Hook

if TYPE_CHECKING:
    from types import CodeType

F = TypeVar("F", bound=Callable[..., Any] | type)
Arguments = Mapping[str, Any]
PlannedHooks = list[tuple[str, Hook]]


class Tool(Shortened):
    """A function that is called at a hook point of the requests it is turned on for.

    Args:
        point: Hook point at which the function is attached.
        callable: The function; the keyword arguments that the configuration sets are given to it.
        name: Name in the configuration (``tools.<name>.on``); that of the attribute under which
            the tool is put into its toolbox by default.
        priority: Place among the hooks of the same point, unless the function has an attribute
            ``priority`` or the configuration sets ``tools.<name>.priority``.
    """

    if TYPE_CHECKING:
        # the parameters of its function are attributes

        def __getattr__(self, name: str) -> Any: ...

    shortened = ("_setup", "_merged_args")
    namespace = "tools"
    callable: Callable[..., object]

    def __init__(
        self,
        point: str | None,
        callable: Callable[..., Any],
        name: str | None = None,
        priority: float = 50,
    ) -> None:
        self._point = point
        self.callable = callable
        self._name = name
        self._priority = priority
        self.__doc__ = callable.__doc__
        self._setargs()

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        generation.bump()  # resource plans are bound to what the tool was

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        generation.bump()

    @property
    def on(self) -> bool:
        """Not to be used: a tool is turned on by configuration or as a decorator.

        Raises:
            AttributeError: Always.
        """
        raise AttributeError(_ON_ATTRIBUTE)

    @on.setter
    def on(self, _value: bool) -> None:
        raise AttributeError(_ON_ATTRIBUTE)

    def _setargs(self) -> None:
        """Make the parameters of the function attributes, so that they can be looked up."""
        names = _parameter_names(self.callable)
        for name in names:
            if not hasattr(type(self), name):
                self.__dict__.setdefault(name, None)

    def _merged_args(self, d: Arguments | None = None) -> dict[str, Any]:
        """Return the arguments that the request sets for this tool, over those in ``d``."""
        settings = current.get().request.toolmaps.get(self.namespace, {})
        return self._arguments({**(d or {}), **settings.get(self._name or "", {})})

    @staticmethod
    def _arguments(settings: Arguments) -> dict[str, Any]:
        return {name: value for name, value in settings.items() if name != "on"}

    def __call__(self, *args: object, **kwargs: object) -> Callable[[F], F]:
        """Make a decorator that turns the tool on for a handler or a class of handlers.

        Args:
            *args: Must be empty.
            **kwargs: Arguments for the function of the tool.

        Raises:
            TypeError: Positional arguments were given: the decorator was not called first.
        """
        if args:
            raise TypeError(
                f"The {self._name!r} Tool does not accept positional arguments; "
                "you must use keyword arguments."
            )
        prefix = f"{self.namespace}.{self._name}."

        def decorator(published: F) -> F:
            settings = dict(getattr(published, "_cp_config", {}))
            settings[prefix + "on"] = True
            settings.update((prefix + name, value) for name, value in kwargs.items())
            published._cp_config = settings  # type: ignore[union-attr]
            return published

        return decorator

    def _setup(self) -> None:
        """Attach the function to the current request; override it to do something else."""
        hooks = current.get().request.hooks
        for point, hook in self._plan(self._merged_args()):
            hooks[point].append(hook)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Say which hooks the tool attaches when it is on.

        A class that overrides :meth:`_setup` is set up anew for each request.

        Args:
            arguments: What configuration sets for the tool, without ``on``.
        """
        if self._point is None:
            return []
        return [(self._point, self._hook(self.callable, arguments))]

    def _hook(self, callback: Callable[..., Any], arguments: Arguments) -> Hook:
        keywords = dict(arguments)
        priority: float | None = keywords.pop("priority", None)
        if priority is None:
            priority = getattr(self.callable, "priority", self._priority)
        failsafe = getattr(self.callable, "failsafe", None)
        if isinstance(callback, ToolFunction) and callback.prepare is not None:
            return Hook(callback.prepare(**keywords), failsafe, priority)
        return Hook(callback, failsafe, priority, **keywords)


_ON_ATTRIBUTE = (
    "A tool is turned on by configuration (tools.<name>.on = True) or as a decorator "
    "(@cherrypy.tools.<name>()), not by its attribute 'on'."
)


def _parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names a function takes, as far as they can be had without an import."""
    if isinstance(function, ToolFunction):
        return _parameter_names(function.function)[2:]
    code: CodeType | None = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        code = getattr(getattr(type(function), "__call__", None), "__code__", None)  # noqa: B004 - not asked whether, but how
    if code is None:
        return ()
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return tuple(name for name in names if name != "self")


class HandlerTool(Tool):
    """A tool that may answer in place of the page handler.

    Its function returns true if it has set the response, and the handler is not called then.
    """

    def __init__(self, callable: Callable[..., Any], name: str | None = None) -> None:
        super().__init__("before_handler", callable, name)

    def handler(self, *args: object, **kwargs: object) -> Callable[..., Any]:
        """Use the tool as a page handler, ``nav = tools.staticdir.handler(section='/nav', ...)``.

        Args:
            *args: Positional arguments for the function of the tool.
            **kwargs: Keyword arguments for it.

        Returns:
            An exposed page handler, which answers 404 where the tool has nothing to say.
        """

        def handle_func(*_path: object, **_query: object) -> object:
            serving = current.get()
            arguments = self._merged_args(kwargs)
            if not self.callable(*args, **arguments):
                raise serving.request.not_found()
            return serving.response.body

        handle_func.exposed = True  # type: ignore[attr-defined]  # that is what publishes it
        return handle_func

    def _wrapper(self, **kwargs: object) -> None:
        if self.callable(**kwargs):
            current.get().request.handler = None

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        return [(self._point or "before_handler", self._hook(self._wrapper, arguments))]


class HandlerWrapperTool(Tool):
    """A tool that wraps the page handler.

    Args:
        newhandler: Called in place of the handler, as ``newhandler(inner, *args, **kwargs)``.
        point: Hook point at which the handler is wrapped.
        name: Name in the configuration.
        priority: Place among the hooks of the same point.
    """

    def __init__(
        self,
        newhandler: Callable[..., object],
        point: str = "before_handler",
        name: str | None = None,
        priority: float = 50,
    ) -> None:
        self.newhandler = newhandler
        self._point = point
        self._name = name
        self._priority = priority

    def callable(self, *_args: object, **_kwargs: object) -> None:
        """Wrap the handler of the current request."""
        request = current.get().request
        inner: Callable[..., object] = request.handler

        def wrap(*args: object, **kwargs: object) -> object:
            return self.newhandler(inner, *args, **kwargs)

        request.handler = wrap


class ErrorTool(Tool):
    """A tool that answers in place of the error page.

    Args:
        callable: Called where the response to an unexpected error is made.
        name: Name in the configuration.
    """

    def __init__(self, callable: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(None, callable, name)

    def _wrapper(self) -> None:
        self.callable(**self._merged_args())

    def _setup(self) -> None:
        current.get().request.error_response = self._wrapper


def planned_by(tool: Tool) -> Callable[[Arguments], PlannedHooks] | None:
    """Return the method that plans a tool, or ``None`` if it has to be set up for each request.

    That is so where ``_setup`` or ``_merged_args`` is overridden by a subclass or on the instance,
    or has been replaced.
    """
    if type(tool).own_methods or not tool.__dict__.keys().isdisjoint(Tool.shortened):
        return None
    if isinstance(getattr(type(tool), "callable", None), property):
        return None  # another function each time, perhaps
    return tool._plan
