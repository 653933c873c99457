"""Count what a piece of code does, exactly: calls, and memory blocks."""

from __future__ import annotations

import dataclasses
import gc
import sys
import tracemalloc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


@dataclasses.dataclass(frozen=True)
class Calls:
    """How many calls were made. The same code makes the same number in every run."""

    python: int
    """Calls of functions written in Python, resumed generators included."""
    c: int
    """Calls of functions written in C."""

    @property
    def total(self) -> int:
        """All calls."""
        return self.python + self.c


@dataclasses.dataclass(frozen=True)
class Memory:
    """What one run of a piece of code needs of memory."""

    blocks_kept: float
    """Blocks that are still there after a run, on average: zero, unless it leaks or caches."""
    peak_octets: int
    """How much more than before was in use at the worst moment of a run."""


def count_calls(action: Callable[[], object]) -> Calls:
    """Count the calls that an action makes in this thread, itself not counted.

    Run the action once before, so that caches are filled. What C code does by itself is not seen:
    ``dict.get`` called by name counts, ``mapping[key]`` does not.
    """
    counts = {"call": 0, "c_call": 0}

    def count(frame: FrameType, event: str, argument: object) -> None:
        del frame, argument
        if event in counts:
            counts[event] += 1

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(previous)
    # The call of the action and the call of setprofile are no part of it.
    return Calls(counts["call"] - 1, counts["c_call"] - 1)


def measure_memory(action: Callable[[], object], runs: int = 1000) -> Memory:
    """Measure what runs of an action keep and need.

    Args:
        action: What to run; run it before, so that caches are filled.
        runs: How often to run it for the average.
    """
    action()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(runs):
        action()
    gc.collect()
    kept = (sys.getallocatedblocks() - before) / runs
    tracemalloc.start()
    try:
        action()
        tracemalloc.reset_peak()
        start, _ = tracemalloc.get_traced_memory()
        action()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return Memory(kept, peak - start)
