"""One version for all distributions, and one licence."""

from __future__ import annotations

import re
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest

from repository import DISTRIBUTIONS, ROOT
from versions import bump, current_version, main, places, project_file, written_versions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a folder with a copy of what says the version."""
    for source, target in zip(places(ROOT), places(tmp_path), strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return tmp_path


def test_all_distributions_have_the_version_of_the_core() -> None:
    assert {written_versions()[name] for name in DISTRIBUTIONS} == {current_version()}


def test_every_requirement_on_a_distribution_is_on_that_version() -> None:
    """Exactly that one: a range, or none, would be another text."""
    assert set(written_versions().values()) == {current_version()}


def test_an_application_that_asks_for_cherrypy_18_or_newer_is_satisfied() -> None:
    assert int(current_version().partition(".")[0]) >= 18


@pytest.mark.parametrize("name", [name for name in DISTRIBUTIONS if name != "cherrypy-core"])
def test_who_requires_whom(name: str) -> None:
    """A satellite requires the core and no other satellite; the umbrella requires all."""
    metadata = tomllib.loads(project_file(ROOT, name).read_text("utf-8"))["project"]
    required = {re.split(r"[\[=<>~! ]", text)[0] for text in metadata["dependencies"]}
    ours = required & set(DISTRIBUTIONS)
    assert ours == (set(DISTRIBUTIONS) - {name} if name == "cherrypy" else {"cherrypy-core"})


def test_core_requires_at_most_one_distribution() -> None:
    metadata = tomllib.loads(project_file(ROOT, "cherrypy-core").read_text("utf-8"))["project"]
    assert len(metadata["dependencies"]) <= 1


@pytest.mark.parametrize(
    "version", ["19.0.1", "20.0.0", "19.1.0rc1", "19.1.0.dev2", "19.0.0.post1"]
)
def test_bump_moves_every_place(checkout: Path, version: str) -> None:
    bump(version, checkout)
    assert set(written_versions(checkout).values()) == {version}
    assert written_versions(checkout).keys() == written_versions().keys()


def test_bump_changes_nothing_else(checkout: Path) -> None:
    bump("99.0.0", checkout)
    bump(current_version(), checkout)
    for moved, original in zip(places(checkout), places(ROOT), strict=True):
        assert moved.read_bytes() == original.read_bytes()


@pytest.mark.parametrize("version", ["", "19", "19.0", "v19.0.0", "19.0.0-1", '19.0.0"', "new"])
def test_bump_refuses_what_is_no_version(checkout: Path, version: str) -> None:
    with pytest.raises(ValueError, match="expected one such as"):
        bump(version, checkout)
    assert written_versions(checkout) == written_versions()


def test_bump_tells_of_a_place_that_it_cannot_move(checkout: Path) -> None:
    path = project_file(checkout, "cherrypy-auth")
    path.write_text(path.read_text("utf-8").replace("cherrypy-core==", "cherrypy-core>="), "utf-8")
    with pytest.raises(ValueError, match="cherrypy-auth requires cherrypy-core"):
        bump("19.0.1", checkout)


def test_bump_without_a_version_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert capsys.readouterr().out == f"{current_version()}\n"


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_has_the_licence(name: str) -> None:
    """Each sdist and wheel must hold its text, so each folder has a copy."""
    assert (ROOT / "packages" / name / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
