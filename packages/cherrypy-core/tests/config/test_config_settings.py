"""The known settings, and the suggestions for misspelt ones."""

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._config import spelling
from cherrypy._config.config import environments
from cherrypy._config.settings import (
    CORE,
    find_setting,
    is_pattern,
    known_settings,
    make_settings,
)
from cherrypy._request.body import RequestBody
from cherrypy._request.request import Request
from cherrypy._request.response import Response
from cherrypy.lib.caching import MemoryCache
from cherrypy.lib.encoding import ResponseEncoder
from cherrypy.lib.session_auth import SessionAuth
from cherrypy.process._autoreload import Autoreloader
from entry_points import Point

pytestmark = pytest.mark.usefixtures("announced")

TOOLS = {
    "gzip": ["compress_level", "mime_types", "on", "priority"],
    "sessions": ["on", "priority", "timeout"],
    "staticdir": ["dir", "on"],
}
SETTINGS = {
    setting.name: setting for part, rows in CORE.items() for setting in make_settings(part, rows)
}
known_keys = st.sampled_from(
    sorted(name for name in SETTINGS if not is_pattern(name) and not name.startswith("tools."))
)


def suggest(key: str, also: list[str] | None = None) -> str | None:
    """Suggest a key where there are three tools."""
    known = {*known_settings(), *(f"tools.{tool}.on" for tool in TOOLS), *(also or ())}
    arguments = {**TOOLS, "zip": ["level", "on"]}
    return spelling.suggest(key, known, lambda tool: arguments.get(tool, ()))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("server.thread_poool", "server.thread_pool"),
        ("tools.sessions.timout", "tools.sessions.timeout"),
        ("request.show_tracebaks", "request.show_tracebacks"),
        ("tool.gzip.on", "tools.gzip.on"),
        ("tool.mine.on", "tools.mine.on"),
        ("tools.gzp.on", "tools.gzip.on"),
        ("tools.gzip.onn", "tools.gzip.on"),
        ("tool.gzp.onn", "tools.gzip.on"),
        ("tools.gzip.mimetypes", "tools.gzip.mime_types"),
        ("tools.static_dir.on", "tools.staticdir.on"),
        ("sever.socket_prot", "server.socket_port"),
        ("server.port", "server.socket_port"),
        ("server.host", "server.socket_host"),
        ("server.2.socket_prt", "server.socket_port"),
        ("socket_port", "server.socket_port"),
        ("enviroment", "environment"),
        ("show_tracebacks", "request.show_tracebacks"),
        ("error_pages.404", "error_page.404"),
        ("hook.before_handler", "hooks.before_handler"),
        ("engine.autoreload.frequencey", "engine.autoreload.frequency"),
        ("checker.onn", "checker.on"),
        ("hooks.before_handlers", "hooks.before_handler"),
        ("error_page.defualt", "error_page.default"),
        ("request.user", None),  # an application's own
        ("request.db", None),
        ("server.foo", None),
        ("mydb.host", None),
        ("foo.bar", None),
        ("url", None),
        ("tools.mine.on", None),
        ("tools.gzip", None),
        ("tools.gzip.xyzzy", None),
        ("error_page.404", None),
        ("tree./blog", None),
        ("response.headers.X-Frame-Options", None),
        ("server.2.socket_port", None),
    ],
)
def test_suggest(written: str, meant: str | None) -> None:
    assert suggest(written) == meant


def test_suggest_knows_what_it_is_told() -> None:
    also = ["tools.zip.on", "cache.size"]
    assert suggest("tools.zip.on") == "tools.gzip.on"
    assert suggest("tools.zip.on", also) is None
    assert suggest("tools.zip.levle", also) == "tools.zip.level"
    assert suggest("cahce.size", also) == "cache.size"
    assert suggest("cache.sizee", also) == "cache.size"


@given(known_keys)
def test_nothing_is_suggested_for_a_right_key(key: str) -> None:
    assert suggest(key) is None
    assert find_setting(key) == SETTINGS[key]


@given(known_keys, st.data())
def test_a_letter_written_twice_is_found(key: str, data: st.DataObject) -> None:
    namespace = len(key.partition(".")[0]) + 1 if "." in key else 0
    position = data.draw(st.integers(min_value=namespace, max_value=len(key) - 1))
    written = key[:position] + key[position] + key[position:]
    if len(key) - namespace > 3 and find_setting(written) is None:
        assert suggest(written) == key  # of a shorter name too little is left to be told by


@given(st.text("abcdefghijklmnopqrstuvwxyz._*", max_size=20))
def test_a_suggestion_is_another_key(key: str) -> None:
    suggestion = suggest(key)
    assert suggestion is None or suggestion != key


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("tools.mine.on", "tools.*.on"),
        ("tools.mine.priority", "tools.*.priority"),
        ("tools.mine.level", None),
        ("error_page.404", "error_page.[1-5][0-9][0-9]"),
        ("error_page.default", "error_page.default"),
        ("error_page.not_found", None),
        ("hooks.before_handler", "hooks.before_handler"),
        ("hooks.before_handler.1", "hooks.before_handler.*"),
        ("hooks.of_my_own", None),
        ("response.headers.Server", "response.headers.*"),
        ("tree./blog", "tree.*"),
        ("server.2.socket_port", "server.*.socket_port"),
        ("server.2.on", "server.*.on"),
        ("server.on", None),
        ("response.timeout", None),
        ("nothing", None),
        ("tools", None),
    ],
)
def test_find_setting(key: str, name: str | None) -> None:
    setting = find_setting(key)
    assert (setting and setting.name) == name


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("server.socket_port", [8080, None], ["80", 80.0, True]),
        ("server.socket_timeout", [10, 1.5], ["10", False]),
        ("request.show_tracebacks", [True, False, 0, 1, None], ["yes", 2, "", []]),
        ("request.methods_with_bodies", [("POST",), ["POST"]], ["POST"]),
        ("log.access_file", ["", "/var/log/x"], [3]),
        ("error_page.404", ["x.html", print], [404]),
        ("tools.session_auth.on_login", [print], ["x"]),
        ("wsgi.response_class", [int], ["int"]),
        ("request.error_page", [{}], [[]]),
        ("server.wsgi_version", [(1, 0), ("u", 0)], ["1.0"]),
        ("tools.params.exception", [ValueError, (ValueError,)], ["a"]),
        ("response.headers.X", ["x", 3], []),
    ],
)
def test_kinds(key: str, right: list[object], wrong: list[object]) -> None:
    setting = find_setting(key)
    assert setting is not None
    assert all(setting.accepts(value) for value in right)
    assert not any(setting.accepts(value) for value in wrong)


def test_defaults_are_of_their_kind() -> None:
    for setting in known_settings().values():
        assert setting.accepts(setting.default), setting


@pytest.mark.parametrize(
    ("prefix", "owner"),
    [
        ("engine.autoreload", Autoreloader),
        ("request", Request),
        ("request.body", RequestBody),
        ("response", Response),
        ("tools.caching", MemoryCache),
        ("tools.encode", ResponseEncoder),
        ("tools.session_auth", SessionAuth),
    ],
)
def test_defaults_are_those_of_the_attributes(prefix: str, owner: type[Any]) -> None:
    """A default of None says nothing, and what is made for each instance is not looked at."""
    for name, setting in SETTINGS.items():
        attribute = inspect.getattr_static(owner, name.removeprefix(f"{prefix}."), None)
        if setting.default is None or name.rpartition(".")[0] != prefix or attribute is None:
            continue
        default = tuple(attribute) if isinstance(attribute, list) else attribute
        assert setting.default == default, name


@pytest.mark.parametrize("value", [ImportError("no module"), [("x", "int")], 3])
def test_an_announcement_that_cannot_be_used(announced: dict[str, Any], value: object) -> None:
    announced["settings"]["pool"] = Point("pool", value)
    with pytest.warns(RuntimeWarning, match="cherrypy.settings: pool = "):
        assert "server.socket_port" in known_settings()


def test_settings_of_the_core_need_no_announcements(announced: dict[str, Any]) -> None:
    announced.clear()  # asking for any would read what is installed
    assert find_setting("request.show_tracebacks") is not None
    assert announced == {}
    assert find_setting("no.such_setting") is None
    assert announced != {}


def test_environments_set_what_is_known() -> None:
    for settings in environments.values():
        for key, value in settings.items():
            setting = find_setting(key)
            assert setting is not None, key
            assert setting.accepts(value), key
