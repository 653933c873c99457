"""The fixture of all tests that need a server."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for live_server

from live_server import Serve, Site, WSGIApplication, serving


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that runs a server for one test."""
    with ExitStack() as stack:

        def run(application: WSGIApplication, **settings: object) -> Site:
            return stack.enter_context(serving(application, **settings))

        yield run
