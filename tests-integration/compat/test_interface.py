"""The interface of this project is that of CherryPy 18.10.0, or the difference is listed."""

from __future__ import annotations

import pytest

import interface

P = "POSITIONAL_OR_KEYWORD"
PLAIN = [["a", P, ""], ["b", P, "1"]]


def test_every_name_is_as_in_cherrypy_or_listed() -> None:
    assert interface.unlisted(interface.differences()) == []


def test_every_listed_difference_is_there() -> None:
    assert interface.outdated(interface.differences()) == []


def test_cherrypy_was_looked_at() -> None:
    assert len(interface.compared()) > 2000
    assert sum(len(interface.theirs()[name]) for name in interface.compared()) > 4000


@pytest.mark.parametrize(
    ("here", "fits"),
    [
        (PLAIN, True),
        ([*PLAIN, ["c", P, "2"]], True),
        ([*PLAIN, ["c", P, ""]], False),  # calls would lack it
        ([["b", P, "1"], ["a", P, ""]], False),  # other positions
        ([["a", P, "0"], ["b", P, "1"]], True),
        ([["a", P, ""], ["b", P, "2"]], False),
        ([["a", P, ""], ["b", P, ""]], False),
        ([["a", "POSITIONAL_ONLY", ""], ["b", P, "1"]], False),
        ([["a", P, ""], ["b", "KEYWORD_ONLY", "1"]], False),
        ([["a", P, ""]], False),
    ],
)
def test_a_signature_fits_if_every_call_means_the_same(
    here: list[list[str]], *, fits: bool
) -> None:
    assert interface.accepts(PLAIN, here) is fits


def test_any_arguments_are_more_than_some() -> None:
    anything = [["args", "VAR_POSITIONAL", ""], ["kwargs", "VAR_KEYWORD", ""]]
    assert interface.accepts(anything, anything)
    assert not interface.accepts(anything, PLAIN)
