"""Virtual environments that tests and benchmarks need beside their own.

Each is made when it is first asked for, kept in ``.cache/environments`` and made anew when what it
has to hold changes. Any number of processes may ask at once.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

from filelock import FileLock

from repository import CACHE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REFERENCE = ("CherryPy==18.10.0", "cheroot==11.1.2", "setuptools<81")
"""What the differential tests and the benchmarks compare with."""


def create(folder: Path, requirements: Sequence[str], *options: str) -> Path:
    """Make a fresh virtual environment without pip.

    Args:
        folder: Where to make it; must not exist.
        requirements: What to install: requirements, or paths of wheels.
        options: More options of ``pip install``, such as ``--no-index``.

    Returns:
        The path of its interpreter.

    Raises:
        RuntimeError: pip failed; the message has its output.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    if requirements:
        command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        command += ["--no-input", "--disable-pip-version-check", *options, *requirements]
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if run.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return python


def environment(name: str, requirements: Sequence[str]) -> Path:
    """Give the interpreter of an environment, which is made if it is not there.

    Args:
        name: Name of its folder in ``.cache/environments``.
        requirements: Everything that it holds, with exact versions.

    Returns:
        The path of its interpreter.
    """
    folder = CACHE / "environments" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    contents = "\n".join([sys.version, *requirements])
    mark = folder / "contents.sha256"
    digest = hashlib.sha256(contents.encode()).hexdigest()
    with FileLock(folder.with_suffix(".lock")):
        if not mark.is_file() or mark.read_text("ascii") != digest:
            shutil.rmtree(folder, ignore_errors=True)
            create(folder, requirements)
            mark.write_text(digest, "ascii")
    return folder / "bin" / "python"


def reference_python() -> Path:
    """Give the interpreter that has CherryPy 18.10.0."""
    return environment("cherrypy-18.10.0", REFERENCE)
