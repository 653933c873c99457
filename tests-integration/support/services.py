"""The programs that tests talk to: find them, or install them.

Run as a script before the tests: on Debian and its kin, as root, what is missing is installed with
apt-get; elsewhere it says what to install and fails. It then makes the environment that has the
reference implementation, so that no test has to wait for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import environments

PROGRAMS = {
    "memcached": ("memcached",),
    "curl": ("curl",),
    "testssl.sh": ("testssl", "testssl.sh"),
    "wrk": ("wrk",),
    "nginx-light": ("nginx",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}
"""Name of the Debian package, and of the commands that will do."""


def find_program(name: str) -> Path | None:
    """Find a program of ``PROGRAMS``; None if it is not installed."""
    for command in PROGRAMS[name]:
        if path := shutil.which(command):
            return Path(path)
    return None


def missing_programs() -> list[str]:
    """List the programs of ``PROGRAMS`` that are not installed."""
    return [name for name in PROGRAMS if find_program(name) is None]


def can_install() -> bool:
    """Tell whether this process may install packages with apt-get."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> None:
    """Install Debian packages.

    Raises:
        CalledProcessError: apt-get failed; it has said why.
    """
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(  # noqa: S603
            ["apt-get", "--quiet", *command],  # noqa: S607
            env=environ,
            stdin=subprocess.DEVNULL,
            check=True,
        )


def main() -> str | None:
    """Make everything ready.

    Returns:
        What is wrong, for ``sys.exit``; None if nothing is.
    """
    missing = missing_programs()
    if missing and can_install():
        print(f"Installing with apt-get: {' '.join(missing)}", flush=True)
        install(missing)
        missing = missing_programs()
    if missing:
        return (
            f"The tests need these programs, which are not installed: {', '.join(missing)}.\n"
            f"On Debian and Ubuntu: sudo apt-get install {' '.join(missing)}"
        )
    for name in PROGRAMS:
        print(f"{name}: {find_program(name)}")
    print(f"CherryPy 18.10.0: {environments.reference_python()}")
    return None


if __name__ == "__main__":
    sys.exit(main())
