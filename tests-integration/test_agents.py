"""What monitoring agents see of a site: the real ones, as operators put them beside it."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from environments import environment, reference_python
from repository import sources

AGENTS = ("newrelic==14.1.0", "ddtrace==4.16.0")

Session = dict[str, tuple[str, str, list[Any]]]
"""By request: status, content, and name and errors of what the agent recorded."""


@cache
def session(agent: str, *, ours: bool) -> Session:
    script = Path(__file__).parent / "support" / "monitored_site.py"
    python = environment("agents", AGENTS)
    if ours:
        folders = [str(folder) for folder in sources()]
    else:
        (packages,) = reference_python().parent.parent.glob("lib/python*/site-packages")
        folders = [str(packages)]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    run = subprocess.run(  # noqa: S603
        [str(python), "-P", str(script), agent],
        capture_output=True,
        text=True,
        check=False,
        env=variables,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    found: Any = json.loads(run.stdout)
    return {name: (status, text, traces) for name, (status, text, traces) in found.items()}


TRANSACTIONS = {
    "GET /": ("Function/__main__:make_tree.<locals>.Root.index", []),
    "GET /pages/one/two": ("Function/__main__:make_tree.<locals>.Pages.default", []),
    "GET /error": (
        "Function/__main__:make_tree.<locals>.Root.error",
        ["cherrypy._cperror:HTTPError"],
    ),
    "GET /fail": ("Function/__main__:make_tree.<locals>.Root.fail", ["builtins:LookupError"]),
    "GET /redirect": ("Function/__main__:make_tree.<locals>.Root.redirect", []),
    "GET /internal": ("Function/__main__:make_tree.<locals>.Pages.default", []),
    "GET /nowhere": ("StatusCode/404", []),
    "GET /rest/": ("Function/__main__:make_tree.<locals>.Rest.GET", []),
    "DELETE /rest/": ("StatusCode/405", []),
}


@pytest.mark.parametrize("request_line", TRANSACTIONS)
def test_new_relic_names_transactions_by_handlers(request_line: str) -> None:
    name, errors = TRANSACTIONS[request_line]
    assert session("newrelic", ours=True)[request_line][2] == [[f"WebTransaction/{name}", errors]]


def test_datadog_records_errors_and_no_redirects() -> None:
    found = session("ddtrace", ours=True)
    assert found["GET /fail"][2] == [["GET /fail", ["builtins.LookupError"]]]
    assert found["GET /internal"][2] == [["GET /internal", []], ["GET /pages/internal", []]]


@pytest.mark.parametrize("agent", ["newrelic", "ddtrace"])
def test_an_agent_sees_what_it_sees_of_cherrypy(agent: str) -> None:
    ours, theirs = (session(agent, ours=each) for each in (True, False))
    assert {name: each[2] for name, each in ours.items()} == {
        name: each[2] for name, each in theirs.items()
    }


@pytest.mark.parametrize("agent", ["newrelic", "ddtrace"])
def test_visitors_do_not_notice_the_agent(agent: str) -> None:
    """Error pages of the site among what they get."""
    watched, plain = (session(each, ours=True) for each in (agent, "none"))
    assert {name: each[:2] for name, each in watched.items()} == {
        name: each[:2] for name, each in plain.items()
    }
    assert watched["GET /fail"][1].startswith("The page of this site: 500")
