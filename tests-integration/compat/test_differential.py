"""Answers of this project and of CherryPy 18.10.0 to the same requests."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

import differential
from differential import Answer, Answers, Case
from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = differential.all_cases()

Found = dict[str, Answers]


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Found, Found]:
    """Ask both implementations once in a run, whichever worker comes first."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    with FileLock(folder / "compat.lock"):
        return (
            _kept(folder / "cherrypy.json", differential.ask_cherrypy),
            _kept(folder / "ours.json", differential.ask_ours),
        )


def _kept(path: Path, ask: Callable[[list[Case]], Found]) -> Found:
    if not path.exists():
        found = ask(CASES)
        plain = {name: [dataclasses.asdict(answer) for answer in found[name]] for name in found}
        path.write_text(json.dumps(plain), "utf-8")
    kept = json.loads(path.read_text("utf-8"))
    return {name: [Answer(**answer) for answer in answers] for name, answers in kept.items()}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_answers_as_cherrypy_does(case: Case, answers: tuple[Found, Found]) -> None:
    """The same answer, or exactly the difference that is listed with a reason."""
    theirs, ours = (found[case.name] for found in answers)
    assert differential.compare(case, theirs, ours) == differential.expected(case)


def test_the_tables_are_large_enough() -> None:
    assert len(CASES) >= 300


def test_every_listed_difference_belongs_to_one_request() -> None:
    listed = [name for found in differential.listed_differences() for name in found.shown]
    assert sorted(listed) == sorted({case.name for case in CASES} & set(listed))


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    """``python tests-integration/compat/differences_page.py`` writes it."""
    command = [sys.executable, str(differential.COMPAT / "differences_page.py"), "--print"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    page = ROOT / "docs" / "explanation" / "differences.md"
    assert run.stdout == page.read_text("utf-8")
