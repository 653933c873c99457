"""Measure this project against its peers: ``hatch run bench``.

In process, each peer answers in its own interpreter; they take turns within each round, so that
what else the machine does hits all of them. Over HTTP each is served by cheroot with ten threads,
and asked by wrk over ten connections. The access log is off, but in the scenarios named after it.

Results go to ``results/``, which git ignores. ``--keep`` also writes the table and the plot of the
documentation. Wrong answers end the run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "support")]

from benchmarks import report  # noqa: E402
from benchmarks.peers import OURS, PEERS, Worker  # noqa: E402
from benchmarks.scenarios import SCENARIOS, Scenario  # noqa: E402

import environments  # noqa: E402 - on the path set just above
from repository import ROOT  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RESULTS = HERE / "results"
KEPT_PAGE = ROOT / "docs" / "explanation" / "performance.md"
KEPT_PLOT = ROOT / "docs" / "explanation" / "performance.png"
OVER_HTTP = ("hello", "path", "form", "multipart")
ROUND_SECONDS = 0.1
CONNECTIONS = 10
PLOT_REQUIREMENTS = ("matplotlib==3.10.7",)


def in_process(scenario: Scenario, rounds: int) -> dict[str, Any]:
    """Measure one scenario with every peer that has it.

    Returns:
        By peer: ``rounds`` (microseconds for a request, one value for each round) and ``calls``.
    """
    names = [name for name, peer in PEERS.items() if scenario.name in peer.scenarios]
    found: dict[str, Any] = {name: {"rounds": []} for name in names}
    with contextlib.ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(PEERS[name], scenario.application)) for name in names
        }
        repetitions = {}
        for name, worker in workers.items():
            found[name]["calls"] = worker.calls(scenario.name)
            warm = worker.round_us(scenario.name, 200)
            repetitions[name] = max(20, int(ROUND_SECONDS * 1e6 / warm))
        for _ in range(rounds):
            random.shuffle(names)
            for name in names:
                elapsed = workers[name].round_us(scenario.name, repetitions[name])
                found[name]["rounds"].append(elapsed)
    return found


def over_http(scenario: Scenario, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure one scenario over HTTP.

    Returns:
        By peer: ``rounds``, requests in a second, one value for each round.
    """
    names = [name for name, peer in PEERS.items() if scenario.name in peer.scenarios]
    found: dict[str, Any] = {name: {"rounds": []} for name in names}
    with contextlib.ExitStack() as stack:
        ports = {}
        for name in names:
            worker = stack.enter_context(Worker(PEERS[name], scenario.application))
            ports[name] = worker.serve()
        script = stack.enter_context(wrk_script(scenario))
        for name in names:
            run_wrk(ports[name], scenario, script, 1)  # fills caches
        for _ in range(rounds):
            random.shuffle(names)
            for name in names:
                rate = run_wrk(ports[name], scenario, script, seconds)
                found[name]["rounds"].append(rate)
    return found


@contextlib.contextmanager
def wrk_script(scenario: Scenario) -> Iterator[str]:
    """Write the request for wrk into a temporary file, whose path is given."""
    content = "".join(f"\\{octet:03d}" for octet in scenario.content)
    lines = [f'wrk.method = "{scenario.method}"', f'wrk.body = "{content}"']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in scenario.headers]
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="ascii") as file:
        file.write("\n".join(lines))
        file.flush()
        yield file.name


def run_wrk(port: int, scenario: Scenario, script: str, seconds: int) -> float:
    """Let wrk ask for some seconds.

    Returns:
        Requests in a second.

    Raises:
        RuntimeError: wrk is missing, or an answer was not what it should be.
    """
    return ask_by_wrk(f"http://127.0.0.1:{port}{scenario.target}", script, seconds)


def ask_by_wrk(url: str, script: str, seconds: int) -> float:
    """Let wrk ask for some seconds, as a script says; see :func:`run_wrk`."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed; --no-http measures in process alone")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, url]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    rate = re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)
    if rate is None or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
        raise RuntimeError(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return float(rate[1])


def plot(results: Path, target: Path, script: str = "plot.py") -> None:
    """Draw results with a script of this folder, in the environment that has matplotlib."""
    python = environments.environment("benchmark-plot", PLOT_REQUIREMENTS)
    command = [str(python), str(HERE / script), str(results), str(target)]
    subprocess.run(command, check=True)  # noqa: S603


def machine() -> dict[str, object]:
    """Tell what the numbers were made with."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": len(os.sched_getaffinity(0)),
    }


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS), help="only this")
    parser.add_argument("--rounds", type=int, default=15, help="rounds in process (15)")
    parser.add_argument("--http-rounds", type=int, default=5, help="rounds over HTTP (5)")
    parser.add_argument("--http-seconds", type=int, default=2, help="seconds of such a round (2)")
    parser.add_argument("--no-http", action="store_true", help="measure in process alone")
    parser.add_argument("--keep", action="store_true", help="write the page of the documentation")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write what was found."""
    chosen = options(arguments)
    names = chosen.scenario or list(SCENARIOS)
    results: dict[str, Any] = {"machine": machine(), "in_process": {}, "http": {}}
    for name in names:
        print(f"in process: {SCENARIOS[name].title}", flush=True)
        results["in_process"][name] = in_process(SCENARIOS[name], chosen.rounds)
    for name in [] if chosen.no_http else [name for name in OVER_HTTP if name in names]:
        print(f"over HTTP: {SCENARIOS[name].title}", flush=True)
        found = over_http(SCENARIOS[name], chosen.http_rounds, chosen.http_seconds)
        results["http"][name] = found
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "results.json").write_text(json.dumps(results, indent=1), "utf-8")
    table = report.tables(results)
    (RESULTS / "table.md").write_text(table, "utf-8")
    plot(RESULTS / "results.json", RESULTS / "plot.png")
    print(table)
    if chosen.keep:
        KEPT_PAGE.write_text(report.replaced(KEPT_PAGE.read_text("utf-8"), table), "utf-8")
        shutil.copy(RESULTS / "plot.png", KEPT_PLOT)
    print(f"ours is {OURS!r}; written to {RESULTS}")


if __name__ == "__main__":
    main()
