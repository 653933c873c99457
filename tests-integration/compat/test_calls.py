"""Functions and methods do what those of CherryPy 18.10.0 do, or the difference is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import call_strategies
import calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from calls import Case

GROUPS = {
    "http_functions": 60,
    "lib_functions": 60,
    "sequences": 40,
    "objects": 30,
    "settings": 60,
    "bus": 40,
    "dispatching": 40,
    "raising": 40,
    "tooling": 40,
    "mounting": 40,
    "entities": 40,
    "stored": 30,
}
"""How many cases each strategy draws in an ordinary run."""

LONG = 50
"""How many times as many the long run draws."""


def compare(group: str, examples: int, *, is_random: bool = False) -> None:
    """Draw cases, always the same ones unless told otherwise, and compare what comes of them."""
    drawn: Callable[[], SearchStrategy[Case]] = getattr(call_strategies, group)

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=not is_random,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )
    @given(drawn())
    def does_the_same(case: Case) -> None:
        found = calls.unexplained(case)
        assert found is None, f"CherryPy: {found[0]}\nours: {found[1]}"

    does_the_same()


@pytest.mark.parametrize(("group", "examples"), GROUPS.items())
def test_calls_do_what_they_do_in_cherrypy(group: str, examples: int) -> None:
    compare(group, examples)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("group", "examples"), GROUPS.items())
def test_many_more_calls_do(group: str, examples: int) -> None:
    compare(group, examples * LONG, is_random=True)


@pytest.mark.parametrize("known", calls.listed(), ids=lambda known: known.reason[:50])
def test_a_listed_difference_is_there(known: calls.Difference) -> None:
    theirs, ours = calls.outcomes(known.example)
    assert theirs != ours
    assert known.fits(known.example, theirs, ours)
