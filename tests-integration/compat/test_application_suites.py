"""The suites of applications that were written for CherryPy 18.10: with it, and with our wheels.

What is known of each is in ``application_suites/suites.toml``. Every test has to end as it does
with 18.10.0, unless that file has a reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from environments import create, environment

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.long

FOLDER = Path(__file__).parent / "application_suites"
SUITES: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "suites.toml").read_text("utf-8"))
HOUR = 3600
BETWEEN_THEMSELVES = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""Runs a command with a network of its own: suites name the ports that they serve on."""

Outcomes = dict[str, str]
"""How each test has ended: ``passed``, ``failed`` or ``skipped``."""


@pytest.fixture(scope="module")
def ours(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for ``PYTHONPATH`` that has our wheels and what they need."""
    wheels = [str(wheel) for wheel in built.glob("*.whl")]
    python = create(tmp_path_factory.mktemp("ours") / "environment", wheels)
    return packages_of(python)


def packages_of(python: Path) -> Path:
    """Return the folder of the packages of an environment."""
    (found,) = python.parent.parent.glob("lib/python*/site-packages")
    return found


def unpack(requirement: str, folder: Path) -> Path:
    """Download an sdist, and return the folder with what is in it."""
    name = requirement.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--no-binary", name, "--dest", str(folder), requirement]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def network_of_its_own() -> Sequence[str]:
    """Return what to put before a command; nothing where the system does not let us."""
    try:
        run = subprocess.run([*BETWEEN_THEMSELVES, "true"], capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return ()
    return () if run.returncode else BETWEEN_THEMSELVES


def outcomes(
    python: Path, first: Path, where: Path, tests: Sequence[str], scratch: Path
) -> Outcomes:
    """Run a suite.

    Args:
        python: The interpreter of an environment that has what the application needs.
        first: The folder whose packages come before those of the environment.
        where: Where to run it.
        tests: Arguments for pytest.
        scratch: A folder for its temporary files and its report.
    """
    report = scratch / "report.xml"
    temporary = scratch / "tmp"
    temporary.mkdir(parents=True)
    paths = os.pathsep.join([str(first), str(where)])
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [*network_of_its_own(), str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-o", "addopts=", "--junitxml", str(report), *tests]
    run = subprocess.run(  # noqa: S603
        command,
        cwd=where,
        env={**own, "PYTHONPATH": paths, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HOUR,
        check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    return read_report(report)


def read_report(report: Path) -> Outcomes:
    """Read what pytest has written; a test that occurs twice has the worse outcome."""
    kinds = {"failure": "failed", "error": "failed", "skipped": "skipped"}
    found: Outcomes = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        name = f"{case.get('classname')}::{case.get('name')}"
        (outcome,) = {kinds[each.tag] for each in case if each.tag in kinds} or {"passed"}
        found[name] = "failed" if found.get(name) == "failed" else outcome
    return found


def version_of(python: Path, first: Path) -> str:
    """Return which CherryPy a suite is run with."""
    command = [str(python), "-P", "-c", "import cherrypy; print(cherrypy.__version__)"]
    environ = {**os.environ, "PYTHONPATH": str(first)}
    return subprocess.check_output(command, env=environ, text=True).strip()  # noqa: S603


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_ends_as_with_cherrypy_18(name: str, ours: Path, tmp_path: Path) -> None:
    """Test by test, and with the counts that are known."""
    suite = SUITES[name]
    lines = (FOLDER / suite["requirements"]).read_text("utf-8").splitlines()
    python = environment(f"suites-{Path(suite['requirements']).stem}", lines)
    theirs = packages_of(python)
    assert version_of(python, theirs) == "18.10.0"
    assert version_of(python, ours) != "18.10.0"
    (tmp_path / "sdist").mkdir()
    where = unpack(suite["sdist"], tmp_path / "sdist") if "sdist" in suite else tmp_path / "sdist"
    before = outcomes(python, theirs, where, suite["tests"], tmp_path / "theirs")
    now = outcomes(python, ours, where, suite["tests"], tmp_path / "ours")
    changed = {
        test: (before.get(test), now.get(test))
        for test in before.keys() | now.keys()
        if before.get(test) != now.get(test)
    }
    assert changed.keys() == suite.get("differences", {}).keys(), changed
    known = {kind: suite[kind] for kind in ("passed", "failed", "skipped") if kind in suite}
    assert Counter(before.values()) == known
