"""Which colour and shape stands for which family."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.axes import Axes

from benchmark.report.palette import FAMILY_NAMES, MARKERS, family_colour


def family_key(axes: Axes, families: Iterable[str]) -> None:
    """The families among these, each with its mark, in a row above the axes."""
    there = set(families)
    shown = [family for family in FAMILY_NAMES if family in there]
    handles = [
        axes.plot([], [], MARKERS[family], color=family_colour(family), markersize=7)[0] for family in shown
    ]
    axes.legend(
        handles,
        [FAMILY_NAMES[family] for family in shown],
        loc="lower left",
        bbox_to_anchor=(-0.025, 1.0),
        ncols=3,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
        borderpad=0,
    )
