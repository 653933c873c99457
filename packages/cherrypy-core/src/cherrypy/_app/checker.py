"""The checker: warnings about likely mistakes in the configuration, when the engine starts."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from cherrypy._config.config import PROCESS_NAMESPACES, environments
from cherrypy._config.extensions import PROVIDERS, extensions, missing
from cherrypy._config.settings import Setting, find_setting, known_settings
from cherrypy._config.signatures import arguments_of
from cherrypy._config.spelling import closest_name, suggest
from cherrypy._publishing.publication import Application
from cherrypy._runtime.layers import Layer
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
    """The findings of the checker, where ``checker.strict`` is on; the engine does not start."""


class Checker:
    """Looks through the configuration of a site and its applications for mistakes.

    Each method whose name begins with ``check_`` is one check, and so is such an attribute of an
    instance. ``checker.check_localhost: False`` in the global config turns one off, and
    ``checker.on: False`` all of them. With ``checker.strict: True`` what they find is raised.

    Other distributions announce checks by entry points of the group ``cherrypy.checks``: functions
    that are called with each :class:`Layer` and return messages.

    Args:
        config: Returns the global config.
        apps: Returns the applications by mount point; what is not an application is left out.
        toolboxes: Returns the toolboxes by namespace.
        server: Returns the server, or ``None`` if there is none (yet).
    """

    __module__ = "cherrypy._cpchecker"

    on: bool = True
    """Whether anything is checked."""
    strict: bool = False
    """Whether a finding is an error, which keeps the engine from starting."""
    global_config_contained_paths: bool = False
    """Whether the global config was given sections of paths, for which it has no use."""
    obsolete: dict[str, str | None]
    """Keys that have no effect any more, and what to use instead."""
    deprecated: dict[str, str]
    """Keys that will have no effect some day, and what to use instead."""
    extra_config_namespaces: list[str]
    """Config namespaces that the application uses in its own way."""
    known_config_types: dict[str, type]
    """Types of settings by key, beside those that are known."""

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

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Return a check that another distribution announces."""
        if not name.startswith("check_") or name not in extensions("checks"):
            raise AttributeError(f"the checker has no attribute {name!r}")
        return partial(self._run_announced, extensions("checks")[name].load())

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
            for name in sorted({*dir(self), *extensions("checks")}):
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
            for key in layer.settings:
                if _namespace(key) in PROCESS_NAMESPACES - {"log"}:
                    problem = (
                        "this is for the whole process; it has an effect only in cherrypy.config, "
                        "such as in a section [global]"
                    )
                    self._report(layer.message(key, problem))

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

    def check_compatibility(self) -> None:
        """Find settings that are obsolete or deprecated."""
        for layer in self._layers():
            for key in layer.settings:
                if key in self.obsolete:
                    instead = self.obsolete[key]
                    advice = f"use {instead}" if instead else "nothing takes its place"
                    self._report(layer.message(key, f"has no effect now; {advice}"))
                elif key in self.deprecated:
                    self._report(layer.message(key, f"is deprecated; use {self.deprecated[key]}"))

    def check_config_namespaces(self) -> None:
        """Find namespaces that nobody handles, and tools that do not exist."""
        for layer in self._layers():
            known = self._namespaces_of(layer)
            for key in layer.settings:
                namespace = _namespace(key)
                if namespace and namespace not in known and key not in self.obsolete:
                    hint = _hint(self._meant(layer, key))
                    if layer.app is not None or hint:  # anyone may add to the global config
                        problem = f"nothing handles the config namespace {namespace!r}"
                        self._report(layer.message(key, problem + hint))
            for namespace, name, keys in self._tools_in(layer):
                if getattr(self._toolboxes_of(layer)[namespace], name, None) is None:
                    self._report_tool(layer, namespace, name, keys)

    def check_config_types(self) -> None:
        """Find values that are not of the kind their setting needs."""
        for layer in self._layers():
            settings: Mapping[str, object] = layer.settings
            for key, value in settings.items():
                expected = None if key in self.obsolete else self._expected(layer, key, value)
                if expected:
                    self._report(layer.message(key, f"expected {expected}"))

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
                hint = _hint(closest_name(name, environments, 0.5))
                problem = f"expected one of {', '.join(environments)}{hint}"
                self._report(layer.message("environment", problem))

    def check_section_names(self) -> None:
        """Find sections that are meant for a path, and named so that they never apply."""
        for_requests = _namespaces() - PROCESS_NAMESPACES - {"wsgi"}
        for layer in self._sections():
            name = layer.section
            right = "/" + name.strip("/")
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
            for key in layer.settings:
                if key not in self.obsolete and key not in self.deprecated:
                    self._check_name(layer, key)
            for namespace, name, keys in self._tools_in(layer):
                tool = getattr(self._toolboxes_of(layer)[namespace], name, None)
                if isinstance(tool, Tool):
                    for key in keys:
                        self._check_argument(layer, f"{namespace}.{name}", tool, key)

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

    def _applications(self) -> Iterator[tuple[str, Application]]:
        for mount_point, app in list(self._apps().items()):
            if isinstance(getattr(app, "config", None), Mapping):
                yield mount_point, app

    def _sections(self) -> Iterator[Layer]:
        """Go through the sections of all applications."""
        for mount_point, app in self._applications():
            for section, settings in app.config.items():
                if isinstance(settings, Mapping):
                    # only a section of the application itself can have other keys
                    named = {key: value for key, value in settings.items() if isinstance(key, str)}
                    where = f"{_call(mount_point)}, [{section}]"
                    find = partial(self._find, app, section)
                    yield Layer(where, named, find, app, str(section))

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
        yield Layer("global config", settings, config.get)
        yield from self._path_sections()

    def _find(self, app: Any, section: str, key: str) -> object:
        """Return the value that holds for a section: the nearest one above, or the global one."""
        found = app.find_config(section, key, None)
        return self._config().get(key) if found is None else found

    def _socket_hosts(self) -> Iterator[tuple[str, Any]]:
        """Go through the addresses to listen at, by setting."""
        config = self._config()
        for key, value in config.items():
            if key.startswith("server.") and key.endswith(".socket_host"):
                yield key, value
        key = "server.socket_host"
        yield key, getattr(self._server(), "socket_host", None) or config.get(key)

    def _toolboxes_of(self, layer: Layer) -> Mapping[str, Any]:
        return {**self._toolboxes(), **getattr(layer.app, "toolboxes", {})}

    def _tools_in(self, layer: Layer) -> list[tuple[str, str, list[str]]]:
        """Return the tools that are configured: namespace, name, and their keys."""
        tools: dict[tuple[str, str], list[str]] = {}
        toolboxes = self._toolboxes_of(layer)
        for key in layer.settings:
            namespace, name, *argument = key.split(".", 2) if "." in key else ("", "")
            if argument and namespace in toolboxes:
                tools.setdefault((namespace, name), []).append(key)
        return [(namespace, name, keys) for (namespace, name), keys in tools.items()]

    def _namespaces_of(self, layer: Layer) -> set[str]:
        known = {*_namespaces(), *self.extra_config_namespaces, *self._toolboxes_of(layer)}
        holders = [layer.app, getattr(layer.app, "request_class", None), self._config()]
        for holder in holders:
            known.update(getattr(holder, "namespaces", ()))
        return known

    # What is wrong with them --------------------------------------------------------------------

    def _report(self, message: str) -> None:
        self._found.append(message)
        if not self.strict:
            warnings.warn(message, ConfigWarning, stacklevel=3)

    def _run_announced(self, check: Callable[[Layer], Iterable[str]]) -> None:
        for layer in self._layers():
            for message in check(layer):
                self._report(message)

    def _report_tool(self, layer: Layer, namespace: str, name: str, keys: list[str]) -> None:
        problem = missing(namespace, name)
        if problem:
            if not layer.settings.get(f"{namespace}.{name}.on", True):
                return
        else:
            right = closest_name(name, self._tool_names(layer, namespace))
            argument = keys[0].removeprefix(f"{namespace}.{name}")
            hint = _hint(right and f"{namespace}.{right}{argument}")
            problem = f"there is no tool {name!r}{hint}"
        self._report(layer.message(keys[0], problem))

    def _expected(self, layer: Layer, key: str, value: object) -> str | None:
        """Name the kind that a value should be of, if it is of another one."""
        if value is None:
            return None
        if key in self.known_config_types:
            expected = self.known_config_types[key]
            return None if isinstance(value, expected) else expected.__name__
        setting = find_setting(key) or self._find_argument(layer, key)
        return setting.expected if setting and not setting.accepts(value) else None

    def _check_name(self, layer: Layer, key: str) -> None:
        namespace, dot, name = key.partition(".")
        if namespace in self._toolboxes_of(layer) or namespace in self.extra_config_namespaces:
            return
        if dot and namespace not in _namespaces():
            return  # check_config_namespaces
        if find_setting(key) or self._is_attribute(layer, namespace, name):
            return
        hint = _hint(self._meant(layer, key))
        complete = {"checker", "error_page", "log"} | ({"server"} if self._server() else set())
        if hint or namespace in complete:
            self._report(layer.message(key, f"there is no such setting{hint}"))

    def _is_attribute(self, layer: Layer, namespace: str, name: str) -> bool:
        """Tell whether the attribute that a setting sets was there before."""
        apps = [app for _, app in self._applications()] if layer.app is None else [layer.app]
        owners: dict[str, list[object]] = {
            "checker": [type(self)],
            "server": [type(self._server())],  # further servers, by name, are of the same class
            "log": [type(getattr(app, "log", None)) for app in apps],
            "request": [getattr(app, "request_class", None) for app in apps],
            "response": [getattr(app, "response_class", None) for app in apps],
        }
        attribute = name.rpartition(".")[2] if namespace == "server" else name
        if namespace == "checker" and name in extensions("checks"):
            return True
        return any(_has_attribute(owner, attribute) for owner in owners.get(namespace, []))

    def _check_argument(self, layer: Layer, prefix: str, tool: Tool, key: str) -> None:
        names, takes_more = _arguments_of(prefix, tool)
        argument = key.removeprefix(f"{prefix}.")
        if argument in names:
            return
        right = closest_name(argument, names)
        hint = _hint(right and f"{prefix}.{right}")
        if hint or not takes_more:
            more = hint or f"; it takes {', '.join(sorted(names))}"
            self._report(layer.message(key, f"the tool takes no such argument{more}"))

    # What is right ------------------------------------------------------------------------------

    def _meant(self, layer: Layer, key: str) -> str | None:
        """Find the setting that a key was probably meant to be."""
        known = set(known_settings())
        known.update(f"{namespace}.*" for namespace in self._namespaces_of(layer))
        known.update(f"tools.{name}.on" for name in self._tool_names(layer, "tools"))
        tools = self._toolboxes_of(layer).get("tools")

        def arguments(name: str) -> Iterable[str]:
            tool = getattr(tools, name, None)
            return _arguments_of(f"tools.{name}", tool)[0] if isinstance(tool, Tool) else ("on",)

        return suggest(key, known, arguments)

    def _tool_names(self, layer: Layer, namespace: str) -> set[str]:
        """Return the names of the tools of a toolbox, and of those that would come into it."""
        names = {*dir(self._toolboxes_of(layer).get(namespace))}
        if namespace == "tools":
            names |= {*extensions("tools")}
            names |= {
                name.removeprefix("tools.") for name in PROVIDERS if name.startswith("tools.")
            }
        return names

    def _find_argument(self, layer: Layer, key: str) -> Setting | None:
        namespace, _, rest = key.partition(".")
        name, _, argument = rest.partition(".")
        tool = getattr(self._toolboxes_of(layer).get(namespace), name, None)
        if not isinstance(tool, Tool):
            return None
        return arguments_of(f"{namespace}.{name}", tool.callable)[0].get(argument)


def _arguments_of(prefix: str, tool: Tool) -> tuple[set[str], bool]:
    """Return the arguments of a tool, and whether it may take others too."""
    names, takes_more = arguments_of(prefix, tool.callable)
    known = known_settings()
    announced = {full.removeprefix(f"{prefix}.") for full in known if full.startswith(f"{prefix}.")}
    set_up_as_usual = type(tool)._setup in {Tool._setup, HandlerTool._setup}
    return {"on", "priority", *names, *announced}, takes_more or not set_up_as_usual


def _namespace(key: str) -> str:
    """Return the namespace of a key; empty if it is in none."""
    namespace, dot, _ = key.partition(".")
    return namespace if dot else ""


def _namespaces() -> set[str]:
    """Return the namespaces of all known settings."""
    return {_namespace(name) for name in known_settings()} - {""}


def _call(mount_point: str) -> str:
    return f"application at {mount_point or '/'}"


def _hint(right: str | None) -> str:
    return f"; did you mean {right}?" if right else ""


def _is_local(host: object) -> bool:
    return host is None or host in {"localhost", "::1"} or str(host).startswith("127.")


def _has_attribute(owner: object, name: str) -> bool:
    """Tell whether a class has an attribute, or says that its instances do."""
    if not isinstance(owner, type) or owner is type(None):
        return False
    return hasattr(owner, name) or any(
        name in getattr(base, "__annotations__", {}) for base in owner.__mro__
    )
