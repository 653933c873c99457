"""The fixtures that pytest finds by entry point, each time in a run of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import sys

before = set(sys.modules)

def test_plain():
    pass

def test_mount(cherrypy_client):
    import cherrypy

    class Root:
        @cherrypy.expose
        def index(self):
            return "mounted"

    cherrypy.tree.mount(Root())
    cherrypy.config.update({"own.key": 1})
    assert cherrypy_client.get("/").text == "mounted"

def test_fresh(cherrypy_client):
    import cherrypy

    assert cherrypy.tree.apps == {}
    assert "own.key" not in cherrypy.config
    assert cherrypy_client.get("/").status == 404

def test_cookies(cherrypy_client):
    assert not cherrypy_client.cookies
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_site.py").write_text(TESTS)
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "_cherrypy_pytest", "-q", *arguments]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    finished = subprocess.run(  # noqa: S603 - this interpreter
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return finished.stdout + finished.stderr


def test_each_test_begins_with_a_fresh_site(folder: Path) -> None:
    assert "4 passed" in run(folder, "-W", "error")


def test_the_fixtures_are_listed(folder: Path) -> None:
    shown = run(folder, "--fixtures")
    assert "cherrypy_client" in shown
    assert "cherrypy_server" in shown
    assert "without sockets" in shown


def test_a_run_without_the_fixtures_does_not_import_cherrypy(folder: Path) -> None:
    """Pytest loads the plugin in every run, whatever that is about."""
    (folder / "conftest.py").write_text(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print([name for name in sys.modules\n"
        "           if name.partition('.')[0] in ('cherrypy', 'cheroot')])\n"
    )
    assert run(folder, "-s", "-k", "plain").rstrip().endswith("[]")


def test_importing_the_plugin_does_not_need_pytest() -> None:
    """It is one of the modules of the core, which does not require pytest."""
    code = "import sys, _cherrypy_pytest; print('pytest' in sys.modules)"
    finished = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "False"
