"""Config namespaces: the part of a key before its first dot, and who handles it."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from cherrypy._config.generations import TrackedDict


def group(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Split the keys of a config into namespace and name.

    Args:
        config: Settings by full key, such as ``{"tools.gzip.on": True, "title": "Home"}``.

    Returns:
        Settings by namespace and name, both in the order of ``config``: ``{"tools":
        {"gzip.on": True}}``. A key without a dot is in no namespace and is left out.

    Raises:
        TypeError: A key is not a str.
    """
    groups: dict[str, dict[str, Any]] = {}
    for key, value in config.items():
        if not isinstance(key, str):
            raise TypeError(f"config key {key!r} (value {value!r}): expected a str")
        namespace, dot, name = key.partition(".")
        if dot:
            groups.setdefault(namespace, {})[name] = value
    return groups


class NamespaceSet(TrackedDict):
    """Handlers by name of the config namespace that they handle.

    A handler is a callable, ``handler(name, value)``, which is called for each setting of its
    namespace; ``name`` is the key without the namespace. Or it is a context manager whose
    ``__enter__`` returns such a callable, and whose ``__exit__`` runs after the last setting.
    """

    __slots__ = ()

    def __call__(self, config: Mapping[str, Any]) -> None:
        """Hand each setting of a config to the handler of its namespace.

        Handlers run in the order in which they were added. A context manager is entered and left
        even if the config has no setting for it; what its callable raises reaches its
        ``__exit__``, which may swallow it.

        Raises:
            TypeError: A key is not a str.
        """
        groups = group(config)
        for namespace, handler in list(self.items()):
            settings = groups.get(namespace, {})
            if hasattr(handler, "__exit__"):
                with handler as handle:
                    _call_for_each(handle, settings)
            else:
                _call_for_each(handler, settings)

    def copy(self) -> Self:
        """Return another set with the same handlers."""
        return type(self)(self)

    __copy__ = copy

    def __repr__(self) -> str:
        """Show the namespaces and their handlers."""
        return f"{type(self).__module__}.{type(self).__name__}({super().__repr__()})"


def _call_for_each(handle: Callable[[str, Any], object], settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        handle(name, value)
