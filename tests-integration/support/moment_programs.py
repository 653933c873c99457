"""Programs that act on requests at several moments, drawn for property tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import moment_cells
import moments

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from moments import Program

Step = list[Any]

INSIDE = tuple(each for each in moments.MOMENTS if each not in moments.OUTSIDE)
"""Moments at which the request is the one that is being answered."""

RESOURCE_FOUND = tuple(each for each in INSIDE if each not in moments.EARLY)

RAISING = (
    "on_start_resource",
    "before_request_body",
    "before_handler",
    "handler",
    "before_finalize",
    "on_end_resource",
    "before_error_response",
    "after_error_response",
    "on_end_request",
)
"""Moments at which programs raise errors; before, no configuration says how to show them."""

NAMES = st.sampled_from(["a", "b", "c"])
PRIORITIES = st.sampled_from([10, 50, 50, 75, 90])


def attachments() -> st.SearchStrategy[Step]:
    """Draw actions that add a hook."""
    return st.tuples(
        st.sampled_from(["attach", "append"]),
        st.sampled_from(moments.HOOK_POINTS),
        NAMES,
        PRIORITIES,
    ).map(list)


TOPICS: dict[str, list[str]] = {
    "address": [
        "request.method",
        "request.query_string",
        "request.path_info",
        "request.script_name",
        "request.request_line",
        "request.base",
        "request.scheme",
        "request.headers",
        "request.header_list",
        "request.cookie",
        "request.local",
        "request.remote",
        "request.login",
        "request.protocol",
    ],
    "tools": [
        "request.hooks",
        "request.toolmaps",
        "request.config",
        "request.error_page",
        "request.namespaces",
        "request.handler",
        "request.headers",
    ],
    "handler": [
        "request.handler",
        "request.params",
        "request.method",
        "request.is_index",
        "request.hooks",
        "request.process_request_body",
        "request.methods_with_bodies",
        "response.body",
    ],
    "answer": [f"response.{name}" for name in moments.ATTRIBUTES["response"]],
    "errors": [
        "request.error_page",
        "request.error_response",
        "request.throws",
        "request.throw_errors",
        "request.show_tracebacks",
        "request.hooks",
        "response.status",
        "response.body",
        "response.headers",
    ],
}
"""Attributes that depend on each other, or might."""


def reads(names: Sequence[str]) -> st.SearchStrategy[Step]:
    """Draw actions that read an attribute."""
    return st.sampled_from(names).map(lambda name: [name, "read"])


def writes(names: Sequence[str]) -> st.SearchStrategy[Step]:
    """Draw what the table of cells does to attributes."""
    return st.sampled_from(
        [[name, what] for name in names for what in moments.WRITES.get(name, ())]
    )


def about_one_topic() -> st.SearchStrategy[st.SearchStrategy[Step]]:
    """Draw what the actions of a program are drawn from."""
    return st.sampled_from(sorted(TOPICS)).map(
        lambda topic: st.one_of(
            writes(TOPICS[topic]), reads(TOPICS[topic]), attachments(), small_writes()
        )
    )


def small_writes() -> st.SearchStrategy[Step]:
    """Draw actions that set one thing to one of several values."""
    return st.one_of(
        st.tuples(st.just("param"), NAMES, NAMES),
        st.tuples(st.just("header"), st.just("X-Pass"), st.sampled_from(["yes", "no"])),
        st.tuples(st.just("field"), st.sampled_from(["X-Mine", "X-Other"]), NAMES),
        st.tuples(st.just("set-cookie"), NAMES),
        st.tuples(st.just("page"), st.sampled_from([401, 402, 403, 500]), NAMES),
        st.tuples(st.just("own"), st.sampled_from(["mine", "other"]), NAMES),
    ).map(list)


def errors() -> st.SearchStrategy[Step]:
    """Draw actions that raise an error."""
    return st.sampled_from(["HTTPError", "NotFound", "HTTPRedirect", "ValueError"]).map(
        lambda kind: ["raise", kind]
    )


@st.composite
def programs(
    draw: st.DrawFn,
    sources: st.SearchStrategy[st.SearchStrategy[Step]],
    at: Collection[str] = INSIDE,
    asked: Collection[str] = tuple(moment_cells.REQUESTS),
    raising: Collection[str] = RAISING,
) -> Program:
    """Draw a program of one to six steps, and its requests.

    Args:
        draw: Draws a part.
        sources: What the actions are drawn from, without their moments.
        at: Moments at which they are done.
        asked: Names of the requests; ``afterwards`` is added, which has no steps.
        raising: Moments at which an error may be raised.
    """
    some = draw(st.lists(st.sampled_from(sorted(at)), min_size=1, max_size=3, unique=True))
    actions = draw(sources)
    steps = draw(st.lists(st.tuples(st.sampled_from(some), actions), min_size=1, max_size=6))
    raised = draw(st.lists(st.tuples(st.sampled_from(sorted(raising)), errors()), max_size=1))
    names = draw(st.lists(st.sampled_from(sorted(asked)), min_size=1, max_size=3))
    return {
        "steps": [[moment, *action] for moment, action in (*steps, *raised)],
        "requests": [moment_cells.REQUESTS[name] for name in (*names, "afterwards")],
        "names": [*names, "afterwards"],
    }
