"""What the checker says of static files: their check, and settings that are announced."""

import warnings
from pathlib import Path
from typing import Any

import pytest

import cherrypy
from cherrypy._app.checker import Checker


class Site:
    """A site to be checked."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {}
        self.app = cherrypy.Application(None, "")
        self.checker = Checker(
            config=lambda: self.config,
            apps=lambda: {"": self.app},
            toolboxes=lambda: {"tools": cherrypy.tools},
        )

    def mount(self, config: dict[str, dict[str, Any]]) -> None:
        """Replace the application."""
        self.app = cherrypy.Application(None, "", config)

    def run(self, check: str) -> list[str]:
        """Return the messages of one check."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(self.checker, check)()
        return [str(warning.message) for warning in caught]


@pytest.fixture
def site() -> Site:
    """A site."""
    return Site()


def _expect(messages: list[str], part: str) -> None:
    assert len(messages) == 1, messages
    assert part in messages[0]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"dir": "{here}"}, None),
        ({"dir": "sub", "root": "{here}"}, None),
        ({"dir": "", "root": "{here}"}, None),
        ({"dir": "rel"}, "dir = 'rel' (application at /, [/s]): is relative"),
        ({"dir": ""}, "is relative"),
        ({}, "tools.staticdir.dir (application at /, [/s]): is not set"),
        ({"dir": "{here}/none"}, "none does not exist"),
        ({"dir": "none", "root": "{here}"}, "none does not exist"),
        ({"dir": "{here}", "root": "/srv"}, "is absolute, so tools.staticdir.root = '/srv' has no"),
        ({"on": False, "dir": "rel"}, None),
    ],
)
def test_static_directories(
    site: Site, tmp_path: Path, settings: dict[str, Any], problem: str | None
) -> None:
    (tmp_path / "sub").mkdir()
    given = {"on": True, **settings}
    section = {
        f"tools.staticdir.{name}": value.format(here=tmp_path) if isinstance(value, str) else value
        for name, value in given.items()
    }
    site.mount({"/s": section})
    messages = site.run("check_static_paths")
    if problem is None:
        assert messages == []
    else:
        _expect(messages, problem)


def test_a_relative_root(site: Site) -> None:
    site.mount(
        {"/": {"tools.staticdir.on": True, "tools.staticdir.root": "a", "tools.staticdir.dir": "b"}}
    )
    first, second = site.run("check_static_paths")
    assert "tools.staticdir.root = 'a'" in first
    assert "does not exist" in second


def test_a_root_is_found_above_and_in_the_global_config(site: Site, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    above = {"tools.staticdir.on": True, "tools.staticdir.root": str(tmp_path)}
    site.mount({"/": above, "/s": {"tools.staticdir.dir": "sub"}})
    assert site.run("check_static_paths") == []
    site.mount({"/s": {"tools.staticdir.dir": "sub"}})
    site.config.update(above)
    assert site.run("check_static_paths") == []


def test_static_files(site: Site, tmp_path: Path) -> None:
    present = tmp_path / "favicon.ico"
    present.touch()
    prefix = "tools.staticfile."
    site.mount({"/f": {prefix + "on": True, prefix + "filename": str(present)}})
    assert site.run("check_static_paths") == []
    site.mount({"/f": {prefix + "on": True, prefix + "filename": "favicon.ico"}})
    _expect(site.run("check_static_paths"), "tools.staticfile.filename = 'favicon.ico'")


@pytest.mark.parametrize(
    ("check", "key", "value", "message"),
    [
        ("check_config_types", "staticdir.max_age", "1h", "expected number (seconds)"),
        ("check_config_types", "staticdir.dir", 3, "expected path"),
        ("check_config_types", "staticdir.listing", "yes", "expected bool"),
        ("check_config_types", "staticfile.content_types", [], "expected mapping"),
        ("check_setting_names", "staticdir.indx", "x", "did you mean tools.staticdir.index?"),
        ("check_setting_names", "staticfile.dir", "x", "root"),
    ],
)
def test_settings_are_checked(
    site: Site, check: str, key: str, value: object, message: str
) -> None:
    site.config = {f"tools.{key}": value}
    (found,) = site.run(check)
    assert found.startswith(f"tools.{key} = {value!r} (global config): ")
    assert found.endswith(message)
