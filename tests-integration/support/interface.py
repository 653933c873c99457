"""Compare the interface of this project with that of CherryPy 18.10.0.

``compat/interface_worker.py`` describes either by looking at it. ``compat/interface.toml`` lists
where they differ on purpose, in groups that have the same reason.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from typing import Any

import environments
from repository import ROOT, sources

COMPAT = ROOT / "tests-integration" / "compat"
LISTING = COMPAT / "interface.toml"
SECONDS = 120

Facets = dict[str, Any]
Interface = dict[str, Facets]
"""What is seen of each name, by its path."""


@dataclasses.dataclass(frozen=True, order=True)
class Difference:
    """One facet of one name in which both differ."""

    name: str
    facet: str
    """For a name that is not here at all ``missing`` and its kind, for another kind both."""
    theirs: str
    ours: str


@dataclasses.dataclass(frozen=True)
class Group:
    """Differences that are meant, for one reason."""

    reason: str
    facets: tuple[str, ...]
    """Patterns, as for names of files."""
    names: tuple[str, ...]
    """Patterns, too; each has to fit at least one difference."""

    def fitting(self, difference: Difference) -> list[str]:
        """Return the patterns that a difference fits."""
        if not any(fnmatchcase(difference.facet, facet) for facet in self.facets):
            return []
        return [name for name in self.names if fnmatchcase(difference.name, name)]


@functools.cache
def theirs() -> Interface:
    """Describe CherryPy 18.10.0, with the packages that its test helpers need."""
    python = environments.environment(
        "cherrypy-18.10.0-pytest", (*environments.REFERENCE, "pytest==9.2.0")
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return _described([str(python), "-sP"], environ, [], [])


@functools.cache
def ours() -> Interface:
    """Describe every module and name of CherryPy 18.10.0 as it is here."""
    path = os.pathsep.join(map(str, sources()))
    modules = [name for name, facets in theirs().items() if _is_module(facets)]
    return _described(
        [sys.executable, "-P"], {**os.environ, "PYTHONPATH": path}, modules, list(theirs())
    )


def _is_module(facets: Facets) -> bool:
    return facets["kind"] == "module" or str(facets["kind"]).endswith("at import")


def _described(
    command: list[str], environ: dict[str, str], modules: list[str], names: list[str]
) -> Interface:
    run = subprocess.run(  # noqa: S603
        [*command, str(COMPAT / "interface_worker.py")],
        input=json.dumps({"modules": modules, "names": names}),
        env=environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"{command} failed:\n{run.stderr}")
    found: Interface = json.loads(run.stdout)
    return found


@functools.cache
def compared() -> list[str]:
    """Name what is compared: each name once, where it is at home."""
    found = theirs()
    elsewhere = {
        f"{name}."
        for name, facets in found.items()
        if facets.get("home", name) != name and facets["home"] in found
    }
    return [name for name in sorted(found) if not any(name.startswith(path) for path in elsewhere)]


def differences() -> list[Difference]:
    """Tell every facet in which both differ.

    What is in a class or module that is missing is not told again.
    """
    found: list[Difference] = []
    missing: set[str] = set()
    for name in compared():
        parent = name.rpartition(".")[0]
        if parent in missing:
            missing.add(name)
        elif name not in ours() or ours()[name]["kind"].endswith("at import"):
            missing.add(name)
            found.append(Difference(name, f"missing {theirs()[name]['kind']}", "", ""))
        else:
            here = ours()[name]
            if here["kind"] in {"name that is gone", "class of another package"}:
                missing.add(name)
            found += _differences_of(name, theirs()[name], here)
    return found


def _differences_of(name: str, known: Facets, here: Facets) -> list[Difference]:
    if known["kind"] != here["kind"]:
        return [Difference(name, f"{known['kind']}, here {here['kind']}", "", "")]
    return [
        Difference(name, facet, _told(known[facet]), _told(here.get(facet)))
        for facet in known
        if not _fits(facet, known[facet], here.get(facet))
    ]


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fits(facet: str, known: Any, here: Any) -> bool:
    """Tell whether a program that counts on one facet may be given the other."""
    if facet == "signature" and known is not None and here is not None:
        return accepts(known, here)
    if facet == "classes":
        return not known or known[0] in here
    if facet == "bases":
        return set(known) <= set(here)
    return bool(known == here)


def accepts(known: list[list[str]], here: list[list[str]]) -> bool:
    """Tell whether every call that fits one signature fits another, and means the same.

    Args:
        known: Name, kind and default of each parameter; the default is empty where there is none.
        here: The same of the other one.
    """
    by_name = {parameter[0]: parameter for parameter in here}
    kinds = {kind for _, kind, _ in here}
    positions = [name for name, kind, _ in here if kind.startswith("POSITIONAL")]
    for position, (name, kind, default) in enumerate(known):
        if kind.startswith("VAR"):
            if kind not in kinds:
                return False
            continue
        if name not in by_name:
            return False
        _, other_kind, other_default = by_name[name]
        if other_kind not in (kind, "POSITIONAL_OR_KEYWORD"):
            return False
        if default and default != other_default:
            return False
        if kind.startswith("POSITIONAL") and positions.index(name) != position:
            return False
    names = {name for name, _, _ in known}
    return all(
        default or kind.startswith("VAR") for name, kind, default in here if name not in names
    )


@functools.cache
def groups() -> list[Group]:
    """Read the differences that are meant."""
    return [
        Group(entry["reason"], tuple(entry["facets"]), tuple(entry["names"]))
        for entry in tomllib.loads(LISTING.read_text("utf-8"))["group"]
    ]


def unlisted(found: list[Difference]) -> list[Difference]:
    """Return the differences that are not listed."""
    return [each for each in found if not any(group.fitting(each) for group in groups())]


def outdated(found: list[Difference]) -> list[str]:
    """Return the patterns of the listing that no difference fits."""
    return [
        f"{group.facets}: {name}"
        for group in groups()
        for name in group.names
        if not any(name in group.fitting(each) for each in found)
    ]


def main() -> None:
    """Print how much is compared, and what is neither the same nor listed."""
    found = differences()
    facets = sum(len(theirs()[name]) for name in compared())
    modules = sum(map(_is_module, theirs().values()))
    print(f"{modules} modules, {len(compared())} names, {facets} facets, {len(found)} differences")
    for each in unlisted(found):
        print(each.facet, each.name, each.theirs[:150], each.ours[:150], sep=" | ")
    print("outdated:", *outdated(found), sep="\n  ")


if __name__ == "__main__":
    main()
