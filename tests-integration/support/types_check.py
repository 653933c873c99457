"""Check the types of everything: the sources in one run, each folder of tests in its own.

The folders of tests have modules of the same names (``conftest``), so one run cannot hold them all.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from repository import DISTRIBUTIONS, ROOT, sources

LIMITS = {
    "all sources": ("", 2.9),
    "the request path": (
        r"cherrypy\.(_publishing|_request|_tools|_runtime|_app\.(answering|serving|application|tree)$)",
        2.0,
    ),
}
"""Modules by a pattern of their names, and per cent of their expressions that may be ``Any``.

Only ever lower these.
"""


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


def shares_of_any(report: str) -> dict[str, float]:
    """Work out which share of the expressions of the sources has the type ``Any``.

    Args:
        report: What mypy has written with ``--any-exprs-report``.

    Returns:
        Per cent by name of a group of modules: those of ``LIMITS``.
    """
    found = re.findall(r"^ *(\S+) +(\d+) +(\d+) +[\d.]+%$", report, re.MULTILINE)
    counts = [(name, int(untyped), int(total)) for name, untyped, total in found if name != "Total"]
    shares = {}
    for group, (pattern, _) in LIMITS.items():
        chosen = [each for each in counts if re.match(pattern, each[0])]
        shares[group] = 100 * sum(each[1] for each in chosen) / sum(each[2] for each in chosen)
    return shares


def check_shares_of_any() -> int:
    """Compare the shares of expressions that are ``Any`` with their limits.

    Returns:
        The number of groups of modules that are above their limit.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mypy", "--any-exprs-report", folder]
        command += [str(source) for source in sources()]
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        report = (Path(folder) / "any-exprs.txt").read_text("utf-8")
    failed = 0
    for group, share in shares_of_any(report).items():
        limit = LIMITS[group][1]
        print(f"expressions that are Any, {group}: {share:.2f} %, at most {limit} %")
        failed += share > limit
    return failed


def main() -> int:
    """Run mypy over each target.

    Returns:
        The number of targets with errors, and of shares of ``Any`` that are too large.
    """
    failed = check_shares_of_any()
    for paths in targets():
        print("mypy", *paths, flush=True)
        command = [sys.executable, "-m", "mypy", *paths]
        failed += bool(subprocess.run(command, cwd=ROOT, check=False).returncode)  # noqa: S603
    return failed


if __name__ == "__main__":
    sys.exit(main())
