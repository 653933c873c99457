"""What a site keeps in the memory of one process, where several processes serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cherrypy._workers.parts import Parts

_DEEPEST = 20  # of the tree of published objects


class Unshared(NamedTuple):
    """Messages about what each worker would have for itself.

    Attributes:
        broken: What visitors notice: a session that comes and goes.
        useless: What only costs memory and time.
    """

    broken: list[str]
    useless: list[str]


def find_unshared(parts: Parts, count: int) -> Unshared:
    """Find settings that keep in one process what all workers need.

    Args:
        parts: The site, loaded.
        count: Number of workers; one has nothing to share.
    """
    found = Unshared([], [])
    if count > 1:
        for place, config in _layers(parts):
            if config.get("tools.sessions.on") and _is_in_memory(config, parts.config):
                found.broken.append(
                    f"tools.sessions.on = True ({place}): each of {count} workers would have "
                    "sessions of its own in memory; set tools.sessions.storage_class to "
                    "cherrypy.lib.sessions.MemcachedSession or FileSession"
                )
            if config.get("tools.caching.on"):
                found.useless.append(
                    f"tools.caching.on = True ({place}): each of {count} workers has a cache of "
                    "its own, in memory; let a proxy in front keep one for all"
                )
    return found


def _is_in_memory(config: Mapping[str, object], site: Mapping[str, object]) -> bool:
    """Tell whether sessions that are turned on here are kept in memory."""
    for name in ("storage_class", "storage_type"):  # the first is stronger
        storage = config.get(f"tools.sessions.{name}", site.get(f"tools.sessions.{name}"))
        if storage:
            text = storage if isinstance(storage, str) else str(getattr(storage, "__name__", ""))
            return text.rpartition(".")[2].lower() in {"ram", "ramsession"}
    return True


def _layers(parts: Parts) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield every set of settings of a site, and where it is written."""
    yield "global config", parts.config
    for mount_point, app in parts.tree.apps.items():
        sections: Mapping[str, object] = getattr(app, "config", {})
        for section, config in sections.items():
            if isinstance(config, dict) and section.startswith("/"):
                yield f"{mount_point or '/'}, [{section}]", config
        yield from _attached(getattr(app, "root", None), mount_point, set(), 0)


def _attached(
    node: object, path: str, seen: set[int], depth: int
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the settings that published objects and their methods carry themselves."""
    if id(node) in seen or depth > _DEEPEST or isinstance(node, type):
        return
    seen.add(id(node))
    config: object = getattr(node, "_cp_config", None)
    if isinstance(config, dict):
        yield f"_cp_config of {path or '/'}", config
    for name, child in _children(node):
        if getattr(child, "exposed", False) or hasattr(child, "_cp_config"):
            yield from _attached(child, f"{path}/{name}", seen, depth + 1)


def _children(node: object) -> Iterator[tuple[str, object]]:
    """Yield attributes that may be published, without running any code of properties."""
    names: dict[str, object] = dict(getattr(node, "__dict__", {}))
    for base in type(node).__mro__:
        names = {**vars(base), **names}
    for name, value in names.items():
        if not name.startswith("_") and not isinstance(value, property):
            yield name, value
