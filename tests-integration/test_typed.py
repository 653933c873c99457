"""The types that users get, as their own type checker sees them."""

import subprocess
import sys
from pathlib import Path

APPLICATION = Path(__file__).parent / "typed" / "application.py"


def test_an_application_passes_strict_checks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(APPLICATION)]
    command += ["--cache-dir", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603 - our own
    assert run.returncode == 0, run.stdout + run.stderr


def test_it_works() -> None:
    run = subprocess.run(  # noqa: S603 - our own
        [sys.executable, str(APPLICATION)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
