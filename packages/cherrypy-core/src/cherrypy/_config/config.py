"""Dicts of settings that act when they are set: ``cherrypy.config`` and its base class."""

import os
from collections.abc import Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, TypeVar

from cherrypy._config.generations import TrackedDict, generation
from cherrypy._config.namespaces import NamespaceSet
from cherrypy._config.sources import Source, type_of_filename

Target = TypeVar("Target")

PROCESS_NAMESPACES = frozenset({"checker", "engine", "log", "server", "tree"})
"""Namespaces of settings that are about the process, not about single requests."""

_DEPLOYED: Mapping[str, Any] = MappingProxyType(
    {
        "engine.autoreload.on": False,
        "checker.on": False,
        "tools.log_headers.on": False,
        "request.show_tracebacks": False,
        "request.show_mismatched_params": False,
    }
)

environments: dict[str, dict[str, Any]] = {
    "staging": {**_DEPLOYED},
    "production": {**_DEPLOYED, "log.screen": False},
    "embedded": {
        **_DEPLOYED,
        "log.screen": False,
        "engine.SIGHUP": None,  # the host process handles signals in its own way
        "engine.SIGTERM": None,
    },
    "test_suite": {
        **_DEPLOYED,
        "request.show_tracebacks": True,
        "request.show_mismatched_params": True,
        "log.screen": False,
    },
}
"""Settings by name of the environment that implies them; applications may add their own."""

file_hooks: list[Callable[[str], object]] = []
"""Functions that get the name of each file that ``Config.update`` and ``merge`` have read."""


class BaseConfig(TrackedDict):
    """A dict of settings with defaults, environments and namespaces.

    Setting a key, or updating, gives the new settings to the handlers of their namespaces.

    Attributes:
        defaults: The settings of a new or reset config; they reach no handler.
        environments: Settings by name of environment; see ``update``.
        namespaces: Handlers by namespace.
    """

    defaults: Mapping[str, Any] = MappingProxyType({})
    environments: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    namespaces: NamespaceSet = NamespaceSet()

    def __init__(self, file: Source | None = None, **kwargs: object) -> None:
        super().__init__()
        self.reset()
        if file is not None:
            self.update(file)
        if kwargs:
            self.update(kwargs)

    def reset(self) -> None:
        """Forget all settings but the defaults. No handler is told."""
        dict.clear(self)
        super().update(self.defaults)

    def update(self, config: Source) -> None:  # type: ignore[override] # upstream's signature
        """Store settings, then give them to the handlers of their namespaces.

        Args:
            config: A dict, the name of a file, or an open file. If it has the key
                ``environment``, the settings of that environment are taken for what ``config``
                does not set itself.

        Raises:
            KeyError: There is no such environment.
            OSError: The file cannot be read.
            configparser.Error: The file is not in INI form.
            ValueError: A value in the file is not an expression that ``unrepr`` accepts.
            TypeError: It is something else.
        """
        self._apply(read_settings(config))
        _report_file(config)

    def __setitem__(self, k: str, v: Any) -> None:
        """Store a setting, then give it to the handler of its namespace."""
        try:
            dict.__setitem__(self, k, v)
            self.namespaces({k: v})
        finally:
            generation.bump()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a setting; one that is missing is set to ``default`` first."""
        if key not in self:
            self[key] = default
        return self[key]

    def _apply(self, config: dict[str, Any]) -> None:
        """Store settings and hand them out.

        Args:
            config: Settings by key, the caller's own copy.
        """
        settings = expand_environment(config, self.environments)
        try:
            dict.update(self, settings)
            self.namespaces(settings)
        finally:  # a handler that fails comes after the change, and has perhaps done half
            generation.bump()


class Config(BaseConfig):
    """The settings of the process, ``cherrypy.config``.

    Attributes:
        contained_paths: Names of the sections that were beside ``[global]`` in what ``update`` was
            given, and have been left out; for the checker.
    """

    environments: dict[str, dict[str, Any]] = environments
    namespaces: NamespaceSet = NamespaceSet()
    contained_paths: frozenset[str] = frozenset()

    def __init__(self, file: Source | None = None, **kwargs: object) -> None:
        self.namespaces = type(self).namespaces.copy()
        super().__init__(file, **kwargs)

    def _apply(self, config: dict[str, Any]) -> None:
        if isinstance(config.get("global"), Mapping):
            self.contained_paths |= config.keys() - {"global"}
            config = dict(config["global"])
        if "tools.staticdir.dir" in config:
            config["tools.staticdir.section"] = "global"
        super()._apply(config)

    @staticmethod
    def __call__(**kwargs: object) -> Callable[[Target], Target]:
        """Make a decorator that adds settings to a handler or to a class of handlers.

        ``@cherrypy.config(**{"tools.gzip.on": True})``: the keys are written as in a dict. A
        class has the settings of its base classes too, and leaves those classes alone.
        """

        def decorate(target: Target) -> Target:
            inherited = getattr(target, "_cp_config", {})
            setattr(target, "_cp_config", {**inherited, **kwargs})  # noqa: B010 - Target has no attributes
            generation.bump()
            return target

        return decorate


def read_settings(source: Source) -> dict[str, Any]:
    """Return settings as a new dict, whatever they come in.

    Args:
        source: A mapping, the name of a file, or an open file.

    Raises:
        OSError: The file cannot be read.
        configparser.Error: The file is not in INI form.
        ValueError: A value in it is not an expression that ``unrepr`` accepts.
        TypeError: It is something else.
    """
    if isinstance(source, Mapping):
        return dict(source)
    # 4 ms: many applications have no configuration file
    from cherrypy._config.files import Parser

    return Parser.load(source)


def merge(base: MutableMapping[str, Any], other: Source) -> None:
    """Add the sections of an application's config to another one.

    Args:
        base: The config that is changed: settings by section.
        other: Sections to add: a dict, the name of a file, or an open file. Their settings
            replace those of the same section and key. In the section of a path,
            ``environment`` brings what that environment says about requests.

    Raises:
        OSError: The file cannot be read.
        configparser.Error: The file is not in INI form.
        ValueError: There are settings outside of any section, or a value in the file is no
            expression that ``unrepr`` accepts.
        TypeError: It is something else.
    """
    sections = read_settings(other)
    for section, settings in sections.items():
        if not isinstance(settings, Mapping):
            raise ValueError(  # noqa: TRY004 - as CherryPy
                f"{section} = {settings!r} (application config): expected sections, each of them a "
                f"dict; settings for the whole application belong to '/': {{'/': {{{section!r}: "
                f"{settings!r}}}}}"
            )
    for section, settings in sections.items():
        added = _expanded_path(settings) if section.startswith("/") else settings
        base.setdefault(section, {}).update(added)
    _report_file(other)


def expand_environment(
    settings: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Add what the setting ``environment`` implies and is not set otherwise.

    Args:
        settings: Settings by key.
        known: Settings by name of the environment.

    Raises:
        KeyError: There is no such environment.
    """
    name = settings.get("environment")
    if not name:
        return dict(settings)
    if name not in known:
        from cherrypy._config.spelling import closest_name

        meant = closest_name(str(name), known, 0.5)
        hint = f"; did you mean {meant!r}?" if meant else ""
        raise KeyError(f"environment = {name!r}: expected one of {', '.join(known)}{hint}")
    implied = {key: value for key, value in known[name].items() if key not in settings}
    return {**settings, **implied}


def _expanded_path(settings: Mapping[str, Any]) -> dict[str, Any]:
    name = settings.get("environment")
    if not isinstance(name, str) or name not in environments:
        return dict(settings)  # an application may mean something else by it
    expanded = expand_environment(settings, environments)
    return {
        key: value
        for key, value in expanded.items()
        if key in settings or key.partition(".")[0] not in PROCESS_NAMESPACES
    }


def _report_file(config: Source) -> None:
    if isinstance(config, type_of_filename):
        for hook in tuple(file_hooks):
            hook(os.fsdecode(config))
