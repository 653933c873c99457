"""Configuration of site, application and node: which setting a request sees, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._request.request import Request
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


def seen(*_segments: str, **_parameters: object) -> str:
    """Tell the value of ``own.key``, or else all keys of the namespace ``at``."""
    config = cherrypy.request.config
    return repr(config.get("own.key", sorted(k[3:] for k in config if k.startswith("at."))))


class _Node:
    @cherrypy.expose
    def index(self, *segments: str) -> str:
        return seen(*segments)

    @cherrypy.expose
    def page(self, *segments: str) -> str:
        return seen(*segments)

    @cherrypy.expose
    def default(self, *segments: str) -> str:
        return seen(*segments)


def site_of(config: dict[str, Any] | None = None) -> tuple[Client, Any]:
    """Make an application with a root, and a leaf below it, each of a class of its own."""

    class Root(_Node):
        index = cherrypy.expose(lambda _self, *rest: seen(*rest))
        page = cherrypy.expose(lambda _self, *rest: seen(*rest))
        default = cherrypy.expose(lambda _self, *rest: seen(*rest))

    class Leaf(_Node):
        index = cherrypy.expose(lambda _self, *rest: seen(*rest))
        page = cherrypy.expose(lambda _self, *rest: seen(*rest))
        default = cherrypy.expose(lambda _self, *rest: seen(*rest))

    root = Root()
    root.leaf = Leaf()  # type: ignore[attr-defined]  # found by its name in a URL
    app = cherrypy.Application(root, "", config or {})
    return Client(app), root


LEVELS: list[tuple[str, Callable[[Client, Any, dict[str, str]], None]]] = [
    ("site", lambda _client, _root, config: cherrypy.config.update(config)),
    ("class of root", lambda _client, root, config: setattr(type(root), "_cp_config", config)),
    ("section /", lambda client, _root, config: client.application.merge({"/": config})),
    ("node leaf", lambda _client, root, config: setattr(root.leaf, "_cp_config", config)),
    ("section /leaf", lambda client, _root, config: client.application.merge({"/leaf": config})),
    ("method", lambda _client, root, config: setattr(type(root.leaf).page, "_cp_config", config)),
    (
        "section /leaf/page",
        lambda client, _root, config: client.application.merge({"/leaf/page": config}),
    ),
    (
        "section of the rest",
        lambda client, _root, config: client.application.merge({"/leaf/page/rest": config}),
    ),
]
"""From the farthest to the nearest; each sets a configuration."""


@pytest.mark.parametrize("nearest", range(len(LEVELS)))
def test_the_nearest_level_wins(nearest: int) -> None:
    client, root = site_of()
    for name, set_config in LEVELS[: nearest + 1]:
        set_config(client, root, {"own.key": name})
    assert client.get("/leaf/page/rest").text == repr(LEVELS[nearest][0])


def test_levels_are_laid_over_each_other() -> None:
    client, root = site_of()
    for number, (_, set_config) in enumerate(LEVELS):
        set_config(client, root, {f"at.{number}": "here"})
    assert client.get("/leaf/page/rest").text == repr([str(n) for n in range(len(LEVELS))])
    assert client.get("/page").text == "['0', '1', '2']"


SECTIONS = [
    *("/", "/index", "/page", "/leaf", "/leaf/", "/leaf/index", "/leaf/page", "/leaf/default"),
    *("/leaf/a", "/leaf/a/b", "/a.b", "/a_b", "/nobody", "own", "/PAGE"),
]


@pytest.mark.parametrize(
    ("target", "sections"),
    [
        ("/", ["/", "/index"]),
        ("/index", ["/", "/index"]),
        ("/page", ["/", "/page"]),
        ("/leaf/", ["/", "/leaf", "/leaf/index"]),
        ("/leaf/page", ["/", "/leaf", "/leaf/page"]),
        ("/leaf/a", ["/", "/leaf", "/leaf/a"]),
        ("/leaf/a/b", ["/", "/leaf", "/leaf/a", "/leaf/a/b"]),  # though no objects are there
        ("/leaf/default", ["/", "/leaf", "/leaf/default"]),
        ("/a.b", ["/", "/a.b"]),  # names as they are in the URL
        ("/a_b", ["/", "/a_b"]),
        ("/a-b", ["/"]),
        ("/nobody/there", ["/", "/nobody"]),
        ("/leaf/a%2Fb", ["/", "/leaf"]),
    ],
)
def test_sections_that_apply(target: str, sections: list[str]) -> None:
    client, _ = site_of({section: {f"at.{section}": True} for section in SECTIONS})
    assert client.get(target).text == repr(sorted(sections))


def test_the_settings_of_the_default_method_apply() -> None:
    client, root = site_of({"/leaf/a": {"at.section": True}})
    type(root.leaf).default._cp_config = {"at.default": True, "own.other": True}
    assert client.get("/leaf/a").text == "['default', 'section']"
    assert client.get("/leaf/page").text == "[]"


def test_classes_inherit_settings_and_may_hide_them() -> None:
    class Base:
        _cp_config = {"own.key": "base"}  # noqa: RUF012 - written as applications are

        @cherrypy.expose
        def index(self) -> str:
            return seen()

    class Inheriting(Base):
        pass

    class Hiding(Base):
        _cp_config = {"own.other": "hiding"}  # noqa: RUF012 - as above

    @cherrypy.config(**{"own.other": "added"})
    class Adding(Base):
        pass

    for root, text in [
        (Inheriting, "'base'"),
        (Hiding, "[]"),
        (Adding, "'base'"),
        (Base, "'base'"),
    ]:
        assert Client(cherrypy.Application(root(), "")).get("/").text == text
    assert Base._cp_config == {"own.key": "base"}


def test_the_configuration_of_a_request_is_its_own() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            cherrypy.request.config["own.key"] += 1
            return seen()

    client = Client(cherrypy.Application(Root(), "", {"/": {"own.key": 1}}))
    assert client.get("/").text == "2"
    assert client.get("/").text == "2"


def test_a_configuration_that_was_given_is_copied() -> None:
    config = {"/": {"own.key": "given"}}
    client, _ = site_of(config)
    config["/"]["own.key"] = "changed"
    assert client.get("/").text == "'given'"
    client.application.config["/"]["own.key"] = "changed"
    assert config == {"/": {"own.key": "changed"}}
    other, _ = site_of({"/": {"own.key": "other"}})
    assert other.get("/").text == "'other'"


# Sections of the application's own ----------------------------------------------------------------


def test_sections_without_a_slash_are_the_applications_own(tmp_path: Path) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            url: str = cherrypy.request.app.config["db"]["url"]
            return f"{url} {'url' in cherrypy.request.config}"

    path = tmp_path / "app.conf"
    path.write_text('[/]\nown.key: 1\n\n[db]\nurl = "db://here"\n')
    assert Client(cherrypy.Application(Root(), "", str(path))).get("/").text == "db://here False"
    with path.open() as file:
        app = cherrypy.Application(Root(), "", file)
    assert Client(app).get("/").text == "db://here False"


def test_find_config_looks_upwards() -> None:
    client, _ = site_of({"/": {"own.key": "root"}, "/leaf": {"own.key": "leaf", "own.x": 1}})
    find = client.application.find_config
    assert find("/leaf/page", "own.key") == "leaf"
    assert find("/leafy", "own.key") == "root"
    assert find("/page", "own.x") is None
    assert find("/page", "own.x", "default") == "default"
    assert find("", "own.key") == "root"


def test_the_configuration_of_the_site_is_not_that_of_an_application() -> None:
    """Sections of paths belong to applications; ``[global]`` belongs to the site."""
    cherrypy.config.update({"global": {"own.key": "site"}, "/": {"own.key": "section"}})
    client, _ = site_of()
    assert client.get("/").text == "'site'"


# Namespaces of requests ---------------------------------------------------------------------------


def test_request_and_response_are_configured() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            request, response = cherrypy.serving.request, cherrypy.serving.response
            return repr((request.own, request.body.maxbytes, response.own, response.stream))

    config = {
        "request.own": "a",
        "request.body.maxbytes": 99,
        "response.own": "b",
        "response.stream": True,
        "response.headers.X-Own": "c",
        "response.headers.content-language": "en",
    }
    answer = Client(cherrypy.Application(Root(), "", {"/": config})).get("/")
    assert answer.text == "('a', 99, 'b', True)"
    assert (answer.field("X-Own"), answer.field("Content-Language")) == ("c", "en")


def test_a_handler_may_overrule_a_configured_header() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            cherrypy.response.headers["X-Own"] = "handler"
            return ""

    config = {"/": {"response.headers.X-Own": "configured"}}
    assert Client(cherrypy.Application(Root(), "", config)).get("/").field("X-Own") == "handler"


def test_a_namespace_of_the_applications_own_gets_its_settings() -> None:
    got: list[tuple[str, object]] = []
    Request.namespaces["counted"] = lambda key, value: got.append((key, value))
    client, _ = site_of({"/": {"counted.a": 1, "counted.b.c": 2, "other.d": 3}})
    client.get("/")
    assert sorted(got) == [("a", 1), ("b.c", 2)]
    client.get("/")
    assert len(got) == 4  # once for each request


class _Managed:
    """A namespace that wants to know when it begins and ends."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def __enter__(self) -> Callable[[str, object], None]:
        self.events.append("enter")
        return lambda key, value: self.events.append((key, value))

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.events.append("exit" if exception_type is None else exception_type)


def test_a_namespace_may_be_a_context_manager() -> None:
    managed = Request.namespaces["managed"] = _Managed()
    client, _ = site_of({"/": {"managed.a": 1}})
    assert client.get("/").code == 200
    assert managed.events == ["enter", ("a", 1), "exit"]


def test_a_context_manager_is_entered_without_settings_too() -> None:
    managed = Request.namespaces["managed"] = _Managed()
    client, _ = site_of()
    assert client.get("/").code == 200
    assert managed.events == ["enter", "exit"]


def test_a_namespace_that_fails_is_an_error(errors: Records) -> None:
    def fail(key: str, value: object) -> None:
        message = f"{key} = {value!r} is wrong"
        raise ValueError(message)

    Request.namespaces["failing"] = fail
    client, _ = site_of({"/": {"failing.a": 1}})
    assert client.get("/").code == 500
    assert "a = 1 is wrong" in errors.text


def test_a_namespace_nobody_handles_does_nothing() -> None:
    client, _ = site_of({"/": {"nobody.handles.this": 1, "own.key": "here", "plain": 2}})
    assert client.get("/").text == "'here'"


def test_a_namespace_may_answer_by_an_error() -> None:
    def refuse(_key: str, _value: object) -> None:
        raise cherrypy.HTTPError(403)

    Request.namespaces["refuse"] = refuse
    client, _ = site_of({"/page": {"refuse.all": True}})
    assert client.get("/page").code == 403
    assert client.get("/").code == 200


def test_an_error_page_key_that_is_no_status_is_told(errors: Records) -> None:
    client, _ = site_of({"/": {"error_page.four": "page.html"}})
    assert client.get("/").code == 500
    assert "four" in errors.text


# Namespaces of applications and of the site -------------------------------------------------------


def test_an_application_has_namespaces_of_its_own() -> None:
    got: list[tuple[str, object]] = []
    app = cherrypy.Application(None, "")
    app.namespaces["counted"] = lambda key, value: got.append((key, value))
    app.merge({"/": {"counted.a": 1}, "/below": {"counted.b": 2}})
    assert got == [("a", 1)]
    assert "counted" not in cherrypy.Application(None, "").namespaces


def test_the_namespaces_of_the_application_class_are_those_of_its_instances() -> None:
    got: list[tuple[str, object]] = []

    class Own(cherrypy.Application):
        namespaces = cherrypy.Application.namespaces.copy()

    Own.namespaces["counted"] = lambda key, value: got.append((key, value))
    Own(None, "", {"/": {"counted.a": 1}})
    assert got == [("a", 1)]
    cherrypy.Application(None, "", {"/": {"counted.a": 2}})
    assert got == [("a", 1)]


def test_the_site_has_namespaces_of_its_own() -> None:
    managed = cherrypy.config.namespaces["managed"] = _Managed()
    try:
        cherrypy.config.update({"managed.a": 1, "own.key": 2})
        assert managed.events == ["enter", ("a", 1), "exit"]
        cherrypy.config["managed.b"] = 2
        assert managed.events[3:] == ["enter", ("b", 2), "exit"]
    finally:
        del cherrypy.config.namespaces["managed"]


def test_applications_are_mounted_by_configuration() -> None:
    _, root = site_of()
    app = cherrypy.Application(root, "/configured")
    cherrypy.config.update({"tree.any": app})
    assert cherrypy.tree.apps["/configured"] is app
    cherrypy.config.update({"tree.more": {"/one": app, "/two": app}})
    assert cherrypy.tree.apps["/one"] is cherrypy.tree.apps["/two"] is app


@pytest.mark.parametrize("environment", ["staging", "production", "embedded"])
def test_environments_hide_what_clients_need_not_know(environment: str) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            message = "secret"
            raise ValueError(message)

    client = Client(cherrypy.Application(Root(), "", {"/": {"environment": environment}}))
    answer = client.get("/")
    assert answer.code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
