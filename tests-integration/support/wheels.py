"""Build the distributions as they are published, and as an editable install has them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

from repository import DISTRIBUTIONS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

NEXT_VERSION = "19.99.0"
"""The version after this one, for tests of upgrades."""

_BUILD_EDITABLE = "import sys; from hatchling.build import build_editable as b; b(sys.argv[1])"


def _run_in(folder: Path, *arguments: str) -> None:
    command = [sys.executable, *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)}, in {folder}\n{run.stdout}{run.stderr}")


def build_wheels(folder: Path, root: Path) -> None:
    """Build a wheel of every distribution.

    Args:
        folder: Where to put them.
        root: The folder of the repository, or of a copy.

    Raises:
        RuntimeError: A build failed; the message has its output.
    """
    for name in DISTRIBUTIONS:
        project = root / "packages" / name
        _run_in(project, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))


def build_all(folder: Path) -> None:
    """Build a wheel, an sdist and (in ``editable``) an editable wheel of every distribution.

    Args:
        folder: Where to put them.

    Raises:
        RuntimeError: A build failed; the message has its output.
    """
    editable = folder / "editable"
    editable.mkdir(parents=True)
    for name in DISTRIBUTIONS:
        project = ROOT / "packages" / name
        _run_in(project, "-m", "hatchling", "build", "-d", str(folder))
        _run_in(project, "-c", _BUILD_EDITABLE, str(editable))


def build_wheel_of_sdist(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist, and build a wheel of nothing but what it holds.

    Args:
        sdist: The archive.
        folder: Where to unpack it and put the wheel.

    Returns:
        The path of the wheel.
    """
    _run_in(folder, "-m", "tarfile", "-e", str(sdist), str(folder))
    project = folder / sdist.name.removesuffix(".tar.gz")
    _run_in(project, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    return next(folder.glob("*.whl"))


def file_name(distribution: str) -> str:
    """Give the name of a distribution as file names have it."""
    return distribution.replace("-", "_")


def find_wheel(folder: Path, distribution: str) -> Path:
    """Give the wheel of a distribution."""
    (wheel,) = folder.glob(f"{file_name(distribution)}-*.whl")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    """Read every file of a wheel."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
