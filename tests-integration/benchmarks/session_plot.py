# mypy: disable-error-code="import-not-found"
# matplotlib is in an environment of its own, whose interpreter runs this script.
"""Draw results of sessions: ``session_plot.py RESULTS.json PLOT.png``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.plot import draw  # on the path set just above


def main(source: str, target: str) -> None:
    """Draw everything that was measured."""
    mpl.use("Agg")
    results = json.loads(Path(source).read_text("utf-8"))
    figure, grid = plt.subplots(len(results["in_process"]), 2, figsize=(10, 6.5), squeeze=False)
    for row, storage in zip(grid, results["in_process"], strict=True):
        in_process, http = results["in_process"][storage], results["http"][storage]
        draw(row[0], in_process, f"{storage}, in process", "µs for a request: shorter is better")
        draw(row[1], http, f"{storage}, on cheroot", "requests in a second: longer is better")
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
