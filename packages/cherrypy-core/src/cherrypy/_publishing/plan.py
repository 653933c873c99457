"""Resource plans: all that follows from configuration, decided once for each configuration.

A plan is immutable. It is found by what it was made from: the identity of every key and value of
each ``_cp_config`` on the way to the handler, and the sections of the application's configuration
that apply. All other configuration is covered by ``generation.token``: plans that were made under
another token are never used.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from cherrypy._config.generations import generation
from cherrypy._publishing.namespaces import (
    as_hook,
    error_page_key,
    error_page_namespace,
    hook_point,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy._tools.hooks import HOOK_POINTS, Hook, HookMap, in_order, run_planned
from cherrypy._tools.tool import planned_by
from cherrypy._tools.toolbox import Toolbox, by_tool

Settings = Mapping[str, Any]
Layers = list[Any]
"""Each either a mapping of settings or the name of a section; the nearest last."""

Encoder = Callable[[Any, Any, Any], Any]
"""Makes octets of a body: ``encoder(request, response, body)``."""

MAX_PLANS = 1000
"""Plans that are kept for an application; beyond that they are made anew."""

Stage = Callable[[Any, Any], object]
"""Something to be done for a request and its response."""

_OTHER_POINTS = ("on_start_resource", "before_request_body", "on_end_resource", "on_end_request")
"""Hook points that a request passes besides ``before_handler``, if it goes well."""

_SETTINGS_OF_ERRORS = frozenset(
    {
        "error_response",
        "problem_details",
        "show_mismatched_params",
        "show_tracebacks",
        "throw_errors",
    }
)
"""Attributes of a request that count only if it does not go well."""


class ResourcePlan:
    """What one configuration means for a request."""

    __slots__ = (
        "before_finalize",
        "before_handler",
        "before_request_body",
        "body_attributes",
        "config",
        "encoder",
        "error_page",
        "hooks",
        "is_plain",
        "last_callback",
        "late",
        "on_end_resource",
        "on_start_resource",
        "request_attributes",
        "response_attributes",
        "response_headers",
        "sole_callback",
        "toolmaps",
    )

    config: Settings
    """The merged configuration; requests get copies."""
    hooks: Mapping[str, tuple[Hook, ...]]
    """All hooks by hook point, in order."""
    on_start_resource: tuple[Stage, ...]
    before_request_body: tuple[Stage, ...]
    before_handler: tuple[Stage, ...]
    """What the hooks do, but for the one that ``encoder`` stands for."""
    before_finalize: tuple[Stage, ...]
    on_end_resource: tuple[Stage, ...]
    encoder: Encoder | None
    """The encode tool, when nothing wraps the handler after it."""
    request_attributes: Settings
    response_attributes: Settings
    response_headers: Settings
    body_attributes: Settings
    error_page: dict[int | str, Any]
    toolmaps: Mapping[str, Mapping[str, Mapping[str, Any]]]
    late: tuple[Callable[[], None], ...]
    """What has to be done anew for each request: namespaces and tools with set-ups of their own."""
    is_plain: bool
    """Whether the plan sets nothing but hooks."""
    last_callback: object
    """Callback of the hook after which only a handler changes the response; ``None`` if none is.

    Where it answers in place of the handler, it can finish the response (``finish_with``). Hooks
    that may still redirect or refuse, but change nothing, say so by an attribute of their
    callbacks, ``leaves_response``.
    """
    sole_callback: object
    """The same, if a request that it answers has nothing else done to it; ``None`` otherwise.

    Hooks that do for a path what they did the last time say so by an attribute of their callbacks,
    ``is_repeatable``.
    """

    def __init__(
        self,
        config: Settings,
        namespaces: Mapping[str, Any],
        request_class: Any,
    ) -> None:
        self.config = config
        self.error_page = dict(request_class.class_error_page)
        self.request_attributes = {}
        self.response_attributes = {}
        self.response_headers = {}
        self.body_attributes = {}
        self.toolmaps = {}
        self.late = ()
        hooks = HookMap(HOOK_POINTS)
        for point, own_hooks in request_class.class_hooks.items():
            hooks[point].extend(own_hooks)
        groups = _group(config)
        for name, handler in namespaces.items():
            settings = groups.get(name, {})
            if handler is hooks_namespace:
                for key, value in settings.items():
                    hooks[hook_point(key)].append(as_hook(value))
            elif handler is request_namespace:
                self.body_attributes, self.request_attributes = _split(settings, "body.")
            elif handler is response_namespace:
                self.response_headers, self.response_attributes = _split(settings, "headers.")
            elif handler is error_page_namespace:
                self.error_page |= {error_page_key(key): value for key, value in settings.items()}
            elif is_planned_toolbox(handler):
                self._plan_tools(handler, settings, hooks)
            elif name in groups or hasattr(handler, "__exit__"):
                self.late += (_late_namespace(handler, settings),)
        self._order(hooks)
        self.is_plain = not (
            self.late
            or self.request_attributes
            or self.response_attributes
            or self.response_headers
            or self.body_attributes
        )

    def _plan_tools(self, toolbox: Toolbox, settings: Settings, hooks: HookMap) -> None:
        tools = by_tool(settings)
        self.toolmaps = {**self.toolmaps, toolbox.namespace: tools}
        for name, arguments in tools.items():
            if not arguments.get("on", False):
                continue
            tool = getattr(toolbox, name)
            # what comes after a tool that is set up late has to come after its hooks, too
            planned = None if self.late else planned_by(tool)
            if planned is None:
                self.late += (tool._setup,)
                continue
            merged = {key: value for key, value in arguments.items() if key != "on"}
            for point, hook in planned(merged):
                hooks[point].append(hook)

    def _order(self, hooks: HookMap) -> None:
        self.hooks = {point: tuple(in_order(hooks[point])) for point in hooks}
        self.on_start_resource = _stages(self.hooks["on_start_resource"])
        self.before_request_body = _stages(self.hooks["before_request_body"])
        self.before_finalize = _stages(self.hooks["before_finalize"])
        self.on_end_resource = _stages(self.hooks["on_end_resource"])
        self.encoder = None
        before_handler = self.hooks["before_handler"]
        if before_handler and not self.late:
            last = before_handler[-1]
            make_encoder = getattr(last.callback, "plan_encoder", None)
            if make_encoder is not None:
                self.encoder = make_encoder(**last.kwargs)
                before_handler = before_handler[:-1]
        self.before_handler = _stages(before_handler)
        self.last_callback = None
        if not (self.late or self.hooks["before_finalize"]):
            callbacks = [hook.callback for hook in before_handler]
            while callbacks and getattr(callbacks[-1], "leaves_response", False):
                callbacks.pop()
            self.last_callback = callbacks[-1] if callbacks else None
        others = [
            hook.callback for hook in before_handler if hook.callback is not self.last_callback
        ]
        is_sole = (
            all(getattr(callback, "is_repeatable", False) for callback in others)
            and not any(self.hooks[point] for point in _OTHER_POINTS)
            and not (self.response_attributes or self.response_headers)
            and _SETTINGS_OF_ERRORS.issuperset(self.request_attributes)
        )
        self.sole_callback = self.last_callback if is_sole else None

    def apply(self, request: Any, response: Any) -> None:
        """Set what the configuration says on a request and its response."""
        for name, value in self.request_attributes.items():
            setattr(request, name, value)
        for name, value in self.response_attributes.items():
            setattr(response, name, value)
        if self.response_headers:
            response.headers.update(self.response_headers)
        for name, value in self.body_attributes.items():
            setattr(request.body, name, value)
        for setup in self.late:
            setup()

    def hook_map(self) -> HookMap:
        """Return the hooks as a map of its own, to which a request can attach others."""
        hooks = HookMap()
        for point, planned in self.hooks.items():
            hooks[point] = [hook.copy() for hook in planned]
        return hooks

    def tool_map(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the settings of each tool as dicts of their own."""
        return {
            namespace: {tool: dict(arguments) for tool, arguments in tools.items()}
            for namespace, tools in self.toolmaps.items()
        }


class Publication(Protocol):
    """What plans are made for: an application."""

    config: dict[str, dict[str, Any]]
    request_class: Any

    def global_config(self) -> Settings:
        """Return the configuration of the site."""

    def request_namespaces(self) -> Mapping[str, Any]:
        """Return the namespaces whose settings concern a request."""


class Plans:
    """The plans of one application, as long as one ``generation.token`` lasts."""

    __slots__ = (
        "_app",
        "_by_config",
        "_by_layers",
        "_resolvers",
        "dispatch",
        "dispatchers",
        "resolve",
        "sections",
        "shortcuts",
        "token",
    )

    sections: Mapping[str, Settings]
    """Sections of the application's configuration that are paths."""
    dispatchers: Mapping[str, Any]
    """Dispatchers that are configured, by section."""
    dispatch: Any
    """The dispatcher that the request class has for all other paths."""
    resolve: Any
    """Its method ``resolve``; ``None`` if it has to be called."""
    shortcuts: dict[str, Any]
    """Ways to answer without a request, by path, or ``None``: see ``cherrypy._app.shortcuts``."""

    def __init__(self, app: Publication) -> None:
        self.token = generation.token  # read before any configuration
        self._app = app
        # copies are made at once, while another thread may add and remove
        sections = dict(app.config)
        self.sections = {name: dict(sections[name]) for name in sections if name[:1] == "/"}
        self.dispatchers = {
            name: settings["request.dispatch"]
            for name, settings in self.sections.items()
            if "request.dispatch" in settings
        }
        self.dispatch = app.request_class.dispatch
        self.resolve = resolver_of(self.dispatch)
        self._resolvers = {
            id(dispatch): resolver_of(dispatch)
            for dispatch in (self.dispatch, *self.dispatchers.values())
        }
        self._by_layers: dict[object, tuple[ResourcePlan, Layers]] = {}
        self._by_config: dict[object, tuple[ResourcePlan, Layers]] = {}
        self.shortcuts = {}

    def resolver(self, request: Any, path: str) -> Any:
        """Return the method ``resolve`` of the dispatcher for a path, see :func:`resolver_of`."""
        dispatch = request.app.dispatcher_of(path, request.dispatch)
        number = id(dispatch)
        return self._resolvers[number] if number in self._resolvers else resolver_of(dispatch)

    def of_layers(self, layers: Layers) -> ResourcePlan:
        """Return the plan of what :func:`find_resource` found on its way.

        Args:
            layers: Mappings, and names of sections, the nearest last. They are laid over the
                configuration of the site.
        """
        # PERF: most applications have no layers but the configuration of the site
        try:
            known = self._by_layers.get(_fingerprint(layers) if layers else ())
        except RuntimeError:  # another thread changes a layer at this moment
            known = None
        if known is not None:
            return known[0]
        # copies, so that plan and fingerprint are of one state, and what the identities in the
        # fingerprint belong to lives as long as the plan does
        layers = [layer if isinstance(layer, str) else dict(layer) for layer in layers]
        return self._keep(self._by_layers, layers, self.merged(layers))

    def merged(self, layers: Layers) -> dict[str, Any]:
        """Return the configuration that results from layers over that of the site."""
        return {**self._app.global_config(), **merge_layers(layers, self.sections)}

    def of_config(self, config: Settings) -> ResourcePlan:
        """Return the plan of a configuration that a dispatcher has merged itself."""
        known = self._by_config.get(_fingerprint([config]))
        if known is not None:
            return known[0]
        config = dict(config)
        return self._keep(self._by_config, [config], config)

    def _keep(
        self, known: dict[object, tuple[ResourcePlan, Layers]], layers: Layers, config: Settings
    ) -> ResourcePlan:
        plan = ResourcePlan(config, self._app.request_namespaces(), self._app.request_class)
        if len(known) >= MAX_PLANS:
            known.clear()
        known[_fingerprint(layers)] = (plan, layers)
        return plan


def merge_layers(layers: Layers, sections: Mapping[str, Settings]) -> dict[str, Any]:
    """Lay settings over each other, the last one uppermost.

    The section that says where the static files of a URL are found is remembered as
    ``tools.staticdir.section``, since the tool needs to know which part of the path it is for.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        if isinstance(layer, str):
            settings = sections[layer]
            merged.update(settings)
            if "tools.staticdir.dir" in settings:
                merged["tools.staticdir.section"] = layer
        else:
            merged.update(layer)
    return merged


def is_planned_toolbox(handler: object) -> bool:
    """Tell whether the tools of a namespace can be planned, or are set up in an own way."""
    return (
        isinstance(handler, Toolbox)
        and type(handler).__enter__ is Toolbox.__enter__
        and type(handler).__exit__ is Toolbox.__exit__
    )


def _stages(hooks: tuple[Hook, ...]) -> tuple[Stage, ...]:
    """Return what hooks do, as functions of request and response.

    They are called one after the other. Where a failure must not keep a later hook from running,
    one function runs them all.
    """
    if any(hook.failsafe for hook in hooks):
        return (partial(run_planned, hooks),)
    return tuple(
        hook.with_request if hook.with_request is not None and not hook.kwargs else hook.run
        for hook in hooks
    )


def _fingerprint(layers: Layers) -> object:
    """Return a key that is equal only for the same sections, keys and values."""
    key: list[object] = []
    for layer in layers:  # PERF: no generator, and most layers are names of sections
        if layer.__class__ is str:
            key.append(layer)
        else:
            key.append((*map(id, layer), *map(id, layer.values())))
    return tuple(key)


def _group(config: Settings) -> dict[str, dict[str, Any]]:
    """Sort settings by namespace; those without one are nobody's."""
    groups: dict[str, dict[str, Any]] = {}
    for key, value in config.items():
        namespace, dot, name = key.partition(".")
        if dot:
            groups.setdefault(namespace, {})[name] = value
    return groups


def _split(settings: Settings, prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings whose keys begin with a prefix, without it, and the others."""
    inner = {k.removeprefix(prefix): v for k, v in settings.items() if k.startswith(prefix)}
    return inner, {k: v for k, v in settings.items() if not k.startswith(prefix)}


def _late_namespace(handler: Any, settings: Settings) -> Callable[[], None]:
    """Return what hands the settings of a namespace to its handler."""
    items: Iterable[tuple[str, Any]] = tuple(settings.items())
    if not hasattr(handler, "__exit__"):

        def hand_over() -> None:
            for key, value in items:
                handler(key, value)

        return hand_over

    def hand_over_in_context() -> None:
        with handler as populate:
            for key, value in items:
                populate(key, value)

    return hand_over_in_context


def resolver_of(dispatch: Any) -> Any:
    """Return the method ``resolve`` of a dispatcher, or ``None`` if it has to be called.

    That is so for a subclass that overrides ``__call__`` or ``find_handler`` and says nothing of
    plans, and where another program has put its own function in place of one of them, as those do
    that measure applications.
    """
    for owner in type(dispatch).__mro__:
        members = vars(owner)
        if "resolve" in members:
            replaced = (
                name
                for name, function in getattr(members["resolve"], "stands_for", {}).items()
                if getattr(owner, name) is not function
            )
            return None if any(replaced) else dispatch.resolve
        if "__call__" in members or "find_handler" in members:
            return None
    return None
