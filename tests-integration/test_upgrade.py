"""Upgrades in place, and the ways back, with the installers that people use."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from environments import environment, reference_python
from repository import DISTRIBUTIONS
from versions import current_version
from wheels import NEXT_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTS = [name for name in DISTRIBUTIONS if name != "cherrypy"]
EXTRAS_OF_CHERRYPY_18 = "[json,memcached_session,routes_dispatcher,ssl,xcgi]"
UV = ("uv==0.13.9",)
POETRY = ("poetry==2.5.1",)


class Environment:
    """A virtual environment that has CherryPy 18.10.0, and one of the installers for it.

    Args:
        folder: Where to make it.
        installer: ``pip`` or ``uv``.
        wheels: Folders of wheels that the installer may take.
    """

    def __init__(self, folder: Path, installer: str, *wheels: Path) -> None:
        shutil.copytree(reference_python().parents[1], folder, symlinks=True)
        self.python = folder / "bin" / "python"
        self._links = [option for each in wheels for option in ("--find-links", str(each))]
        if installer == "uv":
            uv = environment("uv", UV).with_name("uv")
            self._command = [str(uv), "pip"]
            self._options = ["--python", str(self.python)]
            self._yes: list[str] = []
        else:
            self._command = [sys.executable, "-m", "pip", "--python", str(self.python)]
            self._options = ["--disable-pip-version-check", "--no-input"]
            self._yes = ["--yes"]

    def install(self, *arguments: str) -> str:
        """Install or upgrade something, and return what the installer says."""
        return self._run("install", *self._options, *self._links, *arguments)

    def uninstall(self, *names: str) -> None:
        """Remove distributions."""
        self._run("uninstall", *self._options, *self._yes, *names)

    def _run(self, *arguments: str) -> str:
        return run([*self._command, *arguments])

    def look(self) -> dict[str, Any]:
        """Return what ``whole.py`` finds."""
        return look(self.python)

    def cherryd(self) -> str:
        """Return what the command says of its options."""
        return run([str(self.python.with_name("cherryd")), "--help"])


def run(command: list[str], **options: Any) -> str:
    """Run a command, and return what it writes."""
    environ = {**os.environ, "UV_SYSTEM_CERTS": "true", **options.pop("env", {})}
    done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=environ, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def look(python: Path) -> dict[str, Any]:
    script = os.path.join(os.path.dirname(__file__), "support", "whole.py")  # noqa: PTH118, PTH120
    found: dict[str, Any] = json.loads(run([str(python), "-I", "-W", "ignore", script]))
    return found


def assert_whole(found: dict[str, Any], version: str) -> None:
    """All seven are there in a version, with each of their files, and nothing else of the name."""
    assert found["versions"] == dict.fromkeys(DISTRIBUTIONS, version)
    assert found["wrong"] == {name: [] for name in DISTRIBUTIONS}
    assert found["imported"] == version


@pytest.fixture(params=["pip", "uv"])
def old(request: pytest.FixtureRequest, tmp_path: Path, built: Path) -> Environment:
    """Return an environment with CherryPy 18.10.0."""
    return Environment(tmp_path / "old", request.param, built)


@pytest.fixture
def upgraded(tmp_path: Path, built: Path, built_next: Path) -> Environment:
    """Return an environment that pip has upgraded from CherryPy 18.10.0."""
    made = Environment(tmp_path / "upgraded", "pip", built, built_next)
    made.install("-U", f"cherrypy=={current_version()}")
    return made


@pytest.mark.parametrize("extras", ["", EXTRAS_OF_CHERRYPY_18])
def test_from_cherrypy_18_and_back_and_up_again(old: Environment, extras: str) -> None:
    requirement = f"cherrypy{extras}=={current_version()}"
    old.install("-U", requirement)
    assert_whole(old.look(), current_version())
    assert "--workers" in old.cherryd()

    old.install("cherrypy==18.10.0")  # what came with 19 is left, and does not disturb it
    found = old.look()
    assert found["versions"]["cherrypy"] == found["imported"] == "18.10.0"
    assert found["wrong"]["cherrypy"] == []
    assert "--workers" not in old.cherryd()

    old.install("-U", requirement)
    assert_whole(old.look(), current_version())


def test_the_clean_way_back(old: Environment) -> None:
    """As docs/howto/migrate-from-cherrypy-18.md has it."""
    old.install("-U", f"cherrypy=={current_version()}")
    old.uninstall(*DISTRIBUTIONS)
    old.install("cherrypy==18.10.0")
    found = old.look()
    assert found["versions"] == {"cherrypy": "18.10.0"}
    assert found["wrong"] == {"cherrypy": []}
    assert found["imported"] == "18.10.0"


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_to_the_next_version(tmp_path: Path, built: Path, built_next: Path, installer: str) -> None:
    made = Environment(tmp_path / "env", installer, built, built_next)
    made.install("-U", f"cherrypy=={current_version()}")
    made.install("-U", f"cherrypy=={NEXT_VERSION}")
    assert_whole(made.look(), NEXT_VERSION)
    assert "--workers" in made.cherryd()


def test_without_the_umbrella_an_import_says_how_to_put_its_files_back(
    upgraded: Environment,
) -> None:
    upgraded.uninstall("cherrypy")
    message = upgraded.look()["imported"]
    assert message.startswith("files of cherrypy-core were removed together with")
    command, _, arguments = message.partition(": pip install ")[2].partition(" --no-deps ")
    assert set(arguments.split()) == {f"{name}=={current_version()}" for name in PARTS}
    upgraded.install(*command.split(), "--no-deps", *arguments.split())
    found = upgraded.look()
    assert found["versions"] == dict.fromkeys(PARTS, current_version())
    assert found["wrong"] == {name: [] for name in PARTS}
    assert found["imported"] == current_version()
    assert "--workers" in upgraded.cherryd()


def test_without_the_umbrella_and_some_of_its_files_a_tool_says_so(upgraded: Environment) -> None:
    upgraded.uninstall("cherrypy")
    upgraded.install("--force-reinstall", "--no-deps", f"cherrypy-core=={current_version()}")
    script = "import cherrypy; cherrypy.tools.json_out"
    done = subprocess.run(  # noqa: S603
        [str(upgraded.python), "-I", "-c", script], capture_output=True, text=True, check=False
    )
    assert (
        "files of cherrypy-json are missing: pip install --force-reinstall --no-deps "
        f"cherrypy-json=={current_version()}"
    ) in done.stderr


def test_a_core_that_is_upgraded_alone(upgraded: Environment) -> None:
    """Pip says that it does not fit the others, and nothing is missing."""
    said = upgraded.install("-U", f"cherrypy-core=={NEXT_VERSION}")
    assert f"requires cherrypy-core=={current_version()}, but you have" in said
    found = upgraded.look()
    assert found["imported"] == NEXT_VERSION
    assert {name: files for name, files in found["wrong"].items() if name != "cherrypy"} == {
        name: [] for name in PARTS
    }
    upgraded.install("-U", f"cherrypy=={NEXT_VERSION}")
    assert_whole(upgraded.look(), NEXT_VERSION)


def test_a_core_beside_cherrypy_18_is_refused_with_a_word(old: Environment) -> None:
    old.install(f"cherrypy-core=={current_version()}")
    message = old.look()["imported"]
    assert "has modules of CherryPy 18 (lib/sessions.py, " in message
    assert message.endswith("pip install -U cherrypy")
    old.install("-U", f"cherrypy=={current_version()}")
    assert_whole(old.look(), current_version())


@contextlib.contextmanager
def package_index(folder: Path, wheels: Path) -> Iterator[str]:
    """Serve wheels as an index (PEP 503), and yield its URL."""
    for wheel in wheels.glob("*.whl"):
        name = wheel.name.partition("-")[0].replace("_", "-")
        (folder / name).mkdir(parents=True)
        shutil.copy(wheel, folder / name)
        (folder / name / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


PROJECT = """\
[project]
name = "site"
version = "1"
requires-python = ">=3.11,<4"
dependencies = ["cherrypy ({requirement})"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "ours"
url = "{index}"
priority = "{priority}"

[[tool.poetry.source]]
name = "PyPI"
"""


@pytest.mark.long
def test_poetry(tmp_path: Path, built: Path) -> None:
    poetry = str(environment("poetry", POETRY).with_name("poetry"))
    environ = {
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_CACHE_DIR": str(tmp_path / "cache"),
        "VIRTUAL_ENV": "",
    }
    project = tmp_path / "pyproject.toml"
    python = tmp_path / ".venv" / "bin" / "python"

    def update(requirement: str, priority: str) -> dict[str, Any]:
        text = PROJECT.format(requirement=requirement, index=index, priority=priority)
        project.write_text(text, "utf-8")
        run([poetry, "--no-interaction", "update"], cwd=tmp_path, env=environ)
        return look(python)

    with package_index(tmp_path / "index", built) as index:
        assert update("==18.10.0", "supplemental")["imported"] == "18.10.0"
        assert_whole(update(f"=={current_version()}", "primary"), current_version())
        back = update("==18.10.0", "supplemental")
        assert back["imported"] == "18.10.0"
        assert_whole(update(f"=={current_version()}", "primary"), current_version())
        assert python.with_name("cherryd").exists()
