"""Namespaces: the part of a key before its first dot says who handles it."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._config.namespaces import NamespaceSet, group
from cherrypy.lib import reprconf

Calls = list[tuple[Any, ...]]


class Manager:
    """A namespace handler that is a context manager, and writes down what happens to it."""

    def __init__(self, calls: Calls, *, swallows: bool = False) -> None:
        self.calls = calls
        self.swallows = swallows

    def __enter__(self) -> Callable[[str, Any], None]:
        """Give the handler."""
        self.calls.append(("enter",))
        return self.handle

    def handle(self, name: str, value: object) -> None:
        """Write down; fail for a bad value."""
        self.calls.append((name, value))
        if value == "bad":
            raise LookupError(name)

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Write down how it ended."""
        self.calls.append(("exit", exception_type))
        return self.swallows

    def __call__(self, *_args: object) -> None:
        """Be callable as well, which must not matter."""
        raise AssertionError("a context manager is not called itself")


def test_group() -> None:
    assert group({"tools.gzip.on": True, "a.b": 1, "nodot": 2, "tools.x": 3, ".y": 4, "z.": 5}) == {
        "tools": {"gzip.on": True, "x": 3},
        "a": {"b": 1},
        "": {"y": 4},
        "z": {"": 5},
    }


def test_a_key_is_a_str() -> None:
    with pytest.raises(TypeError, match=r"config key 1 \(value 2\): expected a str"):
        group({1: 2})  # type: ignore[dict-item]  # that is the mistake


@given(st.dictionaries(st.text("ab.", max_size=5), st.integers()))
def test_group_loses_nothing(config: dict[str, int]) -> None:
    together = {
        f"{namespace}.{name}": value
        for namespace, settings in group(config).items()
        for name, value in settings.items()
    }
    assert together == {key: value for key, value in config.items() if "." in key}


def test_handlers_run_in_the_order_in_which_they_were_added() -> None:
    calls: Calls = []
    namespaces = NamespaceSet()
    for name in ("b", "a"):
        namespaces[name] = lambda key, value, name=name: calls.append((name, key, value))
    namespaces({"a.1": 1, "b.2": 2, "c.3": 3, "a.0": 0, "b.1.x": 1, "a": 4})
    assert calls == [("b", "2", 2), ("b", "1.x", 1), ("a", "1", 1), ("a", "0", 0)]


def test_a_context_manager_is_entered_once_and_left() -> None:
    calls: Calls = []
    NamespaceSet(h=Manager(calls))({"h.a": 1, "x.y": 2, "h.b.c": 3})
    assert calls == [("enter",), ("a", 1), ("b.c", 3), ("exit", None)]


def test_a_context_manager_is_entered_without_settings_too() -> None:
    calls: Calls = []
    NamespaceSet(h=Manager(calls))({})
    assert calls == [("enter",), ("exit", None)]


@pytest.mark.parametrize("swallows", [True, False])
def test_what_is_raised_reaches_the_context_manager(*, swallows: bool) -> None:
    calls: Calls = []
    namespaces = NamespaceSet(h=Manager(calls, swallows=swallows), later=Manager(calls))
    if swallows:
        namespaces({"h.a": "bad", "h.b": 1})
    else:
        with pytest.raises(LookupError):
            namespaces({"h.a": "bad", "h.b": 1})
    later = [("enter",), ("exit", None)] if swallows else []
    assert calls == [("enter",), ("a", "bad"), ("exit", LookupError), *later]


def test_a_handler_may_change_the_namespaces() -> None:
    namespaces = NamespaceSet()
    namespaces["x"] = namespaces.__setitem__
    namespaces({"x.y": print})
    assert namespaces["y"] is print


def test_a_copy_has_the_same_handlers() -> None:
    namespaces = NamespaceSet(x=print)
    copied = namespaces.copy()
    assert type(copied) is NamespaceSet
    assert copied == {"x": print}
    copied["y"] = repr
    assert "y" not in namespaces
    assert repr(namespaces).endswith(f".NamespaceSet({{'x': {print!r}}})")


def test_namespaces_are_shown_by_the_path_that_is_known() -> None:
    assert repr(reprconf.NamespaceSet()) == "cherrypy.lib.reprconf.NamespaceSet({})"
