"""The trials of a search as points, and the lowest value so far as a stepped line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmark import text
from benchmark.report.figures.style import canvas, log_axis, margins
from benchmark.report.palette import LIGHT


def trial_chart(
    finished: Sequence[tuple[int, float]],
    lowest: Sequence[tuple[int, float]],
    trials: int,
    ceiling: float,
    ylabel: str,
) -> Figure:
    """A chart of `finished` trials as (trial, value), and of the `lowest` value so far at each trial.

    The best trial is marked. Points above `ceiling` times the lowest are triangles at the upper
    edge, and the line begins there. The axis is logarithmic, unless the lowest value is 0.
    """
    figure, axes = canvas()
    margins(figure, 56, 14)
    best = min(finished, key=lambda point: (point[1], point[0]))
    edge = ceiling * best[1] or math.inf
    inside = [point for point in finished if point[1] <= edge]
    outside = [(x, edge) for x, y in finished if y > edge]
    axes.step(*zip(*lowest, (trials, lowest[-1][1]), strict=True), where="post", color=LIGHT["blue"])
    axes.plot(*zip(*inside, strict=True), "o", color=LIGHT["muted"], markersize=4.5, **_told("A trial"))
    if outside:
        axes.plot(*zip(*outside, strict=True), "^", color=LIGHT["muted"], markersize=6, clip_on=False,
                  **_told("A trial"))  # fmt: skip
    axes.plot(*best, "D", color=LIGHT["orange"], markersize=7.5, **_told("The best trial"))
    axes.set_xlim(0.5, trials + 0.5)
    if best[1] > 0:
        span = max(1.02, max(y for _, y in (*inside, *outside)) / best[1])
        axes.set_ylim(best[1] / span**0.08, edge if outside else best[1] * span**1.08)
        log_axis(axes, "y", text.perplexity)
    axes.set(xlabel="trial", ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    return figure


def _told(name: str) -> dict[str, Any]:
    """Has marks that are no row of the comparison tell what they are (see `told`)."""
    return {"label": name, "gid": "row-0-0"}
