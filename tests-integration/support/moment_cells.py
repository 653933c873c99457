"""The table of what programs do to request and response, by moment, filled by both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import differential
import environments
import moments
from differential import Answer, Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moments import Outcome, Program

GRANTED = {"X-Pass": "yes", "Accept-Encoding": "gzip", "Cookie": "c=1"}

LONG = 400
"""As long as pages that are compressed by both."""
IDENTITY = {"X-Pass": "yes", "Cookie": "c=1"}

REQUESTS: dict[str, dict[str, Any]] = {
    "granted": {"path": "/page", "query": "a=1", "fields": GRANTED},
    "refused": {"path": "/page"},
    "failing": {"path": "/failing", "fields": IDENTITY},
    "refusing": {"path": "/refusing", "fields": IDENTITY},
    "moved": {"path": "/moved", "fields": IDENTITY},
    "stream": {"path": "/numbers", "fields": GRANTED},
    "form": {"path": "/page", "content": "b=2", "fields": GRANTED},
    "afterwards": {"path": "/page", "query": "a=1", "fields": GRANTED, "steps": False},
}
"""What a cell asks, in this order; the last request has no steps, and shows what stays of them."""

LEAKING = (
    "around",
    "inside",
    "init",
    "before_request",
    "inside_after",
    "around_after",
    "after_request",
    "closed",
)
"""Moments outside of the request in one of both, where attributes are those of the class, so that
what is written stays: each such cell has a process of its own."""

DULL = {
    f"request.{name}"
    for name in [
        "login",
        "remote",
        "local",
        "scheme",
        "base",
        "query_string",
        "script_name",
        "request_line",
        "protocol",
        "server_protocol",
        "is_index",
        "stage",
        "prev",
        "unique_id",
        "show_mismatched_params",
        "throws",
        "query_string_encoding",
        "mine",
    ]
} | {"response.time", "response.timeout", "response.mine"}
"""Attributes that hold one simple value; they are written at fewer moments."""

ENDED = ("inside_after", "around_after")
"""Moments at which CherryPy has the request still, and here it is over: see the differences."""

DULL_MOMENTS = [
    "around",
    "init",
    "before_request",
    "cp_dispatch",
    "dispatched",
    "namespace",
    "before_handler",
    "handler",
    "before_finalize",
    "on_end_request",
]

OF_BODIES = {
    f"request.{name}"
    for name in [
        "hooks",
        "params",
        "headers",
        "body",
        "rfile",
        "process_request_body",
        "methods_with_bodies",
    ]
}


class Cell(NamedTuple):
    """What is done with an attribute at a moment."""

    moment: str
    attribute: str
    what: str
    """``read``, or one of `moments.WRITES`."""

    @property
    def requests(self) -> list[str]:
        """Names of the requests that come to its moment; the last one has no steps."""
        if self.moment in {"before_error_response", "after_error_response"}:
            return ["failing", "afterwards"]
        if self.moment == "error_page":
            return ["failing", "refusing", "afterwards"]
        if self.moment == "stream":
            return ["stream", "afterwards"]
        asked = ["granted", "refused", "failing"]
        if self.moment in {"handler", "before_finalize"}:
            asked[1:2] = ["refusing", "moved", "stream"]
        if self.attribute in OF_BODIES:
            asked.append("form")
        return [*asked, "afterwards"]

    @property
    def watched(self) -> list[str]:
        """Names of the requests in which later moments look at what has been written."""
        return [] if self.what == "read" else self.requests[:1]

    @property
    def programs(self) -> list[Program]:
        """What is run for it: its requests, and those in which later moments look."""
        steps = [[self.moment, self.attribute, self.what]]
        return [
            {"steps": steps, "requests": [REQUESTS[name] for name in self.requests]},
            {
                "steps": steps,
                "requests": [REQUESTS[name] for name in self.watched],
                "watched": [self.attribute],
            },
        ]

    @property
    def leaks(self) -> bool:
        """Whether what is done may be kept beyond the request."""
        return self.moment in LEAKING and self.what != "read"

    def told(self, outcomes: Sequence[Outcome]) -> list[str]:
        """Return the lines that tell the outcomes of its programs."""
        watched = told_requests(self.watched, outcomes[1])
        return told_requests(self.requests, outcomes[0]) + [f"watched {line}" for line in watched]


def cells(attribute: str) -> Iterator[Cell]:
    """List the cells of an attribute, whose name has ``request.`` or ``response.`` before it."""
    for moment in moments.MOMENTS:
        if moment in ENDED:
            continue
        if attribute.startswith("response.") and moment == "init":
            continue  # there is none yet
        yield Cell(moment, attribute, "read")
        if attribute not in DULL or moment in DULL_MOMENTS:
            for what in moments.WRITES.get(attribute, ()):
                yield Cell(moment, attribute, what)


def told_requests(names: Sequence[str], outcome: Outcome) -> list[str]:
    """Return the lines that tell of requests: what ran and was seen, and what is answered."""
    lines = []
    for name, result in zip(names, outcome, strict=True):
        told = [json.dumps(item) for item in result["trace"]]
        told += _told_answer(name, result["answer"])
        lines += [f"{name}: {line}" for line in told]
    return lines


def _told_answer(name: str, told: dict[str, Any]) -> list[str]:
    body: str = told["body"]
    content = moments.tell_content(body.encode("latin-1")).decode("latin-1")
    headers: list[list[str]] = told["headers"]
    headers = [pair for pair in headers if pair != ["Content-Length", str(len(body))]]
    if not body and name != "granted":  # HEAD: the page of an error is not as long here
        headers = [pair for pair in headers if pair[0] != "Content-Length"]
    if differential.BARE_ERROR in body:  # the last resort tells its charset here
        headers = [pair for pair in headers if pair[0] != "Content-Type"]
    if len(content) < LONG:  # short content is not compressed here
        headers = [pair for pair in headers if pair != ["Content-Encoding", "gzip"]]
    if body.startswith("\x1f\x8b") or not told["status"].startswith(content[:3]):
        body = content
    case = Case("moments", name, "GET", "", over_socket=False)
    answer = Answer(**{**told, "body": body, "headers": headers})
    return [line.rstrip() for line in differential.lines(case, answer)]


DIFFERENCES = differential.COMPAT / "moments.toml"


class Listed(NamedTuple):
    """Cells that are meant to differ."""

    reason: str
    moments: frozenset[str]
    attributes: frozenset[str]
    """Names with ``request.`` or ``response.`` before them."""
    whats: frozenset[str]

    def has(self, cell: Cell) -> bool:
        """Whether a cell is among them; ``*`` stands for all moments, or for all that is done."""
        return (
            cell.attribute in self.attributes
            and not self.moments.isdisjoint({"*", cell.moment})
            and not self.whats.isdisjoint({"*", cell.what})
        )


def listed_differences() -> list[Listed]:
    """Read which cells are meant to differ."""
    tables = tomllib.loads(DIFFERENCES.read_text("utf-8"))["difference"]
    return [
        Listed(
            table["reason"],
            frozenset(cells["at"]),
            frozenset(cells["of"]),
            frozenset(cells["done"]),
        )
        for table in tables
        for cells in table["cells"]
    ]


class Peer:
    """A process that runs programs with one implementation.

    Args:
        command: Its interpreter with options.
        environ: Its environment variables.
    """

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        script = str(Path(moments.__file__))
        self.process = subprocess.Popen(  # noqa: S603
            [*command, script],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, batch: list[Program]) -> list[Outcome]:
        """Run programs one after the other, in a process that has run none before.

        Raises:
            RuntimeError: The process has ended; standard error says why.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(batch) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("no programs are run any more: see standard error")
        outcomes: list[Outcome] = json.loads(line)
        return outcomes

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def cherrypy_18() -> Peer:
    """Start CherryPy 18.10.0, kept apart from this project as `differential.ask_cherrypy` does."""
    python = os.environ.get("CHERRYPY_REFERENCE_PYTHON") or str(environments.reference_python())
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return Peer([python, "-sP", "-W", "ignore"], environ | {"PYTHONHASHSEED": "0"})


def ours() -> Peer:
    """Start this project."""
    return Peer([sys.executable, "-W", "ignore"], dict(os.environ))


def fill(peer: Peer, cells: Sequence[Cell]) -> dict[Cell, list[str]]:
    """Tell the outcomes of cells under one implementation."""
    batches = [[cell for cell in cells if not cell.leaks]]
    batches += [[cell] for cell in cells if cell.leaks]
    found = {}
    for batch in batches:
        outcomes = iter(peer.run([program for cell in batch for program in cell.programs]))
        for cell in batch:
            found[cell] = cell.told([next(outcomes), next(outcomes)])
    return found


def fill_both(
    peers: tuple[Peer, Peer], cells: Sequence[Cell]
) -> tuple[dict[Cell, list[str]], dict[Cell, list[str]]]:
    """Tell the outcomes of cells under both implementations, at the same time."""
    with ThreadPoolExecutor(2) as pool:
        theirs, ours = pool.map(lambda peer: fill(peer, cells), peers)
    return theirs, ours


def run_in_both(peers: tuple[Peer, Peer], batch: list[Program]) -> tuple[Outcome, Outcome]:
    """Return the outcomes of the last program of a batch under both implementations."""
    with ThreadPoolExecutor(2) as pool:
        theirs, ours = pool.map(lambda peer: peer.run(batch)[-1], peers)
    return theirs, ours


def main() -> None:
    """Print the cells of the attributes that are named, or of all: cell, CherryPy's lines, ours."""
    every = [f"{side}.{name}" for side, names in moments.ATTRIBUTES.items() for name in names]
    peers = cherrypy_18(), ours()
    for attribute in sys.argv[1:] or every:
        theirs, here = fill_both(peers, list(cells(attribute)))
        for cell, lines in theirs.items():
            print(json.dumps([cell, lines, here[cell]]))
    for peer in peers:
        peer.close()


if __name__ == "__main__":
    main()
