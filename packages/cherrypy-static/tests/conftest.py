"""Files to be served, and sites that serve them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.testing import Client

sys.path.insert(0, str(Path(__file__).parent))  # for written_files

from written_files import write

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Give a directory with some files, and a secret beside it."""
    write(tmp_path / "secret.txt", "secret")
    for name in ("digits.txt", "page.html", "index.html", "sub/inner.txt", ".hidden", "a b.txt"):
        write(tmp_path / "public" / name)
    write(tmp_path / "public" / ".well-known" / "security.txt")
    return tmp_path / "public"


@pytest.fixture
def serve(public: Path) -> Callable[..., Client]:
    """Give what makes a client of a site that serves the directory at ``/files``."""

    def make(root: Any = None, **settings: Any) -> Client:
        config = {
            "/files": {
                "tools.staticdir.on": True,
                "tools.staticdir.dir": str(public),
                **{f"tools.staticdir.{name}": value for name, value in settings.items()},
            }
        }
        app = cherrypy.Application(root, "", config)
        app.log.screen = False
        return Client(app, validate=True)

    return make
