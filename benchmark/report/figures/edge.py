"""Lines that leave the axes at the top: where they do, and what is written about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes

from benchmark import text

#: The mark on the edge, as a character for text.
MARK = "▲"
#: Written above axes at whose edge lines end that are not named there.
LEGEND = f"{MARK} goes on beyond the upper edge"

Points = Sequence[tuple[float, float]]


def note(name: str, points: Points, top: float) -> str:
    """What stands above the axes about a line that is above them at its end; empty for others."""
    if points[-1][1] <= top:
        return ""
    highest = max(y for _, y in points)
    return f"{MARK} {name}: up to {'∞' if math.isinf(highest) else text.significant(highest)}"


def passes(points: Points, top: float) -> bool:
    """Whether a line is both inside the axes and above them."""
    above = {y > top for _, y in points}
    return len(above) == 2


def mark_edge(axes: Axes, points: Points, colour: str, *, steps: bool, row: int, name: str) -> None:
    """Draws a mark wherever a line passes the upper edge, or above its lowest point if it is all above.

    The axes have their final place and limits. `steps`: the line is level up to each point, then upright.
    """
    top = axes.get_ylim()[1]
    places = []
    for (x0, y0), (x1, y1) in pairwise(points):
        if (y0 > top) == (y1 > top):
            continue
        if steps or math.isinf(y0) or math.isinf(y1):
            places.append(x1 if steps or math.isinf(y1) else x0)
            continue
        (left, low), (right, high), (_, edge) = axes.transData.transform([(x0, y0), (x1, y1), (x0, top)])
        across = left + (right - left) * (edge - low) / (high - low)
        places.append(axes.transData.inverted().transform((across, edge))[0])
    if not places and points[-1][1] > top:
        places = [min(points, key=lambda point: point[1])[0]]
    for x in places:
        axes.plot(
            [x],
            [top],
            "^",
            color=colour,
            markersize=7,
            markeredgewidth=0,
            clip_on=False,
            zorder=4,
            label=name,
            gid=f"row-{row}-0",
        )
