"""What the checker says of sessions: settings that are announced, and their check."""

import warnings
from typing import Any

import pytest

import cherrypy
from cherrypy._app.checker import Checker


def messages_of(check: str, config: dict[str, Any], *apps: cherrypy.Application) -> list[str]:
    """Return the messages of one check."""
    checker = Checker(
        config=lambda: config,
        apps=lambda: {str(app.script_name): app for app in apps},
        toolboxes=lambda: {"tools": cherrypy.tools},
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(checker, check)()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("section", "is_told"),
    [
        ({"tools.sessions.samesite": "None"}, True),
        ({"tools.sessions.samesite": "none"}, True),
        ({"tools.sessions.samesite": "None", "tools.sessions.secure": True}, False),
        ({"tools.sessions.samesite": None}, False),
        ({"tools.sessions.samesite": "Lax"}, False),
    ],
)
def test_cookies_that_browsers_refuse(section: dict[str, Any], *, is_told: bool) -> None:
    app = cherrypy.Application(None, "/blog", {"/": section})
    for messages in (
        messages_of("check_session_cookies", {}, app),
        messages_of("check_session_cookies", section),
    ):
        assert ["browsers refuse" in message for message in messages] == [True] * is_told
    secure = {"tools.sessions.secure": True}
    assert messages_of("check_session_cookies", secure, app) == []


@pytest.mark.parametrize(
    ("check", "key", "value", "message"),
    [
        ("check_config_types", "timeout", "60", "expected number (minutes)"),
        ("check_config_types", "storage_path", 3, "expected path"),
        ("check_setting_names", "timout", 60, "did you mean tools.sessions.timeout?"),
    ],
)
def test_settings_are_checked(check: str, key: str, value: object, message: str) -> None:
    (found,) = messages_of(check, {f"tools.sessions.{key}": value})
    assert found.startswith(f"tools.sessions.{key} = {value!r} (global config): ")
    assert found.endswith(message)
