"""The page about configuration: its snippets run, and it has all checks and environments."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cherrypy._app.checker import Checker
from cherrypy._config.config import environments
from cherrypy._config.evaluator import REFUSED_BUILTINS

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "configuration.md"


@pytest.fixture(scope="module")
def page() -> str:
    """The text of the page."""
    return PAGE.read_text(encoding="utf-8")


def test_snippets_run(page: str) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert snippets
    finished = subprocess.run(  # noqa: S603 - our own page
        [sys.executable, "-c", "\n".join(snippets)], capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")


def test_every_check_and_environment_is_in_a_table(page: str) -> None:
    checks = [name for name in dir(Checker) if name.startswith("check_")]
    for name in [*checks, *environments]:
        assert f"\n| `{name}` |" in page
    for name in REFUSED_BUILTINS:
        assert f"`{name}`" in page
