"""What the tests of tools leave behind, and take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def threads_are_forgotten() -> Iterator[None]:
    """Forget the threads that a test has made: their identifiers come again."""
    known = dict(cherrypy.engine.thread_manager.threads)
    yield
    cherrypy.engine.thread_manager.threads.clear()
    cherrypy.engine.thread_manager.threads.update(known)
