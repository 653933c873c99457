"""The checker: warnings about likely mistakes in the configuration, when the engine starts."""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cherrypy._config.config import PROCESS_NAMESPACES, environments
from cherrypy._config.settings import (
    NAMESPACES,
    SETTINGS,
    closest_name,
    find_setting,
    suggest,
)
from cherrypy._runtime.extensions import missing
from cherrypy._tools.tool import HandlerTool, Tool

Settings = Mapping[str, Any]

OBSOLETE: dict[str, str | None] = {
    "engine.deadlock_poll_freq": None,
    "engine.timeout_monitor.frequency": None,
    "engine.timeout_monitor.on": None,
    "log_access_file": "log.access_file",
    "log_config_options": None,
    "log_file": "log.error_file",
    "log_file_not_found": None,
    "log_request_headers": "tools.log_headers.on",
    "log_to_screen": "log.screen",
    "profiler.on": None,
    "response.timeout": None,
    "server.default_content_type": "tools.response_headers.headers",
    "show_tracebacks": "request.show_tracebacks",
    "throw_errors": "request.throw_errors",
}
"""Keys that CherryPy had once, and what does their work now; ``None`` if nothing does."""


class ConfigWarning(UserWarning):
    """A likely mistake in the configuration."""


class ConfigError(ValueError):
    """What the checker found, where ``checker.strict`` is on; the engine does not start."""


class Layer(NamedTuple):
    """Settings that are in one place.

    Attributes:
        where: How messages call it.
        settings: By key.
        app: The application whose section it is; ``None`` for the global config.
        section: Name of the section; empty for the global config.
    """

    where: str
    settings: Settings
    app: Any = None
    section: str = ""


class Checker:
    """What looks through the configuration of a site and its applications for mistakes.

    Each method whose name begins with ``check_`` is one check, and so is such an attribute of an
    instance. ``checker.check_static_paths: False`` in the global config turns one off, and
    ``checker.on: False`` all of them. With ``checker.strict: True`` what they find is raised.

    Args:
        config: Gives the global config.
        apps: Gives the applications by mount point; what is no application is left out.
        toolboxes: Gives the toolboxes by namespace.
        server: Gives the server, or ``None`` if there is none (yet).
    """

    on: bool = True
    """Whether anything is checked."""
    strict: bool = False
    """Whether what is found is an error, which keeps the engine from starting."""
    global_config_contained_paths: bool = False
    """Whether the global config was given sections of paths, which it has no use for."""
    obsolete: dict[str, str | None]
    """Keys that have no effect any more, and what to use instead."""
    deprecated: dict[str, str]
    """Keys that will have no effect some day, and what to use instead."""
    extra_config_namespaces: list[str]
    """Config namespaces that the application uses in its own way."""
    known_config_types: dict[str, type]
    """Types of settings by key, beside those of the settings table."""

    def __init__(
        self,
        config: Callable[[], Settings] = dict,
        apps: Callable[[], Mapping[str, Any]] = dict,
        toolboxes: Callable[[], Mapping[str, Any]] = dict,
        server: Callable[[], object] = lambda: None,
    ) -> None:
        self._config = config
        self._apps = apps
        self._toolboxes = toolboxes
        self._server = server
        self._found: list[str] = []
        self.obsolete = dict(OBSOLETE)
        self.deprecated = {}
        self.extra_config_namespaces = []
        self.known_config_types = {}

    def __call__(self) -> None:
        """Run all checks that are on.

        Raises:
            ConfigError: A check found something, and ``strict`` is on.
        """
        if not self.on:
            return
        self._found = []
        standard_format = warnings.formatwarning
        warnings.formatwarning = self.formatwarning
        try:
            for name in dir(self):
                if name.startswith("check_"):
                    check = getattr(self, name)
                    if callable(check):
                        check()
        finally:
            warnings.formatwarning = standard_format
        if self.strict and self._found:
            raise ConfigError("\n".join(["checker.strict is on, and:", *self._found]))

    def formatwarning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        """Write a warning without the source line, which would be one of the checker."""
        return f"CherryPy Checker:\n{message}\n\n"

    # What CherryPy checks -----------------------------------------------------------------------

    def check_app_config_entries_dont_start_with_script_name(self) -> None:
        """Find sections that name the mount point of their application."""
        for layer in self._sections():
            prefix = getattr(layer.app, "script_name", None)
            if prefix and (layer.section == prefix or layer.section.startswith(f"{prefix}/")):
                below = layer.section.removeprefix(prefix) or "/"
                self._report(
                    f"{layer.where}: sections are counted from the mount point of the "
                    f"application; [{below}] is meant?"
                )

    def check_site_config_entries_in_app_config(self) -> None:
        """Find settings of the process in the sections of paths, where they have no effect."""
        for layer in self._path_sections():
            for key, value in layer.settings.items():
                if _namespace(key) in PROCESS_NAMESPACES - {"log"}:
                    self._report(
                        f"{key} = {value!r} ({layer.where}): this is for the whole process; it has "
                        "an effect only in cherrypy.config, such as in a section [global]"
                    )

    def check_skipped_app_config(self) -> None:
        """Find applications without config, where the global one was given sections of paths."""
        left_out = set(getattr(self._config(), "contained_paths", ()))
        left_out -= {layer.section for layer in self._sections()}
        if not left_out and not self.global_config_contained_paths:
            return
        names = f" ({', '.join(f'[{name}]' for name in sorted(left_out))})" if left_out else ""
        for mount_point, app in self._applications():
            if not app.config:
                self._report(
                    f"{_call(mount_point)} has no config, but cherrypy.config was given sections"
                    f"{names}, which it left out; sections of paths go to cherrypy.tree.mount"
                )

    def check_app_config_brackets(self) -> None:
        """Find names of sections in brackets, which only files have."""
        for layer in self._sections():
            if layer.section.startswith("[") or layer.section.endswith("]"):
                self._report(
                    f"section {layer.section!r} ({layer.where}): in a dict, names of sections are "
                    f"without brackets: {layer.section.strip('[]')!r}"
                )

    def check_static_paths(self) -> None:
        """Find static directories and files that are relative or do not exist."""
        for layer in self._path_sections():
            for tool, key in (("staticdir", "dir"), ("staticfile", "filename")):
                prefix = f"tools.{tool}."
                if any(name.startswith(prefix) for name in layer.settings):
                    for problem in self._static_problems(layer, prefix, key):
                        self._report(problem)

    def check_compatibility(self) -> None:
        """Find settings that are obsolete or deprecated."""
        for layer in self._layers():
            for key, value in layer.settings.items():
                if key in self.obsolete:
                    instead = self.obsolete[key]
                    advice = f"use {instead}" if instead else "nothing takes its place"
                    self._report(f"{key} = {value!r} ({layer.where}): has no effect now; {advice}")
                elif key in self.deprecated:
                    self._report(
                        f"{key} = {value!r} ({layer.where}): is deprecated; "
                        f"use {self.deprecated[key]}"
                    )

    def check_config_namespaces(self) -> None:
        """Find namespaces that nobody handles, and tools that do not exist."""
        for layer in self._layers():
            toolboxes = self._toolboxes_of(layer)
            known = self._namespaces_of(layer)
            for key, value in layer.settings.items():
                namespace = _namespace(key)
                if key in self.obsolete or not namespace:
                    continue
                if namespace not in known:
                    self._report_namespace(layer, key, value)
            for namespace, name, settings in _by_tool(layer.settings, toolboxes):
                if getattr(toolboxes[namespace], name, None) is None:
                    self._report_tool(layer, namespace, name, settings)

    def check_config_types(self) -> None:
        """Find values that are not of the kind their setting needs."""
        for layer in self._layers():
            for key, value in layer.settings.items():
                expected = self._expected_kind(key, value)
                if expected:
                    self._report(f"{key} = {value!r} ({layer.where}): expected {expected}")

    def check_localhost(self) -> None:
        """Find ``localhost`` as address to listen at."""
        for key, value in self._socket_hosts():
            if value == "localhost":
                self._report(
                    f"{key} = 'localhost' (global config): it may stand for 127.0.0.1 or for ::1, "
                    "and clients may take the other one; write the address itself"
                )

    # What we check besides ----------------------------------------------------------------------

    def check_environments(self) -> None:
        """Find environments in the sections of paths that do not exist."""
        for layer in self._path_sections():
            name = layer.settings.get("environment")
            if isinstance(name, str) and name and name not in environments:
                self._report(
                    f"environment = {name!r} ({layer.where}): expected one of "
                    f"{', '.join(environments)}{_hint(closest_name(name, environments, 0.5))}"
                )

    def check_section_names(self) -> None:
        """Find sections that are meant for a path, and named so that they never apply."""
        for layer in self._sections():
            name = layer.section
            right = "/" + name.strip("/")
            for_requests = NAMESPACES - PROCESS_NAMESPACES - {"wsgi"}
            if (
                name not in {right, "global"}
                and not {"[", "]"} & set(name)  # check_app_config_brackets
                and any(_namespace(key) in for_requests for key in layer.settings)
            ):
                self._report(
                    f"section {name!r} ({layer.where}): applies to no path; a path begins with "
                    f"a slash and ends without one: {right!r}"
                )

    def check_setting_names(self) -> None:
        """Find misspelt settings and arguments of tools."""
        for layer in self._layers():
            for key, value in layer.settings.items():
                if key not in self.obsolete and key not in self.deprecated:
                    self._check_name(layer, key, value)
            toolboxes = self._toolboxes_of(layer)
            for namespace, name, settings in _by_tool(layer.settings, toolboxes):
                tool = getattr(toolboxes[namespace], name, None)
                if isinstance(tool, Tool):
                    for argument, value in settings.items():
                        self._check_argument(layer, f"{namespace}.{name}", tool, argument, value)

    def check_session_cookies(self) -> None:
        """Find session cookies that browsers refuse: SameSite=None without Secure."""
        for layer in self._layers():
            samesite = layer.settings.get("tools.sessions.samesite")
            if str(samesite).lower() == "none" and samesite is not None:
                secure = self._find(layer, "tools.sessions.secure")
                if not secure:
                    self._report(
                        f"tools.sessions.samesite = {samesite!r} ({layer.where}): browsers refuse "
                        "such a cookie unless tools.sessions.secure is on"
                    )

    def check_tracebacks(self) -> None:
        """Find error pages that show tracebacks to other machines, without anyone asking."""
        config = self._config()
        hosts = [str(host) for _, host in self._socket_hosts() if not _is_local(host)]
        if not hosts or "request.show_tracebacks" in config:
            return
        for mount_point, app in self._applications():
            own = {**getattr(app.root, "_cp_config", {}), **app.config.get("/", {})}
            if "request.show_tracebacks" not in own:
                self._report(
                    f"{_call(mount_point)} shows tracebacks on its error pages to all who can "
                    f"reach {', '.join(sorted(set(hosts)))}; set request.show_tracebacks to False, "
                    "such as by environment = 'production', or to True if that is intended"
                )

    # Where the settings are ---------------------------------------------------------------------

    def _applications(self) -> Iterator[tuple[str, Any]]:
        for mount_point, app in list(self._apps().items()):
            if isinstance(getattr(app, "config", None), Mapping):
                yield mount_point, app

    def _sections(self) -> Iterator[Layer]:
        """Go through the sections of all applications."""
        for mount_point, app in self._applications():
            for section, settings in app.config.items():
                if isinstance(settings, Mapping):
                    where = f"{_call(mount_point)}, [{section}]"
                    yield Layer(where, _with_text_keys(settings), app, str(section))

    def _path_sections(self) -> Iterator[Layer]:
        return (layer for layer in self._sections() if layer.section.startswith("/"))

    def _layers(self) -> Iterator[Layer]:
        """Go through all that configures something: the global config, and sections of paths."""
        config = self._config()
        settings = {
            key: value
            for key, value in config.items()
            if not key.startswith("/")  # sections that quickstart has left there
        }
        yield Layer("global config", settings)
        yield from self._path_sections()

    def _find(self, layer: Layer, key: str) -> Any:
        """Give what holds for the paths of a section: the nearest setting above, or the global."""
        found = None
        if layer.app is not None:
            found = layer.app.find_config(layer.section, key, None)
        return self._config().get(key) if found is None else found

    def _socket_hosts(self) -> Iterator[tuple[str, Any]]:
        """Give the addresses to listen at, by setting."""
        config = self._config()
        for key, value in config.items():
            if key.startswith("server.") and key.endswith(".socket_host"):
                yield key, value
        server = self._server()
        yield (
            "server.socket_host",
            getattr(server, "socket_host", None) or config.get("server.socket_host"),
        )

    def _toolboxes_of(self, layer: Layer) -> Mapping[str, Any]:
        return {**self._toolboxes(), **getattr(layer.app, "toolboxes", {})}

    def _namespaces_of(self, layer: Layer) -> set[str]:
        known = {*NAMESPACES, *self.extra_config_namespaces, *self._toolboxes_of(layer)}
        holders = [layer.app, getattr(layer.app, "request_class", None), self._config()]
        for holder in holders:
            known.update(getattr(holder, "namespaces", ()))
        return known

    # What is wrong with them --------------------------------------------------------------------

    def _report(self, message: str) -> None:
        self._found.append(message)
        if not self.strict:
            warnings.warn(message, ConfigWarning, stacklevel=3)

    def _report_namespace(self, layer: Layer, key: str, value: object) -> None:
        also = [f"{namespace}.*" for namespace in self._namespaces_of(layer)]
        hint = _hint(suggest(key, also))
        if layer.app is not None or hint:  # the global config has room for settings of anyone
            self._report(
                f"{key} = {value!r} ({layer.where}): nothing handles the config namespace "
                f"{_namespace(key)!r}{hint}"
            )

    def _report_tool(self, layer: Layer, namespace: str, name: str, settings: Settings) -> None:
        key, value = next((f"{namespace}.{name}.{key}", value) for key, value in settings.items())
        advice = missing(namespace, name)
        if advice:
            if settings.get("on", True):
                self._report(f"{key} = {value!r} ({layer.where}): {advice}")
            return
        names = {*vars(self._toolboxes_of(layer)[namespace])} - {"namespace"}
        if namespace == "tools":
            names |= {full.split(".")[1] for full in SETTINGS if full.startswith("tools.")} - {"*"}
        right = closest_name(name, names)
        hint = _hint(right and f"{namespace}.{right}{key.removeprefix(f'{namespace}.{name}')}")
        self._report(f"{key} = {value!r} ({layer.where}): there is no tool {name!r}{hint}")

    def _static_problems(self, layer: Layer, prefix: str, key: str) -> Iterator[str]:
        """Say what is wrong with the path of a static directory or file."""
        if not self._find(layer, f"{prefix}on"):
            return
        path = self._find(layer, prefix + key)
        root = self._find(layer, f"{prefix}root")
        setting = f"{prefix}{key} = {path!r} ({layer.where})"
        if path is None:
            if prefix + "on" in layer.settings and not _only_root(layer, prefix, key):
                yield f"{prefix}{key} ({layer.where}): is not set, but the tool is on"
            return
        path = Path(path).expanduser()
        if path.is_absolute():
            if root:
                yield f"{setting}: is absolute, so {prefix}root = {root!r} has no effect"
        elif not root:
            yield f"{setting}: is relative; expected an absolute path, or {prefix}root"
            return
        elif not Path(root).is_absolute():
            yield f"{prefix}root = {root!r} ({layer.where}): expected an absolute path"
        full_path = Path(root or "") / path
        if not full_path.exists():
            yield f"{setting}: {full_path} does not exist"

    def _expected_kind(self, key: str, value: object) -> str | None:
        """Name what a value should be, if it is something else."""
        if value is None or key in self.obsolete:
            return None
        if key in self.known_config_types:
            expected = self.known_config_types[key]
            return None if isinstance(value, expected) else expected.__name__
        setting = find_setting(key)
        if setting is None or setting.accepts(value):
            return None
        return f"{setting.kind} ({setting.unit})" if setting.unit else setting.kind

    def _check_name(self, layer: Layer, key: str, value: object) -> None:
        namespace, dot, name = key.partition(".")
        if namespace in self._toolboxes_of(layer) or namespace in self.extra_config_namespaces:
            return
        if dot and namespace not in NAMESPACES:
            return  # check_config_namespaces
        if find_setting(key) or self._is_attribute(layer, namespace, name):
            return
        hint = _hint(suggest(key))
        complete = {"checker", "error_page", "log"} | ({"server"} if self._server() else set())
        if hint or namespace in complete:
            self._report(f"{key} = {value!r} ({layer.where}): there is no such setting{hint}")

    def _is_attribute(self, layer: Layer, namespace: str, name: str) -> bool:
        """Tell whether what a setting sets was there before."""
        apps = [app for _, app in self._applications()] if layer.app is None else [layer.app]
        owners: dict[str, list[object]] = {
            "checker": [type(self)],
            "server": [type(self._server())],  # further servers, by name, are of the same class
            "log": [type(getattr(app, "log", None)) for app in apps],
            "request": [getattr(app, "request_class", None) for app in apps],
            "response": [getattr(app, "response_class", None) for app in apps],
        }
        attribute = name.rpartition(".")[2] if namespace == "server" else name
        return any(_has_attribute(owner, attribute) for owner in owners.get(namespace, []))

    def _check_argument(
        self, layer: Layer, tool_name: str, tool: Tool, argument: str, value: object
    ) -> None:
        names, takes_more = _arguments_of(tool)
        prefix = f"{tool_name}."
        names |= {full.removeprefix(prefix) for full in SETTINGS if full.startswith(prefix)}
        if argument in names:
            return
        hint = _hint(_prefixed(prefix, closest_name(argument, names)))
        if hint or not takes_more:
            self._report(
                f"{prefix}{argument} = {value!r} ({layer.where}): the tool takes no such argument"
                + (hint or f"; it takes {', '.join(sorted(names))}")
            )


def _with_text_keys(settings: Mapping[Any, Any]) -> Settings:
    """Leave out what only a section of the application itself can have."""
    return {key: value for key, value in settings.items() if isinstance(key, str)}


def _namespace(key: str) -> str:
    """Give the namespace of a key; empty if it is in none."""
    namespace, dot, _ = key.partition(".")
    return namespace if dot else ""


def _call(mount_point: str) -> str:
    return f"application at {mount_point or '/'}"


def _hint(right: str | None) -> str:
    return f"; did you mean {right}?" if right else ""


def _prefixed(prefix: str, name: str | None) -> str | None:
    return None if name is None else prefix + name


def _is_local(host: object) -> bool:
    return host is None or host in {"localhost", "::1"} or str(host).startswith("127.")


def _by_tool(settings: Settings, toolboxes: Iterable[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Sort settings by namespace of a toolbox, name of the tool, and argument."""
    tools: dict[tuple[str, str], dict[str, Any]] = {}
    for key, value in settings.items():
        namespace, _, rest = key.partition(".")
        name, dot, argument = rest.partition(".")
        if dot and namespace in toolboxes:
            tools.setdefault((namespace, name), {})[argument] = value
    return [(namespace, name, arguments) for (namespace, name), arguments in tools.items()]


def _arguments_of(tool: Tool) -> tuple[set[str], bool]:
    """Give the arguments of a tool, and whether it takes others too as far as one can tell."""
    names = {"on", "priority"}
    set_up_as_usual = type(tool)._setup in {Tool._setup, HandlerTool._setup}
    try:
        parameters = inspect.signature(tool.callable).parameters.values()
    except (TypeError, ValueError):
        return names, True
    names |= {parameter.name for parameter in parameters}
    variable = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    return names, variable or not set_up_as_usual


def _has_attribute(owner: object, name: str) -> bool:
    """Tell whether a class has an attribute, or says that its instances do."""
    if not isinstance(owner, type) or owner is type(None):
        return False
    return hasattr(owner, name) or any(
        name in getattr(base, "__annotations__", {}) for base in owner.__mro__
    )


def _only_root(layer: Layer, prefix: str, key: str) -> bool:
    """Tell whether a section gives a root to the sections below it, which say the rest."""
    return f"{prefix}root" in layer.settings and any(
        isinstance(settings, Mapping) and prefix + key in settings
        for settings in layer.app.config.values()
    )
