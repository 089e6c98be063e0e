"""All models of a corpus at one glance: a lane for each family, with its winner named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.figures.dots import Dot, draw_span
from benchmark.report.figures.labels import wrapped
from benchmark.report.figures.style import FONT, WIDTH, canvas, log_axis, margins, text_width
from benchmark.report.palette import FAMILY_NAMES, LIGHT, MARKERS, family_colour

#: Rows at more than this many times the lowest perplexity are counted at the edge, not drawn.
REACH = 2.0
#: Points between two lanes: the name of a winner stands above its lane.
LANE = 50.0


def within_reach(rows: Sequence[Dot]) -> list[Dot]:
    """The rows that are drawn. The first row is the best."""
    return [dot for dot in rows if dot.value <= REACH * rows[0].value]


def family_strip(rows: Sequence[Dot], winners: Mapping[str, Dot]) -> Figure:
    """Every row as a ring at its test perplexity; the winner of each family filled, with name and interval.

    Winners are drawn however far they are; of other rows, those `within_reach`.
    """
    families = [family for family in FAMILY_NAMES if family in winners]
    inside = within_reach(rows)
    drawn = [dot for dot in rows if dot in inside or dot in winners.values()]
    figure, axes = canvas(40 + LANE * len(families) + 8)
    left = text_width([FAMILY_NAMES[family] for family in families]) + 14
    far = {family: _more(sum(r.family == family and r not in drawn for r in rows)) for family in families}
    margins(figure, left, text_width(far.values()) + 14, bottom=40, top=8)
    ends = [end for dot in drawn for end in (dot.interval or (dot.value,))]
    low, high = min(ends), max(*ends, *(dot.value for dot in drawn))
    room = max((high / low) ** 0.05, 1.02)
    axes.set_xlim(low / room, high * room)
    axes.set_ylim(len(families) - 0.5 + 0.12, -0.5)
    log_axis(axes, "x", lambda value: text.significant(value, 3))
    axes.fmt_xdata = text.perplexity
    for lane, family in enumerate(families):
        others = [dot for dot in drawn if dot.family == family and dot != winners[family]]
        _lane(axes, lane + 0.2, family, others, winners[family], far[family])
    axes.set_yticks([])
    axes.set(xlabel=TEST_PERPLEXITY.axis, ylabel="")
    return figure


def _more(rows: int) -> str:
    """What stands at the right end of a lane for the rows that are not drawn."""
    return f"{rows} more ›" if rows else ""


def _lane(axes: Axes, y: float, family: str, others: Sequence[Dot], winner: Dot, far: str) -> None:
    colour, marker = family_colour(family), MARKERS[family]
    frame = axes.get_window_extent()
    axes.axhline(y, color=LIGHT["rule"], linewidth=0.8, zorder=0)
    axes.text(-7 / frame.width, y, FAMILY_NAMES[family], transform=axes.get_yaxis_transform(), ha="right",
              va="center", color=colour)  # fmt: skip
    if others:
        axes.scatter(
            [dot.value for dot in others],
            [y] * len(others),
            s=22,
            marker=marker,
            facecolors=LIGHT["ground"],
            edgecolors=colour,
            linewidths=0.9,
            gid="rows-" + "-".join(str(dot.row) for dot in others),
            clip_on=False,
            zorder=2,
        )
    gid = f"row-{winner.row}-0"
    value = winner.value
    if winner.interval:
        draw_span(axes, winner, winner.interval, y, linewidth=3.0, zorder=2.5)
    axes.plot([value], [y], marker, color=colour, mec=LIGHT["ground"], markersize=10, gid=gid, zorder=3,
              label=winner.label)  # fmt: skip
    axes.text(1 + 8 / frame.width, y, far, transform=axes.get_yaxis_transform(), va="center",
              color=LIGHT["muted"])  # fmt: skip
    said = wrapped(f"{winner.label}: {text.perplexity(winner.value)}", 46)
    wide = text_width([said], weight="bold")
    x = axes.transData.transform((value, y))[0]
    start = max(4.0, min(x - wide / 2, WIDTH - 4 - wide))
    axes.annotate(
        said,
        ((start - frame.x0) / frame.width, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, 9),
        textcoords="offset points",
        va="bottom",
        fontsize=FONT,
        fontweight="bold",
        gid=f"row-{winner.row}-9",
    )
