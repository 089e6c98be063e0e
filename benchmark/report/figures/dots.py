"""A measure of many models as dots with intervals, on an axis that need not start at zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark import text
from benchmark.measure.measure import Format
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.figures.labels import SIZE, wrapped
from benchmark.report.figures.style import (
    WIDTH,
    canvas,
    family_legend,
    linear_x_axis,
    log_axis,
    margins,
    text_width,
)
from benchmark.report.palette import FAMILY_NAMES, LIGHT, MARKERS, family_colour
from benchmark.report.rows import Row


@dataclass(frozen=True)
class Dot:
    """A row of the comparison, by its number, as far as it is drawn by a measure of it. `said` is its value
    in words, `line` what the line through it is."""

    row: int
    label: str
    family: str
    value: float
    interval: tuple[float, float] | None
    deviation: float | None
    said: str
    line: str

    @classmethod
    def of(cls, row: Row) -> Dot:
        """By its test perplexity."""
        value, deviation = row.perplexity or 0.0, row.deviation(TEST_PERPLEXITY)
        spread = f" ± {text.spread(deviation, value)}" if deviation is not None else ""
        said = f"{text.perplexity(value)}{spread}"
        line = interval_over("text", row) if row.interval else "one standard deviation over seeds"
        return cls(row.number, row.label, row.family, value, row.interval, deviation, said, line)


def interval_over(what: str, row: Row) -> str:
    """What the interval of a row's measure on the test text, or on the test items, covers."""
    return f"95% interval over the test {what}{' and seeds' if len(row.runs) > 1 else ''}"


@dataclass(frozen=True)
class Scale:
    """What dots are drawn by: the axis's label, how its ticks and the ends of intervals are written, and
    whether it is logarithmic, with dots beyond `CUT` times the best at its edge."""

    label: str
    tick: Format
    show: Format
    log: bool = False


#: A dot at more than this many times the best is drawn at the edge, or the others could not be told apart.
CUT = 2.0


def beyond(rows: Sequence[Dot]) -> list[Dot]:
    """The rows whose dots are at the edge. The first row is the best."""
    return [dot for dot in rows if dot.value > CUT * rows[0].value]


def perplexity_dots(rows: Sequence[Dot]) -> Figure:
    """`value_dots` by test perplexity."""
    return value_dots(rows, Scale(TEST_PERPLEXITY.axis, text.significant, text.perplexity, log=True))


def value_dots(
    rows: Sequence[Dot], scale: Scale, families_called: Mapping[str, str] = FAMILY_NAMES
) -> Figure:
    """A dot for each row, best at the top, with its interval and its value.

    Where no row has an interval, the line is one standard deviation over seeds.
    """
    names = [wrapped(dot.label, 26, 3) for dot in rows]
    families = {dot.family for dot in rows}
    step = 20.0 + 9.0 * max(name.count("\n") for name in names)
    top = 26.0 if len(families) > 1 else 8.0
    figure, axes = canvas(44 + top + step * len(rows))
    outside = beyond(rows) if scale.log else []
    spans = [_span(dot, any(each.interval for each in rows)) for dot in rows if dot not in outside]
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    left = min(text_width(names, SIZE) + 12, WIDTH * 0.5)
    margins(figure, left, text_width([dot.said for dot in rows]) + 12, top=top)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    if scale.log:
        room = max((high / low) ** 0.05, 1.01)
        axes.set_xlim(low / room, high * room)
        log_axis(axes, "x", scale.tick)
    else:
        room = 0.05 * (high - low) or 0.01
        axes.set_xlim(low - room, high + room)
        linear_x_axis(axes, scale.tick)
    axes.fmt_xdata = scale.show
    for place, (dot, name) in enumerate(zip(rows, names, strict=True)):
        _write_name(axes, name, place, dot.row)
        axes.annotate(
            dot.said,
            (1, place),
            xycoords=axes.get_yaxis_transform(),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            gid=f"row-{dot.row}-9",
        )
    _dots(axes, rows, outside, any(each.interval for each in rows))
    axes.set_yticks(range(len(rows)), [])
    axes.set(xlabel=scale.label, ylabel="")
    if len(families) > 1:
        family_legend(axes, families, left, families_called)
    return figure


def _span(dot: Dot, intervals: bool) -> tuple[float, float]:
    """The ends of the line of a row; both its value where it has none."""
    value = dot.value
    if intervals:
        return dot.interval or (value, value)
    return value - (dot.deviation or 0.0), value + (dot.deviation or 0.0)


def _dots(axes: Axes, rows: Sequence[Dot], outside: Sequence[Dot], intervals: bool) -> None:
    """The marks of all rows, and their lines; rows beyond the edge are arrows there."""
    places = {dot.row: place for place, dot in enumerate(rows)}
    edge = axes.get_xlim()[1]
    for dot in rows:
        low, high = _span(dot, intervals)
        if dot not in outside and low < high:
            draw_span(axes, dot, (low, high), places[dot.row], linewidth=2.0, zorder=2)
    for family in dict.fromkeys(dot.family for dot in rows):
        inside = [dot for dot in rows if dot.family == family and dot not in outside]
        beyond_it = [dot for dot in rows if dot.family == family and dot in outside]
        for shown, marker in ((inside, MARKERS.get(family, "o")), (beyond_it, ">")):
            if shown:
                axes.scatter(
                    [min(dot.value, edge) for dot in shown],
                    [places[dot.row] for dot in shown],
                    s=52,
                    marker=marker,
                    color=family_colour(family),
                    edgecolors=LIGHT["ground"],
                    linewidths=0.8,
                    label="\n".join(dot.said for dot in shown),
                    gid="rows-" + "-".join(str(dot.row) for dot in shown),
                    clip_on=False,
                    zorder=3,
                )


def draw_span(
    axes: Axes, dot: Dot, ends: tuple[float, float], y: float, *, linewidth: float, zorder: float
) -> None:
    """Draws the line of a row, which tells a reader of the page what it is and where it ends."""
    axes.hlines(
        y,
        *ends,
        color=family_colour(dot.family),
        linewidth=linewidth,
        capstyle="round",
        label=dot.line,
        gid=f"row-{dot.row}-0",
        zorder=zorder,
    )


def _write_name(axes: Axes, name: str, place: int, number: int) -> None:
    """Writes a name to the left of its dot, line by line, so that a page aligns them to the right."""
    lines = name.split("\n")
    for index, line in enumerate(lines):
        axes.annotate(
            line,
            (0, place),
            xycoords=axes.get_yaxis_transform(),
            xytext=(-7, ((len(lines) - 1) / 2 - index) * 1.1 * SIZE),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=SIZE,
            gid=f"row-{number}-9",
        )
