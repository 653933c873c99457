"""Put the same requests to CherryPy 18.10.0 and to this project, and compare what comes back.

The requests are tables in ``compat/requests``, the applications that answer them modules in
``compat/applications``, which run unchanged under both. Where the answers differ on purpose,
``compat/differences.toml`` says so, with the reason and both answers; the page of the
documentation is written from it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import email.utils
import functools
import gzip
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import environments
from repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

COMPAT = ROOT / "tests-integration" / "compat"
DIFFERENCES = COMPAT / "differences.toml"
SECONDS = 120

NOT_COMPARED = frozenset({"date", "server"})
BARE_ERROR = "Unrecoverable error in the server."
RENAMED = {
    "413 Request Entity Too Large": "413 Content Too Large",
    "414 Request-URI Too Long": "414 URI Too Long",
    "416 Requested Range Not Satisfiable": "416 Range Not Satisfiable",
    "422 Unprocessable Entity": "422 Unprocessable Content",
}
"""Reason phrases that CherryPy takes from Python, which renamed them in 3.13."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One request to one application."""

    application: str
    name: str
    """``application/topic: request line``, with ``#2`` and so on for one that comes again."""
    raw: str
    """The request as sent, one character for each octet."""
    rule: str
    """What it shows, where its line does not say that."""
    over_socket: bool
    """Whether it goes to the HTTP server, or to the WSGI callable."""

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.raw.partition(" ")[0]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back for one case."""

    status: str
    headers: list[list[str]]
    body: str
    """One character for each octet."""
    failure: str | None
    """The exception that reached the server; None if none did."""
    seconds: float
    """When it was given, in seconds since the epoch."""


Answers = list[Answer]
"""What came back for one case: one answer, unless several requests went over one connection."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """Answers that differ, by request: ``{name: (lines of CherryPy, lines of ours)}``."""

    title: str
    reason: str
    shown: dict[str, tuple[list[str], list[str]]]


def read_cases(path: Path) -> list[Case]:
    """Read the table of requests to one application.

    A request has a ``line`` (``HTTP/1.1`` is added when it names no protocol), and may have
    ``headers``, a ``body`` (one character for each octet) and the ``rule`` that it shows. ``Host``
    and ``Content-Length`` are added unless they are given, or unless it is ``bare``. Or it is
    given ``raw``.
    """
    over_socket = path.parent.name == "socket_requests"
    tables = tomllib.loads(path.read_text("utf-8"))
    cases = []
    for topic, table in tables.items():
        seen: Counter[str] = Counter()
        for request in table["requests"]:
            raw: str = request["raw"] if "raw" in request else _raw(request)
            shown = request.get("line") or repr(raw.partition("\r\n")[0])[1:-1]
            name = f"{path.stem}/{topic}: {shown}"
            seen[name] += 1
            again = f" #{seen[name]}" if seen[name] > 1 else ""
            rule = request.get("rule", "")
            cases.append(Case(path.stem, name + again, raw, rule, over_socket))
    return cases


def _raw(request: dict[str, Any]) -> str:
    line = str(request["line"])
    if not line.rsplit(" ", 1)[-1].startswith("HTTP/"):
        line += " HTTP/1.1"
    headers: list[str] = list(request.get("headers", []))
    content: str = request.get("body", "")
    names = {header.partition(":")[0].lower() for header in headers}
    if not request.get("bare", False):
        if "host" not in names and not line.endswith("HTTP/1.0"):
            headers.insert(0, "Host: example.com")
        if content and "content-length" not in names:
            headers.append(f"Content-Length: {len(content)}")
    return "\r\n".join([line, *headers]) + "\r\n\r\n" + content


def all_cases() -> list[Case]:
    """Read every table."""
    return [case for path in sorted(COMPAT.glob("*requests/*.toml")) for case in read_cases(path)]


def ask_cherrypy(cases: list[Case]) -> dict[str, Answers]:
    """Let CherryPy 18.10.0 answer; `ask` says what is given and returned.

    It is kept apart from this project, and its sets have the same order in every run. The
    environment variable ``CHERRYPY_REFERENCE_PYTHON`` names an interpreter that has it.
    """
    python = os.environ.get("CHERRYPY_REFERENCE_PYTHON") or str(environments.reference_python())
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return ask([python, "-sP"], environ | {"PYTHONHASHSEED": "0"}, cases)


def ask_ours(cases: list[Case]) -> dict[str, Answers]:
    """Let this project answer; `ask` says what is given and returned."""
    return ask([sys.executable], dict(os.environ), cases)


def ask(command: list[str], environ: dict[str, str], cases: list[Case]) -> dict[str, Answers]:
    """Let one implementation answer.

    Args:
        command: Its interpreter with options.
        environ: The environment variables of its process.
        cases: Requests; those to one application go to one process, in their order.

    Returns:
        Answers by the name of the case.

    Raises:
        RuntimeError: The driver failed.
    """
    return _run([*command, str(COMPAT / "driver.py")], environ, cases, over_socket=False) | _run(
        [*command, str(COMPAT / "socket_driver.py")],
        environ,
        cases,
        over_socket=True,
    )


def _run(
    command: list[str],
    environ: dict[str, str],
    cases: list[Case],
    *,
    over_socket: bool,
) -> dict[str, Answers]:
    chosen = [case for case in cases if case.over_socket is over_socket]
    if not chosen:
        return {}
    batch: dict[str, list[str]] = {}
    for case in chosen:
        batch.setdefault(case.application, []).append(case.raw)
    run = subprocess.run(  # noqa: S603
        command,
        input=json.dumps(batch),
        env=environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"{command} failed:\n{run.stderr}")
    replies = {name: iter(found) for name, found in json.loads(run.stdout).items()}
    return {
        case.name: [Answer(**answer) for answer in next(replies[case.application])]
        for case in chosen
    }


def compare(case: Case, theirs: Answers, ours: Answers) -> tuple[list[str], list[str]]:
    """Tell in which lines two answers differ.

    Returns:
        The lines that only CherryPy's answer has, and those that only ours has. Both are empty
        for answers that are the same.
    """
    return _only(
        [line for answer in theirs for line in lines(case, answer)],
        [line for answer in ours for line in lines(case, answer)],
    )


def _only(left: list[str], right: list[str]) -> tuple[list[str], list[str]]:
    marked = list(difflib.ndiff(left, right))
    return (
        [line[2:] for line in marked if line.startswith("- ")],
        [line[2:] for line in marked if line.startswith("+ ")],
    )


def lines(case: Case, answer: Answer) -> list[str]:
    """Tell an answer in lines that can be compared.

    What is told apart from the octets: reason phrases by their names of today; a page of the
    framework itself that tells of an error by its message, and whether it has a traceback; a
    gzip-coded body decoded; no length that is right; a moment near to that of the request as its
    distance; no blanks at the end of an error's body, which CherryPy adds for browsers of 2004;
    and of a bare error, where CherryPy has a traceback, the first line alone.
    """
    if answer.failure is not None:
        return [f"({answer.failure})"]
    answer = _with_common_boundary(answer)
    headers = sorted(f"{name}: {value}" for name, value in _told_headers(case, answer))
    status = answer.status
    for old, new in RENAMED.items():
        status = status.replace(old, new)
    return [status, *headers, *(_error_page(answer) or _octets(answer).splitlines())]


def _with_common_boundary(answer: Answer) -> Answer:
    """Name the boundary of several ranges, which is random, the same in every answer."""
    for name, value in answer.headers:
        boundary = value.removeprefix("multipart/byteranges; boundary=")
        if name == "Content-Type" and boundary != value:
            headers = [
                [key, text.replace(boundary, "(boundary)")]
                for key, text in answer.headers
                if key.lower() != "content-length" or text != str(len(answer.body))
            ]
            body = answer.body.replace(boundary, "(boundary)")
            return dataclasses.replace(answer, headers=headers, body=body)
    return answer


def _told_headers(case: Case, answer: Answer) -> list[tuple[str, str]]:
    told = []
    is_error = _code(answer)[:1] in {"4", "5"}
    for name, value in answer.headers:
        if name.lower() in NOT_COMPARED:
            continue
        if name.lower() == "content-length":
            if value == str(len(answer.body)) or BARE_ERROR in answer.body:
                continue
            if is_error and case.method == "HEAD":
                continue
            if _is_compressed(answer) and case.method == "HEAD":
                continue
        told.append((name, _told_moment(value, answer.seconds)))
    return told


def _code(answer: Answer) -> str:
    """Give the three digits of the status, which over a socket has the version before it."""
    return answer.status.removeprefix("HTTP/1.0 ").removeprefix("HTTP/1.1 ")[:3]


def _told_moment(value: str, now: float) -> str:
    if not re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", value):
        return value
    distance = email.utils.parsedate_to_datetime(value).timestamp() - now
    for seconds in (0, 60, 3600):
        if abs(distance - seconds) < 5:  # seconds that a request may take
            return f"(now + {seconds} s)"
    return value


def _is_compressed(answer: Answer) -> bool:
    return ["Content-Encoding", "gzip"] in answer.headers


def _octets(answer: Answer) -> str:
    body = answer.body
    if _is_compressed(answer) and body:
        with contextlib.suppress(gzip.BadGzipFile):  # a program has replaced it
            body = gzip.decompress(body.encode("latin-1")).decode("latin-1")
    if _code(answer)[:1] in {"4", "5"}:
        body = body.rstrip(" ")
    before, bare, _ = body.partition(BARE_ERROR)
    body = before + bare
    body = re.sub(r"Error id: [0-9a-f-]{36}", "Error id: (uuid)", body)
    return re.sub(r" at 0x[0-9a-f]+", " at 0x", body)


def _error_page(answer: Answer) -> list[str] | None:
    """Tell the page of an error that either framework wrote; None for every other body."""
    body = _octets(answer)
    if "Powered by" not in body or f"<title>{_code(answer)} " not in body:
        return None
    message = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
    traceback = re.search(r'<pre id="traceback">(.*?)</pre>', body, re.DOTALL)
    said = message[1].replace("&#x27;", "'").replace("&quot;", '"') if message else ""
    return [f"(page) {said}", f"(traceback: {bool(traceback and traceback[1].strip())})"]


@functools.cache
def listed_differences() -> list[Difference]:
    """Read the differences that are meant."""
    return [
        Difference(
            entry["title"],
            entry["reason"],
            {shown["request"]: (shown["cherrypy"], shown["ours"]) for shown in entry["shown"]},
        )
        for entry in tomllib.loads(DIFFERENCES.read_text("utf-8")).get("difference", [])
    ]


def expected(case: Case) -> tuple[list[str], list[str]]:
    """Tell in which lines the answers are meant to differ, as `compare` does."""
    for difference in listed_differences():
        if case.name in difference.shown:
            return difference.shown[case.name]
    return [], []
