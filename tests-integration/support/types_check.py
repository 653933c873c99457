"""Check the types of everything: the sources in one run, each folder of tests in its own.

The folders of tests have modules of the same names (``conftest``), so one run cannot hold them all.
"""

from __future__ import annotations

import subprocess
import sys

from repository import DISTRIBUTIONS, ROOT, sources


def targets() -> list[list[str]]:
    """List what each run of mypy checks."""
    tests = [ROOT / "packages" / name / "tests" for name in DISTRIBUTIONS]
    single = [*tests, ROOT / "tests-integration", ROOT / "docs"]
    with_modules = [folder for folder in single if any(folder.rglob("*.py"))]
    build_hook = ROOT / "packages" / "cherrypy" / "hatch_build.py"
    return [
        [str(folder) for folder in [*sources(), build_hook]],
        *([str(folder)] for folder in with_modules),
    ]


def main() -> int:
    """Run mypy over each target.

    Returns:
        The number of targets with errors.
    """
    failed = 0
    for paths in targets():
        print("mypy", *paths, flush=True)
        command = [sys.executable, "-m", "mypy", *paths]
        failed += bool(subprocess.run(command, cwd=ROOT, check=False).returncode)  # noqa: S603
    return failed


if __name__ == "__main__":
    sys.exit(main())
