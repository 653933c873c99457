"""What the checker and the reference know of static files: settings, and a check.

The other arguments of the tools are known from the signatures of their functions.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from cherrypy._runtime.layers import Layer

MAX_AGE = ("max_age", "number, seconds", None, "How long a file stays fresh.")
DIRECTORY = (
    ("dir", "path", None, "The directory: an absolute path, or one below `root`."),
    ("root", "path", "", "Absolute path."),
    ("section", "str", None, "The path that the directory is for; set by itself."),
    MAX_AGE,
)
"""Of the tool ``staticdir``."""

FILE = (
    ("filename", "path", None, "The file: an absolute path, or one below `root`."),
    ("root", "path", None, "Absolute path."),
    MAX_AGE,
)
"""Of the tool ``staticfile``."""


def check_paths(layer: Layer) -> Iterator[str]:
    """Find static directories and files that are relative or do not exist."""
    for tool, name in (("tools.staticdir.", "dir"), ("tools.staticfile.", "filename")):
        configured = any(key.startswith(tool) for key in layer.settings)
        if layer.app is not None and configured and layer.find(tool + "on"):
            yield from _problems(layer, tool, name)


def _problems(layer: Layer, tool: str, name: str) -> Iterator[str]:
    """Say what is wrong with the path of a static directory or file."""
    path = layer.find(tool + name)
    root = layer.find(tool + "root")
    setting = f"{tool}{name} = {path!r} ({layer.where})"
    if path is None:
        if tool + "on" in layer.settings and not _only_root(layer, tool, name):
            yield f"{tool}{name} ({layer.where}): is not set, but the tool is on"
        return
    path = Path(path).expanduser()
    if path.is_absolute():
        if root:
            yield f"{setting}: is absolute, so {tool}root = {root!r} has no effect"
    elif not root:
        yield f"{setting}: is relative; expected an absolute path, or {tool}root"
        return
    elif not Path(root).is_absolute():
        yield f"{tool}root = {root!r} ({layer.where}): expected an absolute path"
    full_path = Path(root or "") / path
    if not full_path.exists():
        yield f"{setting}: {full_path} does not exist"


def _only_root(layer: Layer, tool: str, name: str) -> bool:
    """Tell whether a section sets a root for the sections below it, which say the rest."""
    return f"{tool}root" in layer.settings and any(
        isinstance(settings, Mapping) and tool + name in settings
        for settings in layer.app.config.values()
    )
