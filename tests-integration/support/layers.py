"""Which module may import which, and how to find the imports that it may not.

Imports point one way, down. The modules of the core form units; a unit imports itself and units of
a lower rank. A satellite imports what any third party may, and three units of the core.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from repository import DISTRIBUTIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FACADE = 9
ALIASES = (
    *("_cptree", "_cptools", "_cpdispatch", "_cpconfig", "_cperror", "_cplogging", "_cpreqbody"),
    *("_cprequest", "_cpwsgi", "_cpchecker", "_cpcompat", "_helper"),
    *("_cpmodpy", "_cpnative_server", "scaffold", "tutorial"),
)
"""Import paths that applications and monitoring agents know: tiny modules of re-exports."""
RANKS = {
    "_gone": -1,
    "_version": 0,
    "_portions": 0,
    "_http": 0,
    "process": 0,
    "_config": 1,
    "_runtime": 2,
    "_tools": 3,
    "lib": 4,
    "_publishing": 5,
    "_request": 6,
    "_workers": 7,
    "_app": 7,
    "_assembly": 8,
    "": FACADE,  # cherrypy/__init__.py
    **dict.fromkeys(ALIASES, FACADE),
    "daemon": FACADE,
    "__main__": FACADE,
    # Users of the facade, above it: they test applications, and nothing that serves one needs them.
    "_testing": 10,
    "testing": 11,
    "test": 12,
}
"""The units of the core, and the rank of each."""

SHARED = ("lib", "process")
"""Packages that several distributions add modules to."""

OPEN_TO_SATELLITES = ("_http", "_runtime", "_tools")
"""Units of the core without a public name that satellites may import nevertheless."""

THIRD_PARTY = {
    "cherrypy-core": {
        "backports",
        "coverage",
        "compression",
        "brotli",
        "granian",
        "prometheus_client",
        "routes",
        "watchfiles",
    },
    "cherrypy-server": {"cheroot", "cryptography", "OpenSSL"},
    "cherrypy-sessions": {"pymemcache"},
    "cherrypy-auth": {"argon2"},
    "cherrypy-static": set(),
    "cherrypy-json": {"msgspec", "pydantic"},
}
"""What a distribution may import from others: what it requires, and what its extras bring."""


@dataclass(frozen=True)
class Module:
    """One module of the import package ``cherrypy``."""

    name: str
    distribution: str
    source: str

    @property
    def unit(self) -> str:
        """The part of the name that has a rank: ``_http`` of ``cherrypy._http.dates``."""
        return unit_of(self.name)


@dataclass(frozen=True)
class Import:
    """One name that a module imports.

    ``target`` is a module: of ``from a import b`` it is ``a.b`` if there is one, otherwise ``a``.
    ``binds_facade`` tells that the statement goes through ``cherrypy`` itself.
    """

    module: Module
    target: str
    line: int
    binds_facade: bool = False

    def complaint(self, reason: str) -> str:
        """Say where the import is and what is wrong with it."""
        return f"{self.module.name}:{self.line} imports {self.target}: {reason}"


def unit_of(name: str) -> str:
    """Give the unit that a module of ``cherrypy`` belongs to; empty for ``cherrypy`` itself."""
    return name.partition(".")[2].partition(".")[0]


def find_modules(root: Path = ROOT) -> list[Module]:
    """Read every module of every distribution."""
    return [
        Module(_module_name(path.relative_to(source)), distribution, path.read_text("utf-8"))
        for distribution in DISTRIBUTIONS
        for source in [root / "packages" / distribution / "src"]
        for path in sorted((source / "cherrypy").rglob("*.py"))
    ]


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_imports(module: Module, known: Iterable[str]) -> Iterator[Import]:
    """Find all imports of a module, those in functions and for type checkers included.

    Args:
        module: Whose source to read.
        known: Names of all modules, to tell a module from a name in a module.
    """
    names = set(known)
    for node in ast.walk(ast.parse(module.source)):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield Import(module, alias.name, node.lineno, binds_facade=not alias.asname)
            case ast.ImportFrom(level=0, module=str(origin), names=aliases):
                for alias in aliases:
                    full = f"{origin}.{alias.name}"
                    target = full if full in names else origin
                    yield Import(module, target, node.lineno, binds_facade=origin == "cherrypy")
            case ast.ImportFrom(level=level):
                yield Import(module, "." * level + (node.module or ""), node.lineno)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(target)), *_],
            ):
                yield Import(module, target, node.lineno)


def violations(modules: Iterable[Module]) -> list[str]:
    """List everything that breaks a rule, as one line for each; empty if nothing does."""
    by_name = {module.name: module for module in modules}
    found: list[str] = []
    graphs: dict[tuple[str, str], dict[str, set[str]]] = {}
    for module in by_name.values():
        found.extend(_misplaced(module))
        key = (module.distribution, module.unit if module.distribution == "cherrypy-core" else "")
        edges = graphs.setdefault(key, {}).setdefault(module.name, set())
        for imported in find_imports(module, by_name):
            reason = _reason_against(imported, by_name)
            if reason:
                found.append(imported.complaint(reason))
            elif imported.target in by_name and imported.target != module.name:
                edges.add(imported.target)
    for graph in graphs.values():
        found.extend(_cycles(graph))
    return found


SERVER_ALIASES = ("_cpserver", "_cpwsgi_server")


def _misplaced(module: Module) -> Iterator[str]:
    """Complain about a module that is where its distribution may not have one."""
    if module.distribution == "cherrypy-core":
        if module.unit not in RANKS:
            yield f"{module.name} has no rank"
    elif module.name in {"cherrypy", *(f"cherrypy.{shared}" for shared in SHARED)}:
        yield f"{module.name} of {module.distribution}: core alone has the __init__ of it"
    elif module.distribution == "cherrypy-server" and module.unit in SERVER_ALIASES:
        return
    elif module.unit not in {*SHARED, f"_{module.distribution.removeprefix('cherrypy-')}"}:
        yield f"{module.name} does not belong in {module.distribution}"


def _reason_against(imported: Import, by_name: Mapping[str, Module]) -> str | None:
    """Say why an import may not be; None if it may."""
    top_level = imported.target.partition(".")[0]
    if top_level == "":
        return "is relative"
    if top_level != "cherrypy":
        return _reason_against_others(imported, top_level)
    if imported.module.distribution == "cherrypy-core":
        return _reason_in_core(imported)
    return _reason_in_satellite(imported, by_name)


def _reason_against_others(imported: Import, top_level: str) -> str | None:
    if top_level in sys.stdlib_module_names:
        return None
    if imported.module.unit == "_http":
        return "_http has nothing but the standard library"
    distribution = imported.module.distribution
    if top_level not in THIRD_PARTY[distribution]:
        return f"{distribution} does not require it"
    return None


def _reason_in_core(imported: Import) -> str | None:
    unit, target = imported.module.unit, unit_of(imported.target)
    rank, target_rank = RANKS.get(unit, FACADE), RANKS.get(target, FACADE)
    if rank < FACADE and (target == "" or imported.binds_facade):
        return "nothing below the facade imports the facade"
    if target == unit or rank == target_rank == FACADE:
        return None
    return f"{unit} may not import {target}, which is not below it" if target_rank >= rank else None


def _reason_in_satellite(imported: Import, by_name: Mapping[str, Module]) -> str | None:
    target = by_name.get(imported.target)
    unit = unit_of(imported.target)
    if target and target.distribution == imported.module.distribution:
        return None
    if target and target.distribution != "cherrypy-core":
        return f"is another satellite, {target.distribution}"
    if unit.startswith("_") and unit not in OPEN_TO_SATELLITES:
        return "is private"
    return None


def _cycles(graph: Mapping[str, set[str]]) -> Iterator[str]:
    inside = {name: targets & graph.keys() for name, targets in graph.items()}
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        yield f"cycle: {' <- '.join(error.args[1])}"
