"""Do the same drawn things with this project and with CherryPy 18.10.0, and compare.

``compat/calls_worker.py`` does them. ``compat/calls.toml`` lists what comes out otherwise here on
purpose.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import environments
from repository import ROOT, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPAT = ROOT / "tests-integration" / "compat"
LISTING = COMPAT / "calls.toml"

Case = dict[str, Any]
"""The name of a ``scenario``, and its arguments."""

done: Counter[str] = Counter()
"""How many cases of each scenario this process has compared."""


class Worker:
    """A process that does what it is told, line by line."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [*command, str(COMPAT / "calls_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("SHOW_TRACEBACKS") else subprocess.DEVNULL,
            text=True,
            env=environ,
        )
        atexit.register(self.end)

    def send(self, case: Case) -> None:
        """Give it something to do."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()

    def receive(self) -> object:
        """Wait for what came of it.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a worker has ended: SHOW_TRACEBACKS=1 shows what it writes")
        answer: object = json.loads(line)
        return answer

    def end(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@functools.cache
def workers() -> tuple[Worker, Worker]:
    """Start the processes: that of CherryPy 18.10.0, and ours."""
    python = str(environments.reference_python())
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    path = os.pathsep.join(map(str, sources()))
    ours = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    return (
        Worker([python, "-sP"], {**environ, "PYTHONHASHSEED": "0"}),
        Worker([sys.executable, "-P"], ours),
    )


def outcomes(case: Case) -> tuple[object, object]:
    """Return what CherryPy makes of a case, and what we make of it."""
    done[case["scenario"]] += 1
    for worker in workers():
        worker.send(case)
    theirs, ours = (worker.receive() for worker in workers())
    return theirs, ours


@dataclasses.dataclass(frozen=True)
class Difference:
    """Outcomes that differ on purpose: texts that are searched in the JSON of each."""

    reason: str
    scenario: re.Pattern[str]
    case: re.Pattern[str]
    theirs: re.Pattern[str]
    ours: re.Pattern[str]
    example: Case

    def fits(self, case: Case, theirs: object, ours: object) -> bool:
        """Tell whether two outcomes differ as it says."""
        return bool(
            self.scenario.fullmatch(case["scenario"])
            and self.case.search(_text(case))
            and self.theirs.search(_text(theirs))
            and self.ours.search(_text(ours))
        )


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@functools.cache
def listed() -> list[Difference]:
    """Read the differences that are meant."""
    return [
        Difference(
            reason=entry["reason"],
            scenario=re.compile(entry["scenario"]),
            case=re.compile(entry.get("case", ""), re.DOTALL),
            theirs=re.compile(entry.get("theirs", ""), re.DOTALL),
            ours=re.compile(entry.get("ours", ""), re.DOTALL),
            example=json.loads(entry["example"]),
        )
        for entry in tomllib.loads(LISTING.read_text("utf-8"))["difference"]
    ]


def unexplained(case: Case) -> tuple[object, object] | None:
    """Compare the outcomes of a case.

    Returns:
        Both, if they differ, and no difference that is listed fits; None otherwise.
    """
    theirs, ours = outcomes(case)
    if theirs == ours or any(known.fits(case, theirs, ours) for known in listed()):
        return None
    return theirs, ours
