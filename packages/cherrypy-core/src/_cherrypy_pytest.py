"""The fixtures for pytest, which finds this module by its entry point.

What the fixtures need is imported when a test asks for one: pytest loads its plugins in every run,
also in those of projects that have nothing to do with CherryPy.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cherrypy.testing import Client, LiveServer


def pytest_configure(config: Any) -> None:
    """Register the fixtures; pytest calls this.

    Args:
        config: Configuration of the run of pytest.
    """
    config.pluginmanager.register(_make_fixtures(), "cherrypy-fixtures")


def _make_fixtures() -> object:
    # who calls this has it; the core does not require it
    import pytest

    class Fixtures:
        """The fixtures; their docstrings are what ``pytest --fixtures`` shows."""

        @pytest.fixture
        def cherrypy_client(self) -> Iterator["Client"]:
            """Client of ``cherrypy.tree``, without sockets.

            What the test mounts, configures and subscribes is gone after it.
            """
            from cherrypy.testing import Client, isolated

            with isolated():
                yield Client()

        @pytest.fixture
        def cherrypy_server(self) -> Iterator["LiveServer"]:
            """Real HTTP server (of cherrypy-server) on a free port, which serves ``cherrypy.tree``.

            ``cherrypy_server.url("/x")`` gives the URL of a path. What the test mounts, configures
            and subscribes is gone after it.
            """
            from cherrypy.testing import live_server

            with live_server() as server:
                yield server

    return Fixtures()
