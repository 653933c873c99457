"""Checks of the web case, in a process whose engine nothing else has used."""

import subprocess
import sys
from pathlib import Path

CHECKS = Path(__file__).with_name("webcase_checks.py")


def test_the_web_case_in_a_fresh_process() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CHECKS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert run.returncode == 0, run.stdout + run.stderr
