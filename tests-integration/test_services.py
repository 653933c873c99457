"""What the test command says and does about the programs that tests talk to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import environments
import services

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = {"memcached", "curl", "google-chrome", "nginx", "testssl", "apt-get"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[set[str]], list[str]]:
    """Give a function that sets what is installed; it returns the list of programs run."""

    def install_nothing_but(commands: set[str]) -> list[str]:
        run: list[str] = []

        def which(command: str) -> str | None:
            return str(tmp_path / command) if command in commands else None

        def record(command: list[str], **_: object) -> None:
            run.append(" ".join(command))
            commands.update(command)  # now they are there

        monkeypatch.setattr(shutil, "which", which)
        monkeypatch.setattr(subprocess, "run", record)
        monkeypatch.setattr(environments, "reference_python", lambda: Path("python"))
        return run

    return install_nothing_but


def test_any_of_the_commands_will_do(machine: Callable[[set[str]], list[str]]) -> None:
    machine(HERE)
    chromium = services.find_program("chromium")
    assert chromium is not None
    assert chromium.name == "google-chrome"
    assert services.missing_programs() == ["wrk"]


@pytest.mark.parametrize(
    ("user_id", "commands"),
    [
        (1000, HERE),  # may not install
        (0, HERE - {"apt-get"}),  # has nothing to install with
    ],
)
def test_it_says_what_to_install_where_it_cannot(
    monkeypatch: pytest.MonkeyPatch,
    machine: Callable[[set[str]], list[str]],
    user_id: int,
    commands: set[str],
) -> None:
    run = machine(commands - {"curl"})
    monkeypatch.setattr(os, "geteuid", lambda: user_id)
    message = services.main()
    assert message is not None
    assert "apt-get install curl wrk" in message
    assert run == []


def test_root_of_a_debian_gets_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, machine: Callable[[set[str]], list[str]]
) -> None:
    run = machine(set(HERE))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert services.main() is None
    update, install = run
    assert update.endswith(" update")
    assert install.endswith(" wrk")
    assert "--yes" in install  # nobody is there to answer
