"""The token of the generation: a new one after every change, and none without."""

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cherrypy._config.generations import Generation, SectionedConfig, TrackedDict, generation
from cherrypy._config.namespaces import NamespaceSet

keys = st.sampled_from(["a", "b", "c", "d"])
values = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.lists(st.integers()))
settings = st.dictionaries(keys, values, max_size=3)


@contextmanager
def changes() -> Iterator[None]:
    before = generation.token
    yield
    assert generation.token is not before


@contextmanager
def changes_nothing() -> Iterator[None]:
    before = generation.token
    yield
    assert generation.token is before


def test_a_token_is_never_given_twice() -> None:
    own = Generation()
    tokens = [own.token]
    for _ in range(100):
        own.bump()
        tokens.append(own.token)
    assert len({id(token) for token in tokens}) == len(tokens)


class TrackedDictMachine(RuleBasedStateMachine):
    """A tracked dict does what a dict does, and every change gives a new token."""

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Any] = {}
        self.tracked = self.make()

    def make(self) -> TrackedDict:
        """Give an empty one."""
        return TrackedDict()

    @rule(key=keys, value=values)
    def set(self, key: str, value: object) -> None:
        """Store a key."""
        self.model[key] = value
        with changes():
            self.tracked[key] = value

    @rule(key=keys)
    def delete(self, key: str) -> None:
        """Remove a key."""
        if key in self.model:
            del self.model[key]
            with changes():
                del self.tracked[key]
        else:
            with changes_nothing(), pytest.raises(KeyError):
                del self.tracked[key]

    @rule(other=settings, pairs=st.booleans())
    def update(self, other: dict[str, Any], *, pairs: bool) -> None:
        """Store several, of either form."""
        self.model.update(other)
        with changes():
            self.tracked.update(other.items() if pairs else other)

    @rule(other=settings)
    def update_by_keywords(self, other: dict[str, Any]) -> None:
        """Store several."""
        self.model.update(other)
        with changes():
            self.tracked.update(**other)

    @rule(other=settings)
    def update_by_operator(self, other: dict[str, Any]) -> None:
        """Store several, in place."""
        self.model |= other
        same = self.tracked
        with changes():
            self.tracked |= other
        assert self.tracked is same

    @rule(key=keys, default=values)
    def set_default(self, key: str, default: object) -> None:
        """Store what is missing."""
        missing = key not in self.model
        expected = self.model.setdefault(key, default)
        before = generation.token
        assert self.tracked.setdefault(key, default) == expected
        if missing:
            assert generation.token is not before

    @rule(key=keys, default=st.lists(values, max_size=1))
    def pop(self, key: str, default: list[Any]) -> None:
        """Remove and give."""
        if key in self.model:
            expected = self.model.pop(key)
            with changes():
                assert self.tracked.pop(key, *default) == expected
        elif default:
            assert self.tracked.pop(key, *default) == default[0]
        else:
            with pytest.raises(KeyError):
                self.tracked.pop(key)

    @rule()
    def pop_last(self) -> None:
        """Remove and give the last."""
        if self.model:
            expected = self.model.popitem()
            with changes():
                assert self.tracked.popitem() == expected
        else:
            with pytest.raises(KeyError):
                self.tracked.popitem()

    @rule()
    def clear(self) -> None:
        """Remove all."""
        self.model.clear()
        with changes():
            self.tracked.clear()

    @rule()
    def read(self) -> None:
        """Change nothing by reading."""
        with changes_nothing():
            assert self.tracked.get("a", "none") == self.model.get("a", "none")
            assert ("a" in self.tracked) is ("a" in self.model)
            assert list(self.tracked.items()) == list(self.model.items())
            assert (self.tracked | {"a": 1}) == (self.model | {"a": 1})

    @invariant()
    def is_equal(self) -> None:
        """Be equal to the model, and so are the copies."""
        assert self.tracked == self.model
        assert list(self.tracked) == list(self.model)
        for copied in (
            self.tracked.copy(),
            copy.copy(self.tracked),
            copy.deepcopy(self.tracked),
            pickle.loads(pickle.dumps(self.tracked)),  # noqa: S301 - our own
        ):
            assert type(copied) is dict
            assert copied == self.model


class SectionedConfigMachine(TrackedDictMachine):
    """So does one of sections, whatever is in it."""

    def make(self) -> TrackedDict:
        """Give an empty one."""
        return SectionedConfig()


TestTrackedDict = TrackedDictMachine.TestCase
TestSectionedConfig = SectionedConfigMachine.TestCase


def _by_item(config: SectionedConfig) -> None:
    config["/x"] = {"a": 1}


def _by_update(config: SectionedConfig) -> None:
    config.update({"/x": {"a": 1}})


def _by_operator(config: SectionedConfig) -> None:
    config |= {"/x": {"a": 1}}


def _by_default(config: SectionedConfig) -> None:
    config.setdefault("/x", {"a": 1})


@pytest.mark.parametrize("store", [_by_item, _by_update, _by_operator, _by_default])
def test_a_section_is_tracked_however_it_was_stored(
    store: Callable[[SectionedConfig], None],
) -> None:
    config = SectionedConfig()
    store(config)
    with changes():
        config["/x"]["tools.gzip.on"] = True
    assert config == {"/x": {"a": 1, "tools.gzip.on": True}}


@pytest.mark.parametrize(
    "config",
    [
        SectionedConfig({"/x": {}}),
        SectionedConfig([("/x", {})]),
        SectionedConfig({}, **{"/x": {}}),
    ],
)
def test_a_section_is_tracked_from_the_beginning(config: SectionedConfig) -> None:
    with changes():
        config["/x"]["a"] = 1


def test_a_section_is_a_copy_of_the_mapping() -> None:
    mine = {"a": 1}
    config = SectionedConfig({"/x": mine})
    config["/x"]["b"] = 2
    assert mine == {"a": 1}


def test_a_section_that_is_tracked_may_be_in_two_places() -> None:
    config = SectionedConfig({"/x": {}})
    config["/y"] = config["/x"]
    config["/y"]["a"] = 1
    assert config["/x"] == {"a": 1}


def test_copies_of_sections_are_plain() -> None:
    config = SectionedConfig({"/x": {"a": [1]}})
    copied = copy.deepcopy(config)
    assert type(copied["/x"]) is dict
    with changes_nothing():
        copied["/x"]["a"].append(2)
        copied["/x"]["b"] = 3
    assert config == {"/x": {"a": [1]}}


def test_an_update_that_fails_half_way_is_a_change() -> None:
    def pairs() -> Iterator[tuple[str, int]]:
        yield "a", 1
        raise RuntimeError

    tracked = TrackedDict()
    with changes(), pytest.raises(RuntimeError):
        tracked.update(pairs())
    assert tracked == {"a": 1}


def test_namespaces_are_tracked() -> None:
    namespaces = NamespaceSet()
    with changes():
        namespaces["x"] = print
    with changes():
        del namespaces["x"]
