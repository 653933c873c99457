"""Dicts of settings: what they apply when, environments, files, and the decorator."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cherrypy._config.config import (
    BaseConfig,
    Config,
    environments,
    file_hooks,
    merge,
)
from cherrypy._config.generations import SectionedConfig, generation
from cherrypy._config.namespaces import NamespaceSet
from cherrypy.lib import reprconf

FILE = '[global]\nserver.socket_port: 9\ntitle = "x"\n[/p]\ntools.gzip.on: True\n'


class FreshConfig(Config):
    """A global config of which nobody else knows."""

    defaults: Mapping[str, Any] = MappingProxyType({})
    namespaces = NamespaceSet()


@pytest.fixture
def seen() -> list[tuple[str, Any]]:
    """What the namespace ``n`` was given."""
    return []


@pytest.fixture
def config(seen: list[tuple[str, Any]]) -> Config:
    """A global config with defaults and the namespace ``n``."""
    made = FreshConfig()
    made.defaults = {"n.default": 1}
    made.namespaces["n"] = lambda name, value: seen.append((name, value))
    made.reset()
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A config file."""
    path = tmp_path / "site.conf"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def reported() -> Iterator[list[str]]:
    """Names of files that were reported."""
    names: list[str] = []
    file_hooks.append(names.append)
    yield names
    file_hooks.remove(names.append)


def test_defaults_are_there_and_reach_no_handler(
    config: Config, seen: list[tuple[str, Any]]
) -> None:
    assert config == {"n.default": 1}
    config.update({"n.x": 2, "n.default": 3})
    config.reset()
    assert config == {"n.default": 1}
    assert seen == [("x", 2), ("default", 3)]


def test_every_way_to_set_reaches_the_handler(config: Config, seen: list[tuple[str, Any]]) -> None:
    config["n.a"] = 1
    config.update({"n.b": 2, "other": 3})
    config |= {"n.c": 4}
    assert config.setdefault("n.d", 5) == 5
    assert config.setdefault("n.d", 6) == 5
    assert seen == [("a", 1), ("b", 2), ("c", 4), ("d", 5)]


def test_a_handler_finds_all_settings_stored(config: Config) -> None:
    found: list[Any] = []
    config.namespaces["m"] = lambda _name, _value: found.append((config["m.a"], config["z"]))
    config.update({"m.a": 1, "z": 2})
    assert found == [(1, 2)]


@pytest.mark.parametrize("way", ["item", "update"])
def test_a_handler_that_fails_leaves_the_setting_and_a_new_token(config: Config, way: str) -> None:
    tokens: list[object] = []

    def fail(_name: str, _value: object) -> None:
        tokens.append(generation.token)
        raise LookupError

    config.namespaces["bad"] = fail
    with pytest.raises(LookupError):
        config.update({"bad.x": 1}) if way == "update" else config.__setitem__("bad.x", 1)
    assert config["bad.x"] == 1
    assert generation.token is not tokens[0]


@pytest.mark.parametrize("change", ["update", "item", "reset", "delete", "decorate"])
def test_every_change_gives_a_new_token(config: Config, change: str) -> None:
    before = generation.token
    if change == "update":
        config.update({"a": 1})
    elif change == "item":
        config["a"] = 1
    elif change == "reset":
        config.reset()
    elif change == "delete":
        del config["n.default"]
    else:
        config(a=1)(lambda: None)
    assert generation.token is not before


@pytest.mark.parametrize(
    ("given", "stored", "left_out"),
    [
        ({"a": 1}, {"a": 1}, set()),
        ({"global": {"a": 1}}, {"a": 1}, set()),
        ({"global": {"a": 1}, "b": 2, "/x": {"c": 3}}, {"a": 1}, {"b", "/x"}),
        ({"/x": {"c": 3}}, {"/x": {"c": 3}}, set()),
        ({"global": 3}, {"global": 3}, set()),
    ],
)
def test_only_the_global_section_counts(
    given: dict[str, Any], stored: dict[str, Any], left_out: set[str]
) -> None:
    config = FreshConfig()
    config.update(given)
    assert config == stored
    assert config.contained_paths == left_out


def test_a_global_static_directory_is_of_the_section_global() -> None:
    config = FreshConfig()
    config.update({"tools.staticdir.dir": "/srv", "tools.staticdir.section": "mine"})
    assert config["tools.staticdir.section"] == "global"


def test_what_is_given_stays_as_it_is() -> None:
    given = {"environment": "staging", "tools.staticdir.dir": "/srv"}
    inner = {"global": given}
    FreshConfig().update(inner)
    assert inner == {"global": {"environment": "staging", "tools.staticdir.dir": "/srv"}}


def test_an_environment_yields_to_what_is_set_with_it(
    config: Config, seen: list[tuple[str, Any]]
) -> None:
    config.environments = {"mine": {"n.x": 1, "n.y": 2}}
    config.update({"n.x": 0, "n.y": 0})
    config.update({"environment": "mine", "n.x": 7})
    assert config["environment"] == "mine"
    assert (config["n.x"], config["n.y"]) == (7, 2)
    assert seen[2:] == [("x", 7), ("y", 2)]


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_environment(nothing: str | None) -> None:
    config = FreshConfig()
    config.update({"environment": nothing})
    assert config == {"environment": nothing}


@pytest.mark.parametrize(
    ("name", "message"), [("prod", r"did you mean 'production'\?"), (3, "environment = 3")]
)
def test_an_unknown_environment(name: object, message: str) -> None:
    config = FreshConfig()
    with pytest.raises(KeyError, match=message):
        config.update({"environment": name})
    assert config == {}


def test_setting_the_environment_alone_expands_nothing() -> None:
    config = FreshConfig()
    config["environment"] = "production"
    assert config == {"environment": "production"}


def test_environments() -> None:
    """As in CherryPy 18.10."""
    deployed = {
        "engine.autoreload.on": False,
        "checker.on": False,
        "tools.log_headers.on": False,
        "request.show_tracebacks": False,
        "request.show_mismatched_params": False,
    }
    assert environments == {
        "staging": deployed,
        "production": {**deployed, "log.screen": False},
        "embedded": {
            **deployed,
            "log.screen": False,
            "engine.SIGHUP": None,
            "engine.SIGTERM": None,
        },
        "test_suite": {
            **deployed,
            "log.screen": False,
            "request.show_tracebacks": True,
            "request.show_mismatched_params": True,
        },
    }
    assert Config.environments is environments
    assert FreshConfig().environments is environments


def test_a_config_of_its_own_has_namespaces_of_its_own() -> None:
    one, other = FreshConfig(), FreshConfig()
    one.namespaces["x"] = print
    assert "x" not in other.namespaces


def test_files_and_where_they_are_reported(file: Path, reported: list[str]) -> None:
    config = FreshConfig()
    for source in (file, str(file), bytes(file)):
        config.reset()
        config.update(source)
        assert config == {"server.socket_port": 9, "title": "x"}
    assert reported == [str(file)] * 3
    with file.open(encoding="utf-8") as opened:
        config.update(opened)
    config.update({"a": 1})
    assert len(reported) == 3
    assert config.contained_paths == {"/p"}


def test_a_file_that_can_not_be_read_is_not_reported(tmp_path: Path, reported: list[str]) -> None:
    with pytest.raises(FileNotFoundError):
        FreshConfig().update(tmp_path / "none.conf")
    assert reported == []


@pytest.mark.parametrize("wrong", [None, 3, object()])
def test_what_is_no_config(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected a dict, the name of a file or an open file"):
        FreshConfig().update(wrong)


def test_base_config_takes_its_settings_when_it_is_made() -> None:
    seen: list[tuple[str, Any]] = []

    class Mine(BaseConfig):
        defaults = {"z": 9}  # noqa: RUF012 - as users write it
        environments = {"e": {"x": 1}}  # noqa: RUF012 - as users write it
        namespaces = NamespaceSet(n=lambda name, value: seen.append((name, value)))

    assert Mine() == {"z": 9}
    assert Mine({"n.a": 1, "environment": "e"}, b=2) == {
        "z": 9,
        "n.a": 1,
        "environment": "e",
        "x": 1,
        "b": 2,
    }
    assert Mine(io.StringIO(FILE)) == {
        "z": 9,
        "global": {"server.socket_port": 9, "title": "x"},
        "/p": {"tools.gzip.on": True},
    }
    assert seen == [("a", 1)]
    assert issubclass(Config, reprconf.Config)


class Parent:
    """A class that is decorated, with a subclass that is too."""


class Child(Parent):
    """Inherits the settings."""


def test_the_decorator_adds_settings() -> None:
    config = FreshConfig()

    def handler() -> None: ...

    assert config(**{"tools.x.on": True})(handler) is handler
    config(tools_y=1)(handler)
    assert handler._cp_config == {"tools.x.on": True, "tools_y": 1}  # type: ignore[attr-defined]
    assert config == {}


def test_the_decorator_leaves_base_classes_alone() -> None:
    Config.__call__(a=1)(Parent)
    Config.__call__(b=2)(Child)
    assert Parent._cp_config == {"a": 1}  # type: ignore[attr-defined]
    assert Child._cp_config == {"a": 1, "b": 2}  # type: ignore[attr-defined]


def test_the_decorator_takes_any_name() -> None:
    def handler() -> None: ...

    FreshConfig()(self=1, target=2, kwargs=3)(handler)
    assert handler._cp_config == {"self": 1, "target": 2, "kwargs": 3}  # type: ignore[attr-defined]


def test_merge_adds_to_sections() -> None:
    base = {"/": {"a": 1, "z": 1}}
    section = base["/"]
    other = {"/": {"a": 2}, "/n": {"c": 1}, "db": {"environment": "staging"}}
    merge(base, other)
    assert base == {"/": {"a": 2, "z": 1}, "/n": {"c": 1}, "db": {"environment": "staging"}}
    assert base["/"] is section
    assert base["/n"] is not other["/n"]


def test_merge_reads_files(file: Path, reported: list[str]) -> None:
    base = SectionedConfig()
    merge(base, str(file))
    assert base == {
        "global": {"server.socket_port": 9, "title": "x"},
        "/p": {"tools.gzip.on": True},
    }
    assert reported == [str(file)]


def test_merging_into_an_application_gives_a_new_token() -> None:
    base = SectionedConfig({"/": {}})
    before = generation.token
    merge(base, {"/": {"a": 1}})
    assert generation.token is not before


def test_merge_needs_sections() -> None:
    base = {"/": {"a": 1}}
    with pytest.raises(ValueError, match=r"x\.on = True .*expected sections"):
        merge(base, {"/": {"b": 1}, "x.on": True})
    assert base == {"/": {"a": 1}}


@pytest.mark.parametrize(
    ("section", "expanded"),
    [
        (
            {"environment": "production", "request.show_tracebacks": True},
            {
                "environment": "production",
                "request.show_tracebacks": True,
                "request.show_mismatched_params": False,
                "tools.log_headers.on": False,
            },
        ),
        ({"environment": "of my own"}, {"environment": "of my own"}),
        ({"environment": ["a"]}, {"environment": ["a"]}),
        ({"environment": "production", "log.screen": True}, None),
    ],
)
def test_the_environment_of_a_path_is_about_requests(
    section: dict[str, Any], expanded: dict[str, Any] | None
) -> None:
    base: dict[str, dict[str, Any]] = {}
    merge(base, {"/x": section})
    if expanded is not None:
        assert base == {"/x": expanded}
    else:
        assert base["/x"]["log.screen"] is True
