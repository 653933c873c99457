"""Checks of the one engine of a process, in a process that nothing else has used."""

import subprocess
import sys
from pathlib import Path

CHECKS = Path(__file__).with_name("engine_checks.py")


def test_the_engine_in_a_fresh_process() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CHECKS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert run.returncode == 0, run.stdout + run.stderr
