"""The checker: what it warns about, what it leaves alone, and how it is told to."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from cherrypy._app.application import Application
from cherrypy._app.checker import Checker, ConfigError, ConfigWarning
from cherrypy._config.config import Config
from cherrypy._config.namespaces import NamespaceSet
from cherrypy._runtime.layers import Layer
from cherrypy._tools.tool import HandlerTool, Tool
from cherrypy._tools.toolbox import Toolbox
from entry_points import Point

Sections = dict[str, dict[str, Any]]


class Root:
    """What is published; the checker does not look at it."""


class FreshConfig(Config):
    """A global config of which nobody else knows."""

    namespaces = NamespaceSet()


class Server:
    """Has two settings."""

    socket_host = "127.0.0.1"
    thread_pool: int


def _gzip(compress_level: int = 5, mime_types: tuple[str, ...] = ()) -> None:
    """Be a tool with two arguments."""
    del compress_level, mime_types


def _takes_any(level: int = 1, **rest: object) -> None:
    """Be a tool that takes any argument."""
    del level, rest


def _takes_level(level: int = 1) -> None:
    """Be a tool with one argument."""
    del level


class Site:
    """A site to be checked."""

    def __init__(self) -> None:
        self.config = FreshConfig()
        self.config.clear()
        self.apps: dict[str, Any] = {}
        self.tools = Toolbox("tools")
        self.tools.gzip = Tool("before_finalize", _gzip)
        self.tools.log_headers = Tool("before_error_response", lambda: None)
        self.tools.any = Tool("before_handler", _takes_any)
        self.server: object = None
        self.checker = Checker(
            config=lambda: self.config,
            apps=lambda: self.apps,
            toolboxes=lambda: {"tools": self.tools},
            server=lambda: self.server,
        )

    def mount(self, config: Sections | None = None, script_name: str = "") -> Application:
        """Add an application."""
        app = Application(Root(), script_name, config)
        app.toolboxes = {"tools": self.tools}
        self.apps[script_name] = app
        return app

    def run(self, check: str = "") -> list[str]:
        """Give the warnings of one check, or of all."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            (getattr(self.checker, check) if check else self.checker)()
        assert all(warning.category is ConfigWarning for warning in caught)
        return [str(warning.message) for warning in caught]


@pytest.fixture
def site(announced: dict[str, Any]) -> Site:
    """A site where no distribution with tools is installed."""
    del announced
    return Site()


@pytest.mark.parametrize("config", [None, {}, {"/": {}}, {"db": {"url": "x", "a.b": 1, 3: 4}}])
def test_hello_world_is_quiet(site: Site, config: Sections | None) -> None:
    site.mount(config)
    site.config.update({"tools.gzip.on": True})
    assert site.run() == []


def test_a_checker_on_its_own_is_quiet() -> None:
    Checker()()


def test_an_application_of_another_framework_has_no_config(site: Site) -> None:
    site.apps["/other"] = lambda _environ, _start_response: []
    assert site.run() == []


def _expect(messages: list[str], *parts: str) -> None:
    assert len(messages) == 1, messages
    for part in parts:
        assert part in messages[0]


APP_CASES: list[tuple[str, Sections, list[str]]] = [
    (
        "check_app_config_entries_dont_start_with_script_name",
        {"/blog/x": {"a": 1}},
        ["application at /blog, [/blog/x]", "[/x]"],
    ),
    (
        "check_app_config_entries_dont_start_with_script_name",
        {"/blog": {"a": 1}},
        ["[/blog]", "[/] is meant"],
    ),
    (
        "check_site_config_entries_in_app_config",
        {"/": {"server.socket_port": 9}},
        ["server.socket_port = 9", "[/]", "cherrypy.config"],
    ),
    ("check_site_config_entries_in_app_config", {"/": {"engine.x": 9}}, ["engine.x = 9"]),
    ("check_site_config_entries_in_app_config", {"/": {"checker.on": 9}}, ["checker.on = 9"]),
    ("check_site_config_entries_in_app_config", {"/": {"tree./x": 9}}, ["tree./x = 9"]),
    ("check_app_config_brackets", {"[/]": {"a": 1}}, ["'[/]'", "without brackets: '/'"]),
    ("check_app_config_brackets", {"[/x": {"a": 1}}, ["'[/x'", "'/x'"]),
    ("check_app_config_brackets", {"/x]": {"a": 1}}, ["'/x]'", "'/x'"]),
    (
        "check_compatibility",
        {"/": {"throw_errors": True}},
        ["throw_errors = True", "[/]", "use request.throw_errors"],
    ),
    ("check_compatibility", {"/": {"profiler.on": 1}}, ["nothing takes its place"]),
    (
        "check_config_namespaces",
        {"/": {"foo.bar": 1}},
        ["foo.bar = 1", "nothing handles the config namespace 'foo'"],
    ),
    (
        "check_config_namespaces",
        {"/": {"tool.gzip.on": True}},
        ["'tool'", "did you mean tools.gzip.on?"],
    ),
    (
        "check_config_namespaces",
        {"/": {"tools.gzp.on": True, "tools.gzp.compress_level": 3}},
        ["tools.gzp.on = True", "no tool 'gzp'", "did you mean tools.gzip.on?"],
    ),
    ("check_config_namespaces", {"/": {"tools.xyz.a": 1}}, ["there is no tool 'xyz'"]),
    (
        "check_config_namespaces",
        {"/": {"tools.sessions.on": True}},
        ["tools.sessions needs cherrypy-sessions: pip install cherrypy-sessions"],
    ),
    (
        "check_config_types",
        {"/": {"request.show_tracebacks": "yes"}},
        ["request.show_tracebacks = 'yes'", "application at /blog, [/]", "expected bool"],
    ),
    ("check_config_types", {"/": {"tools.gzip.on": "yes"}}, ["expected bool"]),
    ("check_environments", {"/": {"environment": "prod"}}, ["did you mean production?"]),
    (
        "check_section_names",
        {"static": {"tools.gzip.on": True}},
        ["section 'static'", "'/static'"],
    ),
    ("check_section_names", {"/x/": {"request.a": True}}, ["section '/x/'", "'/x'"]),
    (
        "check_setting_names",
        {"/": {"request.show_tracebaks": True}},
        ["request.show_tracebaks = True", "did you mean request.show_tracebacks?"],
    ),
    ("check_setting_names", {"/": {"enviroment": "x"}}, ["did you mean environment?"]),
    (
        "check_setting_names",
        {"/": {"error_page.4o4": "x"}},
        ["error_page.4o4 = 'x'", "no such setting"],
    ),
    (
        "check_setting_names",
        {"/": {"hooks.before_handlers": print}},
        ["did you mean hooks.before_handler?"],
    ),
    (
        "check_setting_names",
        {"/": {"tools.gzip.level": 1}},
        ["tools.gzip.level = 1", "it takes compress_level, mime_types, "],
    ),
    (
        "check_setting_names",
        {"/": {"tools.gzip.mimetypes": 1}},
        ["did you mean tools.gzip.mime_types?"],
    ),
    ("check_setting_names", {"/": {"tools.any.levle": 1}}, ["did you mean tools.any.level?"]),
]


@pytest.mark.parametrize(("check", "config", "parts"), APP_CASES)
def test_mistakes_in_the_config_of_an_application(
    site: Site, check: str, config: Sections, parts: list[str]
) -> None:
    site.mount(config, "/blog")
    messages = site.run(check)
    _expect(messages, *parts)
    assert messages[0] in site.run()
    setattr(site.checker, check, False)
    assert messages[0] not in site.run()


GLOBAL_CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("check_compatibility", {"log_file": "x"}, ["(global config)", "use log.error_file"]),
    ("check_config_namespaces", {"sever.socket_port": 9}, ["did you mean server.socket_port?"]),
    ("check_config_namespaces", {"tools.nope.on": True}, ["no tool 'nope'"]),
    ("check_config_types", {"server.socket_port": "80"}, ["'80' (global config): expected int"]),
    ("check_config_types", {"server.socket_timeout": "1"}, ["expected number (seconds)"]),
    ("check_config_types", {"server.2.socket_port": "80"}, ["expected int"]),
    ("check_localhost", {"server.socket_host": "localhost"}, ["127.0.0.1", "::1"]),
    ("check_localhost", {"server.2.socket_host": "localhost"}, ["server.2.socket_host"]),
    ("check_setting_names", {"server.thread_poool": 1}, ["did you mean server.thread_pool?"]),
    ("check_setting_names", {"log.nothing": 1}, ["there is no such setting"]),
    ("check_setting_names", {"checker.check_everything": 1}, ["there is no such setting"]),
]


@pytest.mark.parametrize(("check", "config", "parts"), GLOBAL_CASES)
def test_mistakes_in_the_global_config(
    site: Site, check: str, config: dict[str, Any], parts: list[str]
) -> None:
    site.config.update(config)
    messages = [message for message in site.run(check) if "global config" in message]
    _expect(list(dict.fromkeys(messages)), *parts)


@pytest.mark.parametrize(
    "config",
    [
        {"/": {"request.user": 1, "request.body.maxbytes": 3, "request.login": "x"}},
        {"/": {"log.screen": False, "hooks.before_handler": print, "error_page.404": "x"}},
        {"/": {"wsgi.pipeline": [], "wsgi.gzip.level": 3, "response.headers.X-Y": "z"}},
        {"/": {"title": "Home", "tools.any.whatever": 1, "tools.gzip.priority": 3}},
        {"/blogs": {"tools.gzip.on": False}, "global": {"server.socket_port": 9}},
        {"/": {"environment": "production", "tools.sessions.on": False}},
        {"/": {"request.show_tracebacks": None, "request.methods_with_bodies": ["PUT"]}},
        {"database": {"driver.name": "x", "server.host": "y"}},
    ],
)
def test_what_is_no_mistake(site: Site, config: Sections) -> None:
    site.tools.sessions = Tool("before_handler", lambda **_rest: None)
    site.mount(config, "/blog")
    site.config.update({"mydb.host": "x", "checker.check_localhost": False})
    assert site.run() == []


def test_a_namespace_that_is_handled_is_known(site: Site) -> None:
    app = site.mount({"/": {"one.a": 1, "two.a": 1, "three.a": 1, "four.x.on": True}})
    assert len(site.run("check_config_namespaces")) == 4
    app.namespaces["one"] = print
    site.config.namespaces["two"] = print
    site.checker.extra_config_namespaces.append("three")
    box = Toolbox("four")
    box.x = Tool("before_handler", print)
    app.toolboxes = {**app.toolboxes, "four": box}
    assert site.run("check_config_namespaces") == []


def test_a_tool_that_is_not_in_a_toolbox_of_ones_own(site: Site) -> None:
    box = Toolbox("mine")
    box.upper = Tool("before_handler", print)
    site.mount({"/": {"mine.uper.on": True}}).toolboxes = {"mine": box}
    _expect(site.run("check_config_namespaces"), "no tool 'uper'", "did you mean mine.upper.on?")


def test_a_tool_whose_arguments_can_not_be_told(site: Site) -> None:
    site.tools.table = Tool("before_handler", dict)
    site.mount({"/": {"tools.table.anything": 1}})
    assert site.run("check_setting_names") == []


def test_what_is_no_section_is_left_alone(site: Site) -> None:
    site.mount().config["/x"] = 3
    assert site.run() == []


def _takes_some(
    names: str | Iterable[str] = (), *, size: float | None = None, when: Callable[[], bool] = bool
) -> None:
    """Be a tool whose arguments have types."""
    del names, size, when


def test_types_of_arguments_are_those_of_the_signature(site: Site) -> None:
    site.tools.some = Tool("before_handler", _takes_some)
    right = {"names": {"a"}, "size": 1, "when": print}
    wrong = {"names": 3, "size": "1", "when": 1}
    for values, kinds in ((right, []), (wrong, ["str or iterable", "number", "callable"])):
        site.mount({"/": {f"tools.some.{name}": value for name, value in values.items()}})
        messages = site.run("check_config_types")
        assert [message.rpartition("expected ")[2] for message in messages] == kinds
    site.mount({"/": {"tools.gzip.compress_level": "5"}})
    assert site.run("check_config_types")[0].endswith("expected int")


def test_types_of_an_application(site: Site) -> None:
    site.mount({"/": {"mine.size": "big"}})
    site.checker.known_config_types["mine.size"] = int
    _expect(site.run("check_config_types"), "mine.size = 'big'", "expected int")


def test_what_an_application_deprecates(site: Site) -> None:
    site.config.update({"my.old": 1})
    site.checker.deprecated["my.old"] = "my.new"
    _expect(site.run("check_compatibility"), "my.old = 1", "use my.new")


def test_settings_that_a_server_has(site: Site) -> None:
    site.server = Server()
    site.config.update({"server.thread_pool": 1, "server.2.on": True, "server.xyz": 1})
    _expect(site.run("check_setting_names"), "server.xyz = 1")


def test_sections_of_paths_that_the_global_config_left_out(site: Site) -> None:
    site.mount(None, "/empty")
    assert site.run("check_skipped_app_config") == []
    site.config.update({"global": {}, "/x": {"tools.gzip.on": True}})
    _expect(site.run("check_skipped_app_config"), "application at /empty", "[/x]")
    site.mount({"/x": {"tools.gzip.on": True}}, "/whose")
    assert site.run("check_skipped_app_config") == []
    site.checker.global_config_contained_paths = True
    _expect(site.run("check_skipped_app_config"), "application at /empty")


def test_sections_that_quickstart_leaves_in_the_global_config(site: Site) -> None:
    config = {"/": {"tools.gzip.on": True}, "/favicon.ico": {"tools.gzip.on": False}}
    site.mount(config)
    site.config.update(config)
    assert site.run() == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - that is the case
def test_tracebacks_for_everyone(site: Site, host: str) -> None:
    app = site.mount()
    site.config.update({"server.socket_host": host})
    _expect(site.run("check_tracebacks"), "tracebacks", host, "request.show_tracebacks")
    app.merge({"/": {"request.show_tracebacks": True}})  # intended
    assert site.run("check_tracebacks") == []


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"server.socket_host": "127.0.0.2"},
        {"server.socket_host": "::1"},
        {"server.socket_host": "192.0.2.1", "environment": "production"},
        {"server.socket_host": "192.0.2.1", "request.show_tracebacks": True},
    ],
)
def test_tracebacks_for_those_who_may_see_them(site: Site, config: dict[str, Any]) -> None:
    site.mount()
    site.config.update(config)
    assert site.run("check_tracebacks") == []


def test_off(site: Site) -> None:
    site.mount({"/": {"foo.bar": 1}})
    site.checker.on = False
    assert site.run() == []


def test_a_check_of_ones_own(site: Site) -> None:
    called: list[str] = []
    site.checker.check_mine = lambda: called.append("mine")  # type: ignore[attr-defined]  # users may
    site.run()
    assert called == ["mine"]


def test_a_check_of_another_distribution(site: Site, announced: dict[str, Any]) -> None:
    def check_colours(layer: Layer) -> Iterator[str]:
        if layer.settings.get("colour") == "red" and not layer.find("warm"):
            yield layer.message("colour", "is warm")

    announced["checks"]["check_colours"] = Point("check_colours", check_colours)
    site.config.update({"colour": "red"})
    site.mount({"/": {"warm": True}, "/x": {"colour": "red"}, "/y": {"colour": "green"}})
    assert site.run() == ["colour = 'red' (global config): is warm"]
    assert site.run("check_colours") == site.run()
    site.config.update({"checker.check_colours": False})
    assert len(site.run("check_setting_names")) == 0
    setattr(site.checker, "check_colours", False)  # noqa: B010 - as the namespace handler does
    assert site.run() == []
    with pytest.raises(AttributeError, match="check_other"):
        _ = site.checker.check_other


def test_strict(site: Site) -> None:
    site.mount({"/": {"foo.bar": 1, "request.show_tracebaks": True}})
    site.checker.strict = True
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            site.checker()
        assert str(caught.value).count("\n") == 2
        assert "foo.bar = 1" in str(caught.value)
        assert "did you mean request.show_tracebacks?" in str(caught.value)
    site.apps.clear()
    site.checker()


def test_the_format_of_warnings_is_put_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    site.mount({"/": {"foo.bar": 1}})
    standard_format = warnings.formatwarning
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(
            warnings,
            "showwarning",
            lambda *args, **_rest: shown.append(warnings.formatwarning(*args[:4])),
        )
        site.checker()
    assert warnings.formatwarning is standard_format
    (text,) = shown
    assert text.startswith("CherryPy Checker:\nfoo.bar = 1")
    assert site.checker.formatwarning("m", UserWarning, "f", 1, "l") == "CherryPy Checker:\nm\n\n"


def test_tools_that_are_set_up_in_their_own_way_may_take_anything(site: Site) -> None:
    class OwnTool(Tool):
        def _setup(self) -> None: ...

    site.tools.own = OwnTool("before_handler", _takes_level)
    site.tools.handler = HandlerTool(_takes_level)
    site.mount({"/": {"tools.own.x": 1, "tools.own.levle": 1, "tools.handler.x": 1}})
    own, handler = site.run("check_setting_names")
    assert "did you mean tools.own.level?" in own
    assert "tools.handler.x = 1" in handler
