"""Resource plans: all that follows from configuration, decided once for each configuration.

A plan is immutable. It is found by what it was made from: the identity of every key and value of
each ``_cp_config`` on the way to the handler, and the sections of the application's configuration
that apply. All other configuration is covered by ``generation.token``: plans that were made under
another token are never used.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy._config.generations import generation
from cherrypy._publishing.handlers import LateParamPageHandler
from cherrypy._publishing.namespaces import (
    as_hook,
    error_page_key,
    error_page_namespace,
    hook_point,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy._publishing.publication import Application
from cherrypy._runtime.layers import Layers, Sections
from cherrypy._runtime.messages import Encoder, Request, Resolve, Response, Stage
from cherrypy._runtime.overriding import Shortened
from cherrypy._tools.function import ToolFunction
from cherrypy._tools.hooks import HOOK_POINTS, Hook, HookMap, in_order, run_planned
from cherrypy._tools.tool import Tool, planned_by
from cherrypy._tools.toolbox import Toolbox, by_tool

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Settings = Mapping[str, Any]
Items = tuple[tuple[str, object], ...]
NamespaceHandler = Callable[[str, object], object]
"""Takes each setting of a namespace."""

MAX_PLANS = 1000
"""Plans that are kept for an application; beyond that they are made anew."""


class ResourcePlan:
    """What one configuration means for a request.

    A plan has a twin for requests with hooks of their own, see :meth:`with_own_hooks`. Whoever
    touches ``request.hooks`` swaps ``request.plan`` for it, so that the request path has one way to
    run hooks, and no question who has touched what.
    """

    __slots__ = (
        "_twin",
        "before_finalize",
        "before_handler",
        "before_request_body",
        "body_attributes",
        "config",
        "configured_hooks",
        "encoder",
        "error_page",
        "finisher",
        "gate_callbacks",
        "gates",
        "hooks",
        "is_plain",
        "late",
        "on_end_request",
        "on_end_resource",
        "on_start_resource",
        "request_attributes",
        "response_attributes",
        "response_headers",
        "stages",
        "toolmaps",
    )

    config: Settings
    """The merged configuration; requests get copies."""
    hooks: Mapping[str, tuple[Hook, ...]]
    """All hooks by hook point, in order."""
    configured_hooks: HookMap
    """Those of them that come from the configuration, and not from the class of the request."""
    stages: dict[str, tuple[Stage, ...]]
    """What is to be done at each hook point; the attributes of their names are the same."""
    on_start_resource: tuple[Stage, ...]
    before_request_body: tuple[Stage, ...]
    gates: tuple[Stage, ...]
    """What the first hooks of ``before_handler`` do that decide by the head of a request alone.

    They run before the body is processed, so that what they refuse is not read.
    """
    gate_callbacks: tuple[object, ...]
    """The callbacks of these hooks."""
    before_handler: tuple[Stage, ...]
    """What the other hooks do, but for the one that ``encoder`` stands for."""
    before_finalize: tuple[Stage, ...]
    on_end_resource: tuple[Stage, ...]
    on_end_request: tuple[Stage, ...]
    encoder: Encoder | None
    """Encodes what the handler returns, where nothing wraps the handler after that."""
    error_page: dict[int | str, Any]
    toolmaps: Mapping[str, Mapping[str, Mapping[str, Any]]]
    is_plain: bool
    """Whether the plan sets nothing but hooks."""
    finisher: object
    """Callback of the hook after which only a handler changes the response; ``None`` if none is.

    Where it answers in place of the handler, it can finish the response (``finish_with``). Hooks
    that may still redirect or refuse, but change nothing, promise it: ``leaves_response``.
    """
    is_early: ClassVar[bool] = False
    """Whether the resource of the request has not been found yet."""
    _twin: "ResourcePlan | None"

    def __init__(
        self,
        config: Settings,
        namespaces: Mapping[str, object],
        request_class: Any,
    ) -> None:
        self.config = config
        class_error_page: Mapping[int | str, Any] = request_class.class_error_page
        class_hooks: HookMap = request_class.class_hooks
        self.error_page = dict(class_error_page)
        self.request_attributes: Items = ()
        self.response_attributes: Items = ()
        self.response_headers: Items = ()
        self.body_attributes: Items = ()
        self.toolmaps = {}
        # what has to be done anew for each request: namespaces and tools with their own set-up
        self.late: tuple[Callable[[], None], ...] = ()
        self._twin = None
        self.configured_hooks = HookMap(HOOK_POINTS)
        self._read_settings(config, namespaces)
        points = dict.fromkeys([*self.configured_hooks, *class_hooks])
        none: list[Hook] = []
        self.hooks = {
            point: tuple(
                in_order([*class_hooks.get(point, none), *self.configured_hooks.get(point, none)])
            )
            for point in points
        }
        for hooks in class_hooks.values():
            for hook in hooks:
                hook.note_plan()
        self._set_stages({point: _stages(hooks) for point, hooks in self.hooks.items()})
        self._choose_gates()
        self._choose_encoder()
        self._choose_finisher()
        self.is_plain = not any(
            (
                self.late,
                self.request_attributes,
                self.response_attributes,
                self.response_headers,
                self.body_attributes,
            )
        )

    def _read_settings(self, config: Settings, namespaces: Mapping[str, object]) -> None:
        groups = _group(config)
        for name, handler in namespaces.items():
            settings = groups.get(name, {})
            if handler is hooks_namespace:
                for key, value in settings.items():
                    hook = as_hook(value)
                    hook.note_plan()
                    self.configured_hooks[hook_point(key)].append(hook)
            elif handler is request_namespace:
                self.body_attributes, self.request_attributes = _split(settings, "body.")
            elif handler is response_namespace:
                self.response_headers, self.response_attributes = _split(settings, "headers.")
            elif handler is error_page_namespace:
                self.error_page |= {error_page_key(key): value for key, value in settings.items()}
            elif isinstance(handler, Toolbox) and is_planned_toolbox(handler):
                self._plan_tools(handler, settings)
            elif name in groups or hasattr(handler, "__exit__"):
                self.late += (_late_namespace(handler, settings),)

    def _plan_tools(self, toolbox: Toolbox, settings: Mapping[str, object]) -> None:
        tools = by_tool(settings)
        self.toolmaps = {**self.toolmaps, toolbox.namespace: tools}
        for name, arguments in tools.items():
            if not arguments.get("on", False):
                continue
            tool: Tool = getattr(toolbox, name)
            # what comes after a tool that is set up late has to come after its hooks, too
            planned = None if self.late else planned_by(tool)
            if planned is None:
                self.late += (tool._setup,)
                continue
            merged = {key: value for key, value in arguments.items() if key != "on"}
            for point, hook in planned(merged):
                self.configured_hooks[point].append(hook)

    def _set_stages(self, stages: dict[str, tuple[Stage, ...]]) -> None:
        self.stages = stages
        self.on_start_resource = stages["on_start_resource"]
        self.before_request_body = stages["before_request_body"]
        self.before_handler = stages["before_handler"]
        self.before_finalize = stages["before_finalize"]
        self.on_end_resource = stages["on_end_resource"]
        self.on_end_request = stages["on_end_request"]
        self.gates = ()
        self.gate_callbacks = ()
        self.encoder = None
        self.finisher = None

    def _choose_gates(self) -> None:
        hooks = self.hooks["before_handler"]
        gates = gates_of(hooks)
        if gates:
            self.gates = _stages(gates)
            self.gate_callbacks = tuple(hook.callback for hook in gates)
            self.before_handler = _stages(hooks[len(gates) :])

    def _choose_encoder(self) -> None:
        hooks = self.hooks["before_handler"]
        passed = len(self.gate_callbacks)
        if len(hooks) > passed and not self.late:
            callback = hooks[-1].callback
            if isinstance(callback, ToolFunction) and callback.encoder is not None:
                self.encoder = callback.encoder(**hooks[-1].kwargs)
                self.before_handler = _stages(hooks[passed:-1])

    def _choose_finisher(self) -> None:
        if self.late or self.before_finalize:
            return
        hooks = self.hooks["before_handler"]
        callbacks = [hook.callback for hook in (hooks[:-1] if self.encoder else hooks)]
        while callbacks and getattr(callbacks[-1], "leaves_response", False):
            callbacks.pop()
        self.finisher = callbacks[-1] if callbacks else None

    def with_own_hooks(self) -> "ResourcePlan":
        """Return the same plan for a request whose own hooks are run: ``request.hooks``."""
        twin = self._twin
        if twin is None:
            twin = copy(self)
            twin._set_stages({point: (partial(run_own_hooks, point),) for point in self.stages})
            twin.gates = (run_own_gates,)
            self._twin = twin._twin = twin  # if two threads make one, they are equal
        return twin

    def joined(self, request: Request) -> "ResourcePlan":
        """Add to what was read of a request before this plan was found, and return its plan."""
        plan = self
        if request.own_namespaces is not None:
            plan = ResourcePlan(self.config, request.own_namespaces, request.__class__)
        if request.own_toolmaps is not None:
            request.own_toolmaps.update(plan.tool_map())
        if request.own_error_page is not None:
            request.own_error_page.update(plan.error_page)
        if request.own_hooks is None:
            return plan
        for point, hooks in plan.configured_hooks.items():
            request.own_hooks.setdefault(point, []).extend(hook.copy() for hook in hooks)
        return plan.with_own_hooks()

    def apply(self, request: Request, response: Response) -> None:
        """Set what the configuration says on a request and its response."""
        for name, value in self.request_attributes:  # PERF: pairs, which take no call
            setattr(request, name, value)
        for name, value in self.response_attributes:
            setattr(response, name, value)
        for name, value in self.response_headers:
            response.headers[name] = value
        for name, value in self.body_attributes:
            setattr(request.body, name, value)
        for setup in self.late:
            setup()

    def hook_map(self, _request: Request) -> HookMap:
        """Return the hooks as a map of its own, to which a request can attach others."""
        return _copied(self.hooks)

    def tool_map(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the settings of each tool as dicts of their own."""
        return {
            namespace: {tool: dict(arguments) for tool, arguments in tools.items()}
            for namespace, tools in self.toolmaps.items()
        }


def _copied(shared: Mapping[str, Iterable[Hook]]) -> HookMap:
    """Return hooks that one request can change, by hook point."""
    hooks = HookMap(HOOK_POINTS)
    for point, each in shared.items():
        hooks[point] = [hook.copy() for hook in each]
    return hooks


def run_own_hooks(point: str, request: Request, response: Response) -> None:
    """Run the hooks that a request has at a point, without the gates that it has passed."""
    if point != "before_handler" or not request.passed_gates:
        request.hooks.run(point)
        return
    passed = list(request.passed_gates)
    left = []
    for hook in in_order(request.hooks.get(point, [])):
        place = next((n for n, gate in enumerate(passed) if gate is hook.callback), None)
        if place is None:
            left.append(hook)
        else:
            del passed[place]
    run_planned(left, request, response)


def run_own_gates(request: Request, response: Response) -> None:
    """Run those of a request's own hooks that decide by its head alone, see :func:`gates_of`."""
    hooks = request.hooks
    if type(hooks) is not HookMap or HookMap.own_methods or Hook.own_methods:
        return  # another program runs them, or has to see how they are run
    gates = gates_of(in_order(hooks.get("before_handler", [])))
    request.passed_gates = tuple(hook.callback for hook in gates)
    run_planned(gates, request, response)


def gates_of(hooks: Sequence[Hook]) -> tuple[Hook, ...]:
    """Return those of ordered hooks that come first, and decide by the head of a request alone.

    There are none where a hook has to run even if one before it fails.
    """
    if any(hook.failsafe for hook in hooks):
        return ()
    return tuple(
        takewhile(
            lambda hook: isinstance(hook.callback, ToolFunction) and hook.callback.needs_head_only,
            hooks,
        )
    )


def run_class_hooks(point: str, request: Request, response: Response) -> None:
    """Run the hooks that all requests of a class have at a point."""
    run_planned(in_order(request.class_hooks.get(point, ())), request, response)


class EarlyPlan(ResourcePlan):
    """The plan of a request whose resource has not been found: no configuration applies yet.

    What is read of a request until then is its own, and the plan is merged into it when it is
    found, see :meth:`ResourcePlan.joined`. Reading it swaps this plan for its twin.
    """

    __slots__ = ()
    is_early = True

    def __init__(self) -> None:
        self.config = {}
        self.error_page = {}
        self.toolmaps = {}
        self.late = ()
        self._twin = None
        self.hooks = {}
        self.configured_hooks = HookMap()
        self._set_stages({point: (partial(run_class_hooks, point),) for point in HOOK_POINTS})

    def hook_map(self, request: Request) -> HookMap:
        """Return the hooks of the class of a request as a map of its own."""
        shared: HookMap = request.class_hooks  # type: ignore[assignment]  # of the class itself
        return _copied(shared)


EARLY = EarlyPlan()

AS_PLANNED: dict[str, Any] = {}
"""Stands for the configuration of a request that nobody has read or set: that of its plan."""


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
        "token",
    )

    sections: Sections
    dispatchers: Mapping[str, Callable[[str], object]]
    """Dispatchers that are configured, by section."""
    dispatch: Callable[[str], object]
    """The dispatcher that the request class has for all other paths."""
    resolve: Resolve | None
    """Its method ``resolve``; ``None`` if it has to be called."""

    def __init__(self, app: Application) -> None:
        self.token = generation.token  # read before any configuration
        self._app = app
        # copies are made at once, while another thread may add and remove
        self.sections = Sections(dict(app.config))
        self.dispatchers = {
            name: settings["request.dispatch"]
            for name, settings in self.sections.items()
            if "request.dispatch" in settings
        }
        self.dispatch = app.request_class.dispatch
        self.resolve = None if "find_config" in app.own_methods else resolver_of(self.dispatch)
        self._resolvers = {
            id(dispatch): resolver_of(dispatch)
            for dispatch in (self.dispatch, *self.dispatchers.values())
        }
        self._by_layers: dict[object, tuple[ResourcePlan, Layers]] = {}
        self._by_config: dict[object, tuple[ResourcePlan, Layers]] = {}

    def resolver(self, request: Request, path: str) -> Resolve | None:
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

    def merged(self, layers: Layers) -> dict[str, object]:
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
        if Hook.own_methods or HookMap.own_methods:
            plan = plan.with_own_hooks()
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


def is_planned_toolbox(toolbox: Toolbox) -> bool:
    """Tell whether the tools of a namespace can be planned, or are set up in an own way."""
    return not toolbox.own_methods


def _stages(hooks: tuple[Hook, ...]) -> tuple[Stage, ...]:
    """Return what hooks do, as functions of request and response.

    They are called one after the other. Where a failure must not keep a later hook from running,
    one function runs them all.
    """
    if any(hook.failsafe for hook in hooks):
        return (partial(run_planned, hooks),)
    return tuple(_stage(hook) for hook in hooks)


def _stage(hook: Hook) -> Stage:
    if hook.with_request is None or hook.is_planned:  # an application has it, and may change it
        return hook.run
    return partial(hook.with_request, **hook.kwargs) if hook.kwargs else hook.with_request


def _fingerprint(layers: Layers) -> object:
    """Return a key that is equal only for the same sections, keys and values."""
    key: list[object] = []
    for layer in layers:  # PERF: no generator, and most layers are names of sections
        if type(layer) is str:
            key.append(layer)
        else:
            key.append((*map(id, layer), *map(id, layer.values())))  # type: ignore[union-attr]
    return tuple(key)


def _group(config: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Sort settings by namespace; those without one are nobody's."""
    groups: dict[str, dict[str, object]] = {}
    for key, value in config.items():
        namespace, dot, name = key.partition(".")
        if dot:
            groups.setdefault(namespace, {})[name] = value
    return groups


def _split(settings: Mapping[str, object], prefix: str) -> tuple[Items, Items]:
    """Return the settings whose keys begin with a prefix, without it, and the others."""
    inner = ((k.removeprefix(prefix), v) for k, v in settings.items() if k.startswith(prefix))
    return tuple(inner), tuple(item for item in settings.items() if not item[0].startswith(prefix))


def _late_namespace(handler: Any, settings: Mapping[str, object]) -> Callable[[], None]:
    """Return what hands the settings of a namespace to its handler."""
    items = tuple(settings.items())
    handle: NamespaceHandler = handler
    context: AbstractContextManager[NamespaceHandler] = handler
    if not hasattr(handler, "__exit__"):

        def hand_over() -> None:
            for key, value in items:
                handle(key, value)

        return hand_over

    def hand_over_in_context() -> None:
        with context as populate:
            for key, value in items:
                populate(key, value)

    return hand_over_in_context


def resolver_of(dispatch: object) -> Resolve | None:
    """Return the method ``resolve`` of a dispatcher, or ``None`` if it has to be called.

    That is so for every dispatcher but ours, and for ours where a subclass, or a program that
    measures applications, has replaced what ``resolve`` does the work of.
    """
    if (
        isinstance(dispatch, Shortened)
        and not dispatch.own_methods
        and vars(dispatch).keys().isdisjoint(dispatch.shortened)
        and not LateParamPageHandler.own_methods
    ):
        return getattr(dispatch, "resolve", None)
    return None
