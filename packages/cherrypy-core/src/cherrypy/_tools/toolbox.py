"""Toolboxes: where tools are found by name."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from cherrypy._config.extensions import find_extension, missing
from cherrypy._config.generations import generation
from cherrypy._runtime.context import current
from cherrypy._runtime.overriding import Shortened
from cherrypy._tools.tool import Tool

F = TypeVar("F", bound=Callable[..., Any])


class Toolbox(Shortened):
    """Tools by name, and the handler of their configuration namespace.

    Setting an attribute to a :class:`Tool` adds it, deleting the attribute removes it.

    Args:
        namespace: First part of the configuration keys of these tools.
    """

    shortened = ("__enter__", "__exit__")

    namespace: str

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, Tool):
            if value._name is None:
                value._name = name
            if value.namespace != self.namespace:
                value.namespace = self.namespace
        object.__setattr__(self, name, value)
        generation.bump()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        generation.bump()

    def __getattr__(self, name: str) -> Tool:
        """Find a tool that another distribution announces, when its name is first asked for."""
        if not name.startswith("_") and self.__dict__.get("namespace") == "tools":
            extension = find_extension("tools", name)
            if extension is not None:
                tool: Tool = extension() if isinstance(extension, type) else extension
                setattr(self, name, tool)
                return tool
        namespace: str = self.__dict__.get("namespace", "")
        hint = missing(namespace, name)
        raise AttributeError(
            f"There is no tool {name!r} in the toolbox {namespace!r}"
            + (f": {hint}" if hint else "")
        )

    def register(
        self,
        point: str,
        **kwargs: Any,
    ) -> Callable[[F], F]:
        """Make a decorator that adds a function to this toolbox as a tool.

        Args:
            point: Hook point of the tool.
            **kwargs: Other arguments of :class:`Tool`, such as ``name`` and ``priority``.
        """

        def decorator(function: F) -> F:
            name: str = kwargs.pop("name", None) or function.__name__
            setattr(self, name, Tool(point, function, **kwargs))
            return function

        return decorator

    def __enter__(self) -> Callable[[str, Any], None]:
        """Begin to take the settings of the current request, as a namespace handler."""
        tools: dict[str, dict[str, Any]] = {}
        current.get().request.toolmaps[self.namespace] = tools

        def populate(key: str, value: object) -> None:
            tool_name, argument = split_setting(key)
            tools.setdefault(tool_name, {})[argument] = value

        return populate

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Set up each tool that is turned on for the current request."""
        if exception_type is not None:
            return
        tools = current.get().request.toolmaps.get(self.namespace, {})
        for name, settings in tools.items():
            if settings.get("on", False):
                tool: Tool = getattr(self, name)
                tool._setup()

    def __repr__(self) -> str:
        return f"<Toolbox {self.namespace!r}>"


def by_tool(settings: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Sort settings such as ``gzip.on`` by tool, then by argument."""
    tools: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        tool_name, argument = split_setting(key)
        tools.setdefault(tool_name, {})[argument] = value
    return tools


def split_setting(key: str) -> tuple[str, str]:
    """Split ``gzip.mime_types`` into the name of the tool and that of its argument.

    Raises:
        ValueError: There is no dot, so that it is not said which argument is meant.
    """
    tool_name, dot, argument = key.partition(".")
    if not dot:
        raise ValueError(f"tools.{key}: expected tools.<name>.<argument>, such as tools.{key}.on")
    return tool_name, argument
