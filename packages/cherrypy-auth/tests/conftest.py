"""What the tests of authentication share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy._auth import digest_gate, replay
from log_records import Records

sys.path.insert(0, str(Path(__file__).parent))  # for digest_client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def own_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin with nonces that nobody has seen, and write nothing to the screen."""
    monkeypatch.setattr(digest_gate, "process_store", replay.MemoryReplayStore())
    cherrypy.log.screen = False


@pytest.fixture
def errors() -> Iterator[Records]:
    """What is written to the error logs."""
    yield from _listen("error_log")


@pytest.fixture
def accesses() -> Iterator[Records]:
    """What is written to the access logs."""
    yield from _listen("access_log")


def _listen(name: str) -> Iterator[Records]:
    records = Records()
    log = getattr(cherrypy.log, name)
    log.addHandler(records)
    yield records
    log.removeHandler(records)
