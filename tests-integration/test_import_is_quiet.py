"""What ``import cherrypy`` does not do, each time in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from repository import sources

NOT_NEEDED = {
    "asyncio": "request handlers are functions; 30 ms",
    "cheroot": "the server is another distribution, asked for when it is started",
    "concurrent.futures": "no pool before the engine starts",
    "ctypes": "nothing of the system is called by hand",
    "email.parser": "fields of a request come parsed; a body of many parts has its own parser",
    "http.client": "the core asks nobody",
    "http.server": "the core is no server",
    "importlib.metadata": "entry points are read when a name is first missed; 39 ms",
    "multiprocessing": "no other process before workers are asked for",
    "pydoc": "is patched by nobody",
    "sqlite3": "there is no such storage",
    "ssl": "the server has it",
    "subprocess": "no other program is run",
    "unittest": "is for tests",
    "urllib.request": "the core asks nobody",
    "wsgiref.simple_server": "the core is no server",
    "xml": "is for who publishes XML-RPC",
    "xmlrpc": "is for who publishes XML-RPC",
}
"""What is not imported, and why it need not be."""


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """Give what was noticed during the import."""
    return import_in_a_fresh_process()


def import_in_a_fresh_process(*options: str) -> dict[str, Any]:
    script = Path(__file__).parent / "support" / "quiet_import.py"
    folders = [*map(str, sources()), sysconfig.get_path("purelib")]
    command = [sys.executable, "-I", "-S", "-B", "-W", "error", *options, str(script), *folders]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_it_starts_no_thread(report: dict[str, Any]) -> None:
    assert report["threads"] == ["MainThread"]


def test_it_reads_no_file_and_opens_no_socket_and_calls_no_program(report: dict[str, Any]) -> None:
    """Modules apart: they are files, too."""
    assert report["events"] == []


def test_it_changes_nothing_for_the_rest_of_the_process(report: dict[str, Any]) -> None:
    """Signals, functions to call at exit, the path, warnings, the environment."""
    assert report["changed"] == []


def test_it_adds_no_handler_to_the_root_logger(report: dict[str, Any]) -> None:
    assert report["handlers of the root logger"] == []


@pytest.mark.parametrize("name", NOT_NEEDED)
def test_it_does_not_import(report: dict[str, Any], name: str) -> None:
    taken = [each for each in report["modules"] if each == name or each.startswith(f"{name}.")]
    assert taken == [], NOT_NEEDED[name]


def test_it_imports_itself(report: dict[str, Any]) -> None:
    """So that quiet is not the quiet of an import that was none."""
    assert "cherrypy" in report["modules"]


def test_it_does_the_same_without_docstrings_and_assertions() -> None:
    optimized = import_in_a_fresh_process("-OO")
    assert optimized["events"] == []
    assert optimized["changed"] == []
