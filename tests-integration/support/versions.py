"""The one version of all distributions: what it is, and how to move it.

Every ``pyproject.toml`` says it in full, as static metadata that any tool can read from a checkout,
an sdist or a wheel; a module of the core says it for the running program, which need not look for
metadata. This script is what keeps the eight files together::

    hatch run bump          # tells the version
    hatch run bump 19.0.1   # moves every distribution and every requirement on one
"""

from __future__ import annotations

import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from repository import DISTRIBUTIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")
_IN_MODULE = re.compile(r'(?m)^__version__ = "([^"]+)"$')
_OWN_REQUIREMENT = re.compile(r"(cherrypy(?:-[a-z]+)?)(?:\[[a-z_,-]+\])?(?P<specifier>[^\[]*)")
_WRITTEN = re.compile(
    r'(?m)(?P<before>^(?:__)?version(?:__)? = "|"cherrypy(?:-[a-z]+)?(?:\[[a-z_,-]+\])?==)'
    r'[^"]+(?=")'
)


def version_module(root: Path) -> Path:
    """Give the path of the module of the core that has the version."""
    return root / "packages" / "cherrypy-core" / "src" / "cherrypy" / "_version.py"


def project_file(root: Path, distribution: str) -> Path:
    """Give the path of the ``pyproject.toml`` of a distribution."""
    return root / "packages" / distribution / "pyproject.toml"


def places(root: Path) -> list[Path]:
    """List the files that say the version."""
    return [version_module(root), *(project_file(root, name) for name in DISTRIBUTIONS)]


def own_requirements(metadata: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Find the requirements on distributions of this repository, those of extras included.

    Args:
        metadata: The table ``project`` of a ``pyproject.toml``.

    Yields:
        The name of the required distribution and the specifier, such as ``==19.0.0``.
    """
    requirements = list(metadata["dependencies"])
    for extra in metadata.get("optional-dependencies", {}).values():
        requirements.extend(extra)
    for requirement in requirements:
        match = _OWN_REQUIREMENT.fullmatch(requirement)
        if match and match[1] in DISTRIBUTIONS:
            yield match[1], match["specifier"]


def written_versions(root: Path = ROOT) -> dict[str, str]:
    """Collect every place that says the version.

    Returns:
        What says it, such as ``cherrypy-auth requires cherrypy-core``, and the version there.
        A requirement that is not ``==`` a version is given as it is written.
    """
    (in_module,) = _IN_MODULE.findall(version_module(root).read_text("utf-8"))
    found = {"cherrypy._version": in_module}
    for distribution in DISTRIBUTIONS:
        metadata = tomllib.loads(project_file(root, distribution).read_text("utf-8"))["project"]
        found[distribution] = metadata["version"]
        for number, (required, specifier) in enumerate(own_requirements(metadata)):
            place = f"{distribution} requires {required} ({number})"
            found[place] = specifier.removeprefix("==")
    return found


def current_version(root: Path = ROOT) -> str:
    """Give the version of the core, which all others have too."""
    return written_versions(root)["cherrypy-core"]


def bump(version: str, root: Path = ROOT) -> None:
    """Write a version into every distribution and every requirement on one.

    Args:
        version: The new version, such as ``19.0.1`` or ``19.1.0rc1``.
        root: The folder of the repository.

    Raises:
        ValueError: That is no version, or a place was left that says another one.
    """
    if not _VERSION.fullmatch(version):
        raise ValueError(f"version = {version!r}: expected one such as 19.0.1 or 19.1.0rc1")
    for path in places(root):
        text = _WRITTEN.sub(rf"\g<before>{version}", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
    left = [place for place, written in written_versions(root).items() if written != version]
    if left:
        raise ValueError(f"version = {version!r}: still another one in {', '.join(left)}")


def main(arguments: list[str]) -> None:
    """Tell the version, or move it to the one that is given."""
    if arguments:
        bump(arguments[0])
    print(current_version())


if __name__ == "__main__":
    main(sys.argv[1:])
