"""Tables of what was measured, as Markdown."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.peers import OURS, PEERS
from benchmarks.scenarios import SCENARIOS

BEGIN = "<!-- benchmark: begin -->"
END = "<!-- benchmark: end -->"

Rounds = dict[str, Any]


def ratios(found: dict[str, Rounds], peer: str) -> list[float]:
    """Divide a peer's value of each round by ours of the same round, in rising order."""
    return sorted(
        theirs / ours
        for theirs, ours in zip(found[peer]["rounds"], found[OURS]["rounds"], strict=True)
    )


def _range(values: list[float]) -> str:
    return f"{median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def in_process_table(found: dict[str, Rounds]) -> list[str]:
    """Tell the microseconds, calls and memory of one request."""
    lines = [
        "| | µs (median) | lowest | highest | time / ours | calls Python + C | peak octets |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, rounds in found.items():
        times = sorted(rounds["rounds"])
        calls = rounds["calls"]
        lines.append(
            f"| {PEERS[name].title} | {median(times):.2f} | {times[0]:.2f} | {times[-1]:.2f} "
            f"| {_range(ratios(found, name))} | {calls['python']} + {calls['c']} "
            f"| {calls['peak_octets']:,} |",
        )
    return lines


def http_table(found: dict[str, Rounds]) -> list[str]:
    """Tell the requests in a second."""
    lines = [
        "| | requests/s (median) | lowest | highest | ours / theirs |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, rounds in found.items():
        rates = sorted(rounds["rounds"])
        shares = sorted(1 / ratio for ratio in ratios(found, name))
        lines.append(
            f"| {PEERS[name].title} | {median(rates):,.0f} | {rates[0]:,.0f} | {rates[-1]:,.0f} "
            f"| {_range(shares)} |",
        )
    return lines


def tables(results: dict[str, Any]) -> str:
    """Write everything that was measured."""
    machine = results["machine"]
    lines = [
        (
            f"CPython {machine['python']}, {machine['system']}, {machine['processors']} "
            "processors; access log off where nothing else is said; in brackets the lowest and "
            "highest ratio of all rounds."
        ),
        "",
    ]
    for name, found in results["in_process"].items():
        lines += [f"### {SCENARIOS[name].title}, in process", "", *in_process_table(found), ""]
    for name, found in results["http"].items():
        lines += [f"### {SCENARIOS[name].title}, over HTTP on cheroot", "", *http_table(found), ""]
    return "\n".join(lines)


def replaced(page: str, table: str) -> str:
    """Put a table in the place of the one that a page has.

    Raises:
        ValueError: The page has no place for it.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected {BEGIN} and {END} in the page")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
