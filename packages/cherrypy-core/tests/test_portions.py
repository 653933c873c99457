"""Folders of the package, and files of CherryPy 18 in them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from cherrypy._portions import ONLY_IN_CHERRYPY_18, without_cherrypy_18

if TYPE_CHECKING:
    from pathlib import Path


def make(folder: Path, *names: str) -> str:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return str(folder)


def test_folders_of_satellites_stay(tmp_path: Path) -> None:
    core = make(tmp_path / "core", "__init__.py", "lib/cptools.py")
    satellite = make(tmp_path / "satellite", "lib/sessions.py", "_sessions/__init__.py")
    with warnings.catch_warnings(action="error"):
        assert without_cherrypy_18([core, satellite]) == [core, satellite]


def test_a_cherrypy_18_that_is_elsewhere_is_left_out(tmp_path: Path) -> None:
    """For example in the folder of the user or of the system."""
    core = make(tmp_path / "core", "__init__.py")
    elsewhere = make(tmp_path / "elsewhere", ONLY_IN_CHERRYPY_18, "lib/sessions.py")
    with warnings.catch_warnings(action="error"):
        assert without_cherrypy_18([core, elsewhere]) == [core]


def test_modules_of_cherrypy_18_among_those_of_the_core_are_refused(tmp_path: Path) -> None:
    core = make(tmp_path, "__init__.py", ONLY_IN_CHERRYPY_18, "lib/sessions.py", "lib/static.py")
    with pytest.raises(ImportError, match=r"lib/sessions.py, lib/static.py.* -U cherrypy$"):
        without_cherrypy_18([core])


def test_files_that_cherrypy_18_has_left_are_told_in_one_line(tmp_path: Path) -> None:
    core = make(
        tmp_path, "__init__.py", ONLY_IN_CHERRYPY_18, "lib/sessions.py", "_sessions/__init__.py"
    )
    with pytest.warns(RuntimeWarning, match="has files that an older CherryPy left") as told:
        assert without_cherrypy_18([core]) == [core]
    assert len(told) == 1
    assert "\n" not in str(told[0].message)
