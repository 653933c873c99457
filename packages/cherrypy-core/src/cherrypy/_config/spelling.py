"""What a misspelt name was probably meant to be."""

import difflib
from collections.abc import Callable, Iterable

from cherrypy._config.settings import find_setting, is_pattern


def closest_name(name: str, names: Iterable[str], likeness: float = 0.8) -> str | None:
    """Find the name that is most like another one, if any is like it.

    Args:
        name: The name as it was written.
        names: Those that are right.
        likeness: How much it has to be like it, from 0 to 1 as difflib measures. Less than the
            default, and names that applications make up are taken for misspelt ones.
    """
    found = difflib.get_close_matches(name, sorted(names), n=1, cutoff=likeness)
    return found[0] if found else None


def suggest(
    key: str, known: Iterable[str], arguments: Callable[[str], Iterable[str]] = lambda _tool: ()
) -> str | None:
    """Find the setting that a key was probably meant to be.

    Args:
        key: Full key as it was written.
        known: Full keys that are right; of tools, ``tools.<name>.on`` is enough.
        arguments: Returns the names of the arguments of a tool; called only for one that is meant.

    Returns:
        The key that was meant, or ``None`` if the key is known itself, or resembles no other.
    """
    known = set(known)
    namespace, dot, name = key.partition(".")
    if key in known:
        return None
    if not dot:
        return _closest_key(key, known)
    namespaces = {full.partition(".")[0] for full in known if "." in full}
    right = namespace if namespace in namespaces else closest_name(namespace, namespaces)
    if right is None:
        return None
    if right == "tools":
        name = _corrected_argument(name, known, arguments)
    elif not find_setting(f"{right}.{name}"):
        in_it = {full for full in known if full.startswith(f"{right}.")}
        meant = _closest_key(name, in_it) or _ends_with(name, right, in_it)
        if meant or right == namespace:
            return meant
    corrected = f"{right}.{name}"
    return None if corrected == key else corrected


def _corrected_argument(
    key: str, known: Iterable[str], arguments: Callable[[str], Iterable[str]]
) -> str:
    """Correct the name of a tool, and then that of its argument, as far as they resemble others."""
    name, dot, argument = key.partition(".")
    tools = {full.split(".")[1] for full in known if full.startswith("tools.")} - {"*"}
    tool = name if name in tools else closest_name(name, tools)
    if tool is None or not dot:
        return key
    names = set(arguments(tool))
    return f"{tool}.{argument if argument in names else closest_name(argument, names) or argument}"


def _closest_key(name: str, known: Iterable[str]) -> str | None:
    """Find the key whose name after the namespace is most like another one."""
    by_name = {
        full.partition(".")[2] or full: full for full in sorted(known) if not is_pattern(full)
    }
    found = closest_name(name, by_name)
    return by_name[found] if found else None


def _ends_with(name: str, namespace: str, known: Iterable[str]) -> str | None:
    """Find ``server.socket_port`` for ``server.port``."""
    found = [full for full in known if full.endswith(f"_{name}") and not is_pattern(full)]
    is_open = namespace in {"request", "response"}  # applications add attributes of their own
    return found[0] if len(found) == 1 and not is_open else None
