"""How many calls a request costs: counts, not times, so they are exact. Only ever lower them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from budget import Calls, count_calls

WORKER = Path(__file__).with_name("worker.py")


@pytest.mark.parametrize(
    ("scenario", "application", "budget"),
    [
        ("hello", "hello", 59),  # CherryPy 18.10.0 makes 670, Bottle 80
        ("logged", "logged", 99),  # 697: an access log in a file
        ("logged_by_logging", "logged_by_logging", 155),  # 699
        ("path", "main", 92),  # 707, 116
        ("configured", "configured", 76),  # 698
    ],
)
def test_calls_of_a_request(scenario: str, application: str, budget: int) -> None:
    """In all, in Python and in C, for one request in process."""
    orders = json.dumps({"do": "calls", "scenario": scenario}) + "\n"
    command = [sys.executable, "-P", str(WORKER), "cherrypy_application", application]
    run = subprocess.run(  # noqa: S603
        command,
        input=orders * 2,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = map(json.loads, run.stdout.splitlines())
    assert (first["python"], first["c"]) == (second["python"], second["c"])
    assert first["python"] + first["c"] <= budget


FILE_CALLS = """
import io, json, os, sys, tempfile
sys.path[:0] = sys.argv[1:]
from benchmarks.scenarios import make_environ
from benchmarks.static_worker import SCENARIOS, make_application
from benchmarks.static_files import write_files
from pathlib import Path
from budget import count_calls
counts = {}
with tempfile.TemporaryDirectory() as folder:
    application = make_application("ours", str(write_files(Path(folder))))
    for name in ("4 kB", "304"):
        path, headers = SCENARIOS[name]
        environ = make_environ(path, headers=headers)
        request = lambda: application(environ.copy(), lambda status, lines: None)
        for _ in range(3):
            request()
        calls = count_calls(request)
        counts[name] = calls.total
print(json.dumps(counts))
"""


def test_calls_for_a_file() -> None:
    """In all, for a file that is sent whole and for one that the client has."""
    folders = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "support")]
    command = [sys.executable, "-P", "-c", FILE_CALLS, *folders]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    calls = json.loads(run.stdout)
    assert calls["4 kB"] <= 75  # CherryPy 18.10.0 makes 773, WhiteNoise 6.11.0 27
    assert calls["304"] <= 68  # 742, 29


def test_counts_are_exact() -> None:
    def action() -> None:
        "".join(sorted("ba"))
        other()

    def other() -> int:
        return len("x")

    assert count_calls(action) == Calls(python=1, c=3)  # other; sorted, join, len


MEASURED = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1] / "support")!r})
from budget import measure_memory
kept = []
keeping = measure_memory(lambda: kept.append(object()), runs=1000).blocks_kept
print(keeping, measure_memory(object, runs=1000).blocks_kept)
"""


def test_kept_blocks_are_seen() -> None:
    """In a process of its own: what other tests have left would count, too."""
    command = [sys.executable, "-c", MEASURED]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    keeping, passing = map(float, run.stdout.split())
    assert keeping >= 0.9
    assert passing < 0.5
