"""Configuration."""

from __future__ import annotations

import io
from typing import Any

from telling import alone, attempt, make, tell

import cherrypy
from cherrypy.lib import reprconf


def unrepr(text: str) -> Any:
    """Evaluate a value."""
    return attempt(reprconf.unrepr, text)


def parse(text: str, form: str) -> Any:
    """Read the text of a file, by one of the ways that there are."""
    if form == "parser":
        return attempt(_read, text)
    if form == "dict_from_file":
        return attempt(lambda: reprconf.Parser().dict_from_file(io.StringIO(text)))
    if form == "load":
        return attempt(lambda: reprconf.Parser.load(io.StringIO(text)))
    return attempt(lambda: reprconf.Config(io.StringIO(text)))


def _read(text: str) -> Any:
    parser = reprconf.Parser()
    parser.read_string(text)
    return parser.as_dict()


def namespaces(names: list[str], config: list[Any]) -> Any:
    """Hand settings to the namespaces that they belong to."""
    seen: list[Any] = []
    found = reprconf.NamespaceSet()
    for name in names:
        found[name] = lambda key, value, name=name: seen.append([name, tell(key), tell(value)])
    result = attempt(found, dict(make(config)))
    return [result, sorted(seen, key=str), attempt(repr, found), attempt(found.copy)]


@alone
def update(files: list[Any]) -> Any:
    """Update the configuration of the site, one time after another."""
    found = []
    for file in files:
        given = io.StringIO(file) if isinstance(file, str) else make(file)
        found.append(attempt(cherrypy.config.update, given))
    return [*found, tell(dict(cherrypy.config))]


@alone
def application(config: Any, root: Any, more: Any) -> Any:
    """Merge the configuration of an application, and of its root."""
    app = cherrypy.Application(None, "", make(config))
    if root is not None:
        app.root = type("Root", (), {"_cp_config": make(root)})()
    found = [attempt(app.merge, make(more))]
    for path in ("/", "/a", "/a/b", "/c", ""):
        for key in ("tools.a.on", "x", "request.show_tracebacks"):
            found.append(attempt(app.find_config, path, key, "none"))  # noqa: PERF401
    return [*found, tell(app.config)]


def merge(base: Any, other: Any) -> Any:
    """Merge two dictionaries of sections."""
    from cherrypy._cpconfig import merge as merge_config

    target = make(base)
    return [attempt(merge_config, target, make(other)), tell(target)]
