"""The table of settings, and what is suggested for misspelt ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._config.config import environments
from cherrypy._config.settings import SETTINGS, find_setting, suggest

known_keys = st.sampled_from(sorted(name for name in SETTINGS if "*" not in name))


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
    also = ["tools.zip.level", "cache.size"]
    assert suggest("tools.zip.on") == "tools.gzip.on"
    assert suggest("tools.zip.on", also) is None
    assert suggest("tools.zip.levle", also) == "tools.zip.level"
    assert suggest("cahce.size", also) == "cache.size"
    assert suggest("cache.sizee", also) == "cache.size"


@given(known_keys)
def test_nothing_is_suggested_for_a_right_key(key: str) -> None:
    assert suggest(key) is None
    assert find_setting(key) is SETTINGS[key]


@given(known_keys, st.data())
def test_a_letter_written_twice_is_found(key: str, data: st.DataObject) -> None:
    namespace = len(key.partition(".")[0]) + 1 if "." in key else 0
    if key.startswith("tools."):
        namespace = len(key.rpartition(".")[0]) + 1
    position = data.draw(st.integers(min_value=namespace, max_value=len(key) - 1))
    written = key[:position] + key[position] + key[position:]
    if len(key) - namespace > 3 and find_setting(written) is None:
        assert suggest(written) == key  # of a shorter name too little is left to be told by


@given(st.text("abcdefghijklmnopqrstuvwxyz._*", max_size=20))
def test_a_suggestion_is_another_key(key: str) -> None:
    suggestion = suggest(key)
    assert suggestion is None or (suggestion != key and "*" not in suggestion.replace(key, ""))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("tools.mine.on", "tools.*.on"),
        ("tools.mine.priority", "tools.*.priority"),
        ("tools.mine.level", None),
        ("error_page.404", "error_page.*"),
        ("error_page.default", "error_page.default"),
        ("error_page.not_found", None),
        ("hooks.before_handler", "hooks.before_handler"),
        ("hooks.before_handler.1", "hooks.before_handler.*"),
        ("hooks.of_my_own", None),
        ("response.headers.Server", "response.headers.*"),
        ("tree./blog", "tree.*"),
        ("server.2.socket_port", "server.socket_port"),
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
        ("tools.gzip.mime_types", [["text/*"]], ["text/*"]),
        ("log.access_file", ["", "/var/log/x"], [3]),
        ("error_page.404", ["x.html", print], [404]),
        ("tools.auth_basic.checkpassword", [print], ["x"]),
        ("wsgi.response_class", [int], ["int"]),
        ("request.error_page", [{}], [[]]),
        ("server.wsgi_version", [(1, 0), ("u", 0)], ["1.0"]),
        ("tools.autovary.ignore", [{"a"}, ["a"]], ["a"]),
        ("response.headers.X", ["x", 3], []),
    ],
)
def test_kinds(key: str, right: list[object], wrong: list[object]) -> None:
    setting = find_setting(key)
    assert setting is not None
    assert all(setting.accepts(value) for value in right)
    assert not any(setting.accepts(value) for value in wrong)


def test_defaults_are_of_their_kind() -> None:
    for setting in SETTINGS.values():
        assert setting.accepts(setting.default), setting


def test_environments_set_what_is_known() -> None:
    for settings in environments.values():
        for key, value in settings.items():
            setting = find_setting(key)
            assert setting is not None, key
            assert setting.accepts(value), key
