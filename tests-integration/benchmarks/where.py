"""Tell where the time of a request goes: ``python where.py [SCENARIO]``.

A timer of processor time interrupts the requests a thousand times in a second; what is counted is
the innermost function of the framework at that moment, with the C functions that it calls. Python
looks at the timer between byte codes only, so the shares are of the right size, and not exact.
"""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

SUITES = Path(__file__).parents[1]
sys.path[:0] = [str(SUITES), str(SUITES / "support")]

from benchmarks.scenarios import SCENARIOS  # noqa: E402 - on the path set just above
from benchmarks.worker import Peer  # noqa: E402

if TYPE_CHECKING:
    from types import FrameType

SECONDS = 10
INTERVAL = 0.001
OUTSIDE = "the benchmark itself"


def place(frame: FrameType | None) -> str:
    """Name the innermost function of the framework or the application that a frame is in."""
    while frame is not None:
        _, found, path = frame.f_code.co_filename.rpartition("/cherrypy/")
        if found:
            return f"{path}: {frame.f_code.co_name}"
        if frame.f_code.co_filename.endswith("cherrypy_application.py"):
            return "page handler"
        frame = frame.f_back
    return OUTSIDE


def sample(scenario: str) -> tuple[Counter[str], float]:
    """Put the request of a scenario for some seconds.

    Returns:
        How often the timer found what, and the microseconds of a request.
    """
    chosen = SCENARIOS[scenario]
    request = Peer("cherrypy_application", chosen.application).request(chosen)
    found: Counter[str] = Counter()

    def note(number: int, frame: FrameType | None) -> None:
        del number
        found[place(frame)] += 1

    for _ in range(2000):
        request()
    requests = 0
    previous = signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    start = time.process_time()
    while time.process_time() - start < SECONDS:
        for _ in range(1000):
            request()
        requests += 1000
    elapsed = time.process_time() - start
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, previous)
    return found, elapsed / requests * 1e6


def main(scenario: str = "hello") -> None:
    """Print a table."""
    found, microseconds = sample(scenario)
    total = found.total()
    print(f"| {SCENARIOS[scenario].title}: {microseconds:.1f} µs | share | µs |\n|---|---:|---:|")
    for name, count in found.most_common():
        share = count / total
        if share >= 0.01:
            print(f"| `{name}` | {share:.0%} | {share * microseconds:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
