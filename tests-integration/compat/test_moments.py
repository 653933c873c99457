"""What programs see and do at every moment of a request, here and in CherryPy 18.10.0.

``moments.py`` of the support folder has the moments, the attributes and what is done with them;
``moments.toml`` lists what is meant to differ. ``python tests-integration/support/moment_cells.py``
prints the cells, one line of JSON each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

import moment_cells
import moment_programs
import moments
from moment_cells import Cell, Peer
from moment_programs import programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moments import Program

ATTRIBUTES = [f"{side}.{name}" for side, names in moments.ATTRIBUTES.items() for name in names]

Peers = tuple[Peer, Peer]


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    """CherryPy 18.10.0 and this project."""
    both = moment_cells.cherrypy_18(), moment_cells.ours()
    yield both
    for peer in both:
        peer.close()


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_an_attribute_is_as_in_cherrypy_at_every_moment(attribute: str, peers: Peers) -> None:
    """Read and written; where it is not, it is listed with a reason."""
    cells = list(moment_cells.cells(attribute))
    theirs, ours = moment_cells.fill_both(peers, cells)
    different = [cell for cell in cells if theirs[cell] != ours[cell]]
    listed = [entry for entry in moment_cells.listed_differences() if attribute in entry.attributes]
    unlisted = [cell for cell in different if not any(entry.has(cell) for entry in listed)]
    assert not unlisted, _shown(unlisted, theirs, ours)
    outdated = [entry for entry in listed if not any(entry.has(cell) for cell in different)]
    assert not outdated, outdated


def _shown(
    cells: list[Cell], theirs: dict[Cell, list[str]], ours: dict[Cell, list[str]], limit: int = 12
) -> str:
    lines = [f"{len(cells)} cells differ: {', '.join(' '.join(cell) for cell in cells)}"]
    for cell in cells[:3]:
        lines += ["", f"{cell.moment}: {cell.attribute}, {cell.what} (- CherryPy, + ours)"]
        lines += [f"- {line[:300]}" for line in theirs[cell] if line not in ours[cell]][:limit]
        lines += [f"+ {line[:300]}" for line in ours[cell] if line not in theirs[cell]][:limit]
    return "\n".join(lines)


def test_the_table_is_large_enough() -> None:
    assert sum(len(list(moment_cells.cells(attribute))) for attribute in ATTRIBUTES) > 2800


TOGETHER: list[tuple[list[list[str]], str]] = [
    # what is made of other attributes is as it was when the request began
    (
        [["handler", "request.method", "post"], ["handler", "request.request_line", "read"]],
        "granted",
    ),
    ([["before_handler", "request.scheme", "set"], ["handler", "request.base", "read"]], "granted"),
    (
        [["before_handler", "request.headers", "set"], ["handler", "request.base", "read"]],
        "granted",
    ),
    ([["handler", "request.headers", "set"], ["handler", "request.cookie", "read"]], "granted"),
    (
        [["handler", "request.headers", "set"], ["handler", "request.header_list", "read"]],
        "granted",
    ),
    (
        [["handler", "request.headers", "change"], ["handler", "request.header_list", "read"]],
        "granted",
    ),
    (
        [["handler", "request.script_name", "set"], ["handler", "request.request_line", "read"]],
        "granted",
    ),
    (
        [["dispatcher", "request.path_info", "set"], ["handler", "request.request_line", "read"]],
        "granted",
    ),
    (
        [["handler", "request.query_string", "set"], ["handler", "request.request_line", "read"]],
        "granted",
    ),
    (
        [["handler", "request.header_list", "change"], ["handler", "request.headers", "read"]],
        "granted",
    ),
    ([["handler", "request.cookie", "change"], ["handler", "request.headers", "read"]], "granted"),
    # the first pass leads to the second
    ([["before_handler", "request.rfile", "set"], ["handler", "request.body", "read"]], "form"),
    ([["on_start_resource", "request.headers", "change"]], "refused"),
    (
        [
            ["on_start_resource", "request.handler", "none"],
            ["before_handler", "response.body", "bytes"],
        ],
        "granted",
    ),
    (
        [
            ["before_handler", "request.handler", "none"],
            ["before_handler", "response.body", "bytes"],
        ],
        "granted",
    ),
    (
        [["before_handler", "request.handler", "wrap"], ["handler", "request.handler", "read"]],
        "stream",
    ),
    (
        [
            ["before_handler", "request.handler", "read"],
            ["before_handler", "request.params", "set"],
        ],
        "granted",
    ),
    (
        [["before_handler", "request.handler", "arguments"], ["handler", "request.params", "read"]],
        "granted",
    ),
    (
        [
            ["before_handler", "request.hooks", "read"],
            ["before_handler", "request.hooks", "attach"],
        ],
        "granted",
    ),
    (
        [
            ["on_start_resource", "request.hooks", "clear"],
            ["before_handler", "request.hooks", "read"],
        ],
        "refused",
    ),
    ([["handler", "response.headers", "read"], ["handler", "response.status", "code"]], "refusing"),
    (
        [
            ["before_finalize", "response.body", "collapse"],
            ["before_finalize", "response.stream", "set"],
        ],
        "stream",
    ),
]


@pytest.mark.parametrize(("steps", "asked"), TOGETHER, ids=[str(steps) for steps, _ in TOGETHER])
def test_steps_together(steps: list[list[str]], asked: str, peers: Peers) -> None:
    """Attributes that depend on each other, or do not."""
    names = [asked, "afterwards"]
    program = {"steps": steps, "requests": [moment_cells.REQUESTS[name] for name in names]}
    theirs, ours = moment_cells.run_in_both(peers, [program])
    assert moment_cells.told_requests(names, ours) == moment_cells.told_requests(names, theirs)


AT = [moment for moment in moment_programs.INSIDE if moment not in {"init", "before_request"}]
"""Moments at which both are meant to do the same."""


@given(programs(moment_programs.about_one_topic(), AT))
def test_any_sequence_does_what_cherrypy_does(peers: Peers, program: Program) -> None:
    """Steps that are listed as differences are left out."""
    listed = moment_cells.listed_differences()
    steps = [
        step
        for step in program["steps"]
        if len(step) != 3 or not any(entry.has(Cell(*step)) for entry in listed)
    ]
    theirs, ours = moment_cells.run_in_both(peers, [{**program, "steps": steps}])
    assert moment_cells.told_requests(program["names"], ours) == moment_cells.told_requests(
        program["names"], theirs
    )
