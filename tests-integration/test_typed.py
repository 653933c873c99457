"""The types that users get, as their own type checkers see them: mypy --strict and pyright."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, get_origin, get_type_hints

import pytest

import cherrypy
from cherrypy._config.extensions import PROVIDERS
from cherrypy.lib.toolset import make_default_toolbox
from environments import create
from repository import DISTRIBUTIONS
from wheels import find_wheel

Checker = Callable[[Path, list[str], Path], set[tuple[str, int, str]]]
TYPED = Path(__file__).parent / "typed"
GOOD = ["application.py", "site.py", "satellites.py"]
RUNNABLE = ["application.py", "site.py"]
# The version is that of the project; nothing is looked up in the net.
QUIET = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the interpreter of an environment in which the wheels are installed."""
    wheels = [str(find_wheel(built, name)) for name in DISTRIBUTIONS]
    return create(tmp_path_factory.mktemp("typed") / "env", wheels)


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own
        command, capture_output=True, text=True, check=False, cwd=folder, env=os.environ | QUIET
    )


def mypy(python: Path, names: list[str], folder: Path) -> set[tuple[str, int, str]]:
    """Return file, line and message of each error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--output=json"]
    command += ["--python-executable", str(python), "--cache-dir", str(folder)]
    found = run(*command, *(str(TYPED / name) for name in names), folder=folder)
    assert not found.stderr
    errors = (json.loads(line) for line in found.stdout.split("\n") if line)
    return {
        (Path(error["file"]).name, error["line"], error["message"])
        for error in errors
        if error["severity"] == "error"
    }


def pyright(python: Path, names: list[str], folder: Path) -> set[tuple[str, int, str]]:
    """Return file, line and message of each error."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", str(python)]
    found = run(*command, *(str(TYPED / name) for name in names), folder=folder)
    assert found.stdout, found.stderr
    return {
        (Path(error["file"]).name, error["range"]["start"]["line"] + 1, error["message"])
        for error in json.loads(found.stdout)["generalDiagnostics"]
        if error["severity"] == "error"
    }


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_an_application_has_no_complaints(
    checker: Checker, installed: Path, tmp_path: Path
) -> None:
    assert checker(installed, GOOD, tmp_path) == set()


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_every_mistake_is_found(checker: Checker, installed: Path, tmp_path: Path) -> None:
    lines = (TYPED / "mistakes.py").read_text("utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if re.search(r"# wrong$", line)}
    found = checker(installed, ["mistakes.py"], tmp_path)
    assert {number for _, number, _ in found} == wrong


@pytest.mark.parametrize("name", RUNNABLE)
def test_it_works(name: str, installed: Path, tmp_path: Path) -> None:
    found = run(str(installed), str(TYPED / name), folder=tmp_path)
    assert found.returncode == 0, found.stderr


def test_every_tool_is_declared() -> None:
    """A tool that checkers know is there, and is of the class that they are told."""
    declared = get_type_hints(type(cherrypy.tools))
    of_others = {name.removeprefix("tools.") for name in PROVIDERS if "tools." in name}
    assert (vars(make_default_toolbox()).keys() | of_others) <= declared.keys()
    del declared["sessions"]  # a Protocol, see satellites.py
    for name, tool_class in declared.items():
        if get_origin(tool_class) is ClassVar:  # of the class, and not a tool
            continue
        assert isinstance(getattr(cherrypy.tools, name), get_origin(tool_class) or tool_class)
