"""A plugin of pytest: the distributions as they are built, once for all workers of a run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from repository import ROOT
from versions import bump
from wheels import NEXT_VERSION, build_all, build_wheels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Let whichever worker comes first make a folder, and return it."""
    with FileLock(folder.with_suffix(".lock")):
        if not folder.with_suffix(".complete").exists():
            make(folder)
            folder.with_suffix(".complete").touch()
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def built(shared_folder: Path) -> Path:
    """Return the folder of all wheels and sdists."""
    return _made_once(shared_folder / "distributions", build_all)


@pytest.fixture(scope="session")
def built_next(shared_folder: Path) -> Path:
    """Return the folder of the wheels of the next version, 19.99.0."""

    def build(folder: Path) -> None:
        copy = folder.with_suffix(".tree")
        ignore = shutil.ignore_patterns("__pycache__", ".*", "tests")
        shutil.copytree(ROOT / "packages", copy / "packages", ignore=ignore)
        bump(NEXT_VERSION, copy)
        build_wheels(folder, copy)

    return _made_once(shared_folder / "next-distributions", build)
