"""What several suites need: the distributions as they are built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from wheels import build_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Give the folder of all wheels and sdists; whichever worker comes first builds them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "distributions"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.with_suffix(".complete").exists():
            build_all(folder)
            folder.with_suffix(".complete").touch()
    return folder
