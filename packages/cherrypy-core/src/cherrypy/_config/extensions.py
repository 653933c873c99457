"""What other distributions add: entry points, read when a name is first missed."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PROVIDERS = {
    "tools.sessions": "cherrypy-sessions",
    "tools.auth_basic": "cherrypy-auth",
    "tools.auth_digest": "cherrypy-auth",
    "tools.auth_peercreds": "cherrypy-auth",
    "tools.staticdir": "cherrypy-static",
    "tools.staticfile": "cherrypy-static",
    "tools.json_in": "cherrypy-json",
    "tools.json_out": "cherrypy-json",
    "servers.cheroot": "cherrypy-server",
    "lib.sessions": "cherrypy-sessions",
    "lib.locking": "cherrypy-sessions",
    "lib.auth_basic": "cherrypy-auth",
    "lib.auth_digest": "cherrypy-auth",
    "lib.auth_peercreds": "cherrypy-auth",
    "lib.static": "cherrypy-static",
    "lib.jsontools": "cherrypy-json",
}
"""The distribution that brings a name, for the hint when it is not installed."""

_cache: dict[str, dict[str, "EntryPoint"]] = {}
_lock = threading.Lock()


def extensions(group: str) -> Mapping[str, "EntryPoint"]:
    """Return what installed distributions announce, by name; nothing of it is loaded.

    Args:
        group: The entry point group without ``cherrypy.``, such as ``tools``.
    """
    with _lock:
        if not _cache:
            # 39 ms: only when something is asked for that nobody has registered
            from importlib.metadata import distributions

            _cache[""] = {}  # not empty, so that this is done once
            for point in (point for each in distributions() for point in each.entry_points):
                namespace, _, name = point.group.partition(".")
                if namespace == "cherrypy":  # what is nearer on the path comes first
                    _cache.setdefault(name, {}).setdefault(point.name, point)
        return _cache.get(group, {})


def find_extension(group: str, name: str) -> Any | None:
    """Load what an installed distribution announces under a name.

    Args:
        group: See :func:`extensions`.
        name: Name of the entry point.

    Returns:
        The object that the entry point names, or ``None`` if no distribution announces one.

    Raises:
        ImportError: The distribution is installed, and its module cannot be imported.
    """
    point = extensions(group).get(name)
    if point is None:
        return None
    try:
        return point.load()
    except ModuleNotFoundError as error:
        name = error.name or point.module  # none where the package cherrypy.lib has told of it
        if point.dist is None or not name.startswith("cherrypy."):
            raise
        # removing the distribution cherrypy does that, see packages/cherrypy
        raise ModuleNotFoundError(
            f"No module named {name!r}: files of {point.dist.name} are missing: "
            f"pip install --force-reinstall --no-deps {point.dist.name}=={point.dist.version}",
            name=name,
        ) from error


def explain_object(full_name: str) -> str:
    """Say what to do where ``from cherrypy import session`` or ``server`` finds none.

    Args:
        full_name: Name of the module that the import looks for in the end.

    Returns:
        What to do; empty for any other name.
    """
    if full_name == "cherrypy.server":
        return missing("servers", "cheroot")
    if full_name != "cherrypy.session":
        return ""
    if "sessions" in extensions("tools"):
        return "cherrypy.session is there when tools.sessions is on: import cherrypy, and ask then"
    return "cherrypy.session needs cherrypy-sessions: pip install cherrypy-sessions"


def missing(group: str, name: str) -> str:
    """Say what to install for a name that nobody provides; empty if no distribution is known."""
    distribution = PROVIDERS.get(f"{group}.{name}")
    if distribution is None:
        return ""
    what = {"servers": "cherrypy.server", "lib": f"cherrypy.lib.{name}"}.get(
        group, f"{group}.{name}"
    )
    return f"{what} needs {distribution}: pip install {distribution}"
