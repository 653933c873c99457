# mypy: disable-error-code="import-not-found"
# matplotlib is in an environment of its own, whose interpreter runs this script.
"""Draw results: ``plot.py RESULTS.json PLOT.png``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.scenarios import SCENARIOS  # on the path set just above

TITLES = {
    "ours": "this project",
    "cherrypy": "CherryPy 18.10.0",
    "bottle": "Bottle",
    "flask": "Flask",
    "falcon": "Falcon",
    "bare": "WSGI function",
}
COLOURS = dict(
    zip(TITLES, ("#b3123f", "#8a8a8a", "#4e79a7", "#76a06f", "#d1953b", "#c9c9c9"), strict=True),
)


def draw(
    axes: Any,
    found: dict[str, Any],
    title: str,
    unit: str,
) -> None:
    """Draw one scenario: a bar for each peer, with the lowest and highest round."""
    names = [name for name in TITLES if name in found]
    values = [median(found[name]["rounds"]) for name in names]
    spread = [
        [value - min(found[name]["rounds"]) for name, value in zip(names, values, strict=True)],
        [max(found[name]["rounds"]) - value for name, value in zip(names, values, strict=True)],
    ]
    positions = range(len(names))
    axes.barh(
        positions, values, xerr=spread, color=[COLOURS[name] for name in names], ecolor="#555"
    )
    axes.set_yticks(positions, [TITLES[name] for name in names])
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(unit, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    for position, value in zip(positions, values, strict=True):
        axes.annotate(
            f" {value:,.1f}" if value < 1000 else f" {value:,.0f}",
            (value, position),
            fontsize=7,
            va="bottom",
        )


def main(source: str, target: str) -> None:
    """Draw everything that was measured."""
    mpl.use("Agg")
    results = json.loads(Path(source).read_text("utf-8"))
    panels = [
        (found, f"{SCENARIOS[name].title}, in process", "µs for a request: shorter is better")
        for name, found in results["in_process"].items()
    ]
    panels += [
        (found, f"{SCENARIOS[name].title}, over HTTP", "requests in a second: longer is better")
        for name, found in results["http"].items()
    ]
    rows = (len(panels) + 1) // 2
    figure, grid = plt.subplots(rows, 2, figsize=(11, 2.1 * rows), squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        draw(axes, *panel)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
