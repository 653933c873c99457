"""XML-RPC: settings of the one method that is called, which only the body of the request names."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cherrypy._runtime.messages import Hooks, Request, Response
from cherrypy._tools.function import ToolFunction
from cherrypy._tools.hooks import Hook, in_order, run_planned

PASSED = ("on_start_resource", "before_request_body", "before_handler")
"""The points at which the hooks of the controller have run when the name is known."""


def settings_of(
    controller: object, base: str, name: str, sections: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what is configured for a method: on the way from its controller, and by its path.

    Args:
        controller: Where the walk begins; its own settings count for the request already.
        base: Path of the controller below the mount point.
        name: Dotted name of the method.
        sections: Settings of the application by section.
    """
    settings: dict[str, Any] = {}
    node = controller
    path = base.rstrip("/")
    for attribute in name.split("."):
        node = getattr(node, attribute, None)
        path = f"{path}/{attribute}"
        settings.update(getattr(node, "_cp_config", None) or {})
        settings.update(sections.get(path, {}))
    return settings


def call_with_settings(
    request: Request,
    response: Response,
    settings: Mapping[str, Any],
    call: Callable[[], object],
) -> tuple[bool, object]:
    """Have settings count for the rest of a request, and call its method unless a tool answers.

    Hooks of points that have been passed run now, if they would have run differently.

    Args:
        request: The request, of which the handler is running.
        response: Its response.
        settings: Settings of the method.
        call: Calls the method.

    Returns:
        Whether the method was called, and what it returned.

    Raises:
        Exception: What a hook or the method raises; a tool may refuse the call.
    """
    plan = request.app.plans().of_config({**request.config, **settings})
    added = _added(request.plan.configured_hooks, plan.configured_hooks)
    request.config = dict(plan.config)
    request.toolmaps.update(plan.tool_map())
    hooks = request.hooks
    before = {point: list(each) for point, each in hooks.items()}
    for point, each in added.items():
        hooks.setdefault(point, []).extend(hook.copy() for hook in each)
    plan.apply(request, response)
    request.handler = call
    for point in PASSED:
        known = set(map(id, before.get(point, ())))
        new = [hook for hook in hooks.get(point, ()) if id(hook) not in known]
        run_planned(in_order(new), request, response)
    if request.handler is None:
        return False, None
    return True, request.handler()


def _added(known: Hooks, wanted: Hooks) -> dict[str, list[Hook]]:
    """Return the hooks that have not been planned in the same way for the controller."""
    return {
        point: [hook for hook in hooks if not (_is_text_encoder(hook) or _has(known, point, hook))]
        for point, hooks in wanted.items()
    }


def _has(hooks: Hooks, point: str, wanted: Hook) -> bool:
    others: Iterable[Hook] = hooks.get(point, ())
    return any(
        other.callback == wanted.callback and other.kwargs == wanted.kwargs for other in others
    )


def _is_text_encoder(hook: Hook) -> bool:
    """Tell whether a hook encodes what a handler returns; here that becomes a document first."""
    return isinstance(hook.callback, ToolFunction) and hook.callback.encoder is not None
