"""How every figure looks, and how it is saved with the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from itertools import pairwise
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from benchmark import text
from benchmark.measure.measure import Format
from benchmark.report.figures import fonts
from benchmark.report.figures.text_layout import laid_out_once
from benchmark.report.figures.told import describe, finer
from benchmark.report.palette import FAMILY_NAMES, LIGHT, MARKERS, family_colour

#: In points. A phone of 390 pixels shows a figure at this width, so that its text is as large as here.
WIDTH, HEIGHT = 362.0, 290.0
#: Nothing in a figure is set smaller.
FONT = 11.0

#: Seconds to choose ticks of a time axis from.
FINEST_TIMES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1_800, 3_600, 7_200)
FINE_TIMES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120, 600, 1_800, 7_200, 21_600, 86_400)
COARSE_TIMES = (0.001, 0.01, 0.1, 1, 10, 120, 1_200, 7_200, 72_000, 720_000)
TIMES = (FINEST_TIMES, FINE_TIMES, COARSE_TIMES)
MOST_TICKS = 5
COUNTS = range(MOST_TICKS, 1, -1)
#: What the powers of ten of a logarithmic axis are multiplied by.
SUBS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
#: Between the labels of two ticks, in points.
CLEAR = 6.0

_RC: Any = {
    "svg.fonttype": "none",  # text stays text: it can be selected, is small, and takes the page's font
    "pdf.fonttype": 42,  # text stays text here, too
    "ps.fonttype": 42,  # matplotlib cuts a PDF's fonts in parts of 256 characters by this, where it is not 42
    "svg.hashsalt": "nextword",
    "text.parse_math": False,  # a dollar sign in a label is just a dollar sign
    "font.size": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["muted"],
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "grid.color": LIGHT["rule"],
    "axes.facecolor": LIGHT["ground"],
    "figure.facecolor": LIGHT["ground"],
    "savefig.facecolor": LIGHT["ground"],
    "lines.linewidth": 1.8,
    "grid.linewidth": 0.7,
}


def prepare() -> None:
    """Loads what figures are drawn with, so that processes which are forked later have it."""
    with styled():
        pass


@contextmanager
def styled() -> Iterator[None]:
    """A context in which everything drawn and saved looks alike."""
    import seaborn as sns  # a second and more, which a report whose figures are all kept need not wait

    # DejaVu Sans comes with matplotlib, and is wider than most fonts.
    settings = {**_RC, "font.family": fonts.families()}
    with sns.axes_style("whitegrid"), mpl.rc_context(settings), fonts.read_at_once(), laid_out_once():
        yield


def canvas(height: float = HEIGHT) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes. It has no title: the page, or a paper, writes one beside it."""
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.tick_params(length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure, axes


def margins(figure: Figure, left: float, right: float, bottom: float = 44, top: float = 12) -> None:
    """Sets the space around the axes, in points."""
    width, height = figure.get_size_inches() * 72
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)


def text_width(
    labels: Iterable[str], size: float = FONT, weight: Literal["normal", "bold"] = "normal"
) -> float:
    """The width of the widest label, in points."""
    fonts_now = tuple(mpl.rcParams["font.family"])
    return max((_width(label, size, weight, fonts_now) for label in labels), default=0.0)


@cache  # the figures of a report have many labels in common
def _width(label: str, size: float, weight: str, _fonts: tuple[str, ...]) -> float:
    drawn = _paper().text(0, 0, label, fontsize=size, fontweight=weight)
    width: float = drawn.get_window_extent().width
    drawn.remove()
    return width


@cache
def _paper() -> Figure:
    """A figure to measure texts on."""
    figure = Figure(dpi=72)
    FigureCanvasAgg(figure)
    return figure


def log_axis(axes: Axes, which: str, show: Format) -> None:
    """Makes the axis `x` or `y`, whose limits are set already, logarithmic, with ticks written by `show`: on
    the x axis, whose margins are set, too, as few as keep clear of each other. No two are written alike."""
    _told_by(axes, which, show)
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    low, high = sorted(axes.get_xlim() if which == "x" else axes.get_ylim())
    choices = _log_locators(low, high, show)
    show = _telling(show, [_between(locator, low, high) for locator in choices])
    axis.set_minor_locator(NullLocator())
    if which == "x":
        _set_x_ticks(axes, choices, show)
    else:
        found = (locator for locator in choices if _differ(_between(locator, low, high), show))
        axis.set_major_locator(next(found, choices[-1]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: text.round_ticks(show(value))))


def _told_by(axes: Axes, which: str, show: Format) -> None:
    """Has the marks tell their values on an axis by `show` (see `told`)."""
    if which == "x":
        axes.fmt_xdata = finer(show)
    else:
        axes.fmt_ydata = finer(show)


def _log_locators(low: float, high: float, show: Format) -> list[Locator]:
    """What places ticks on a logarithmic axis, and fewer and fewer of them."""
    span = high / low
    times = _time_ticks(low, high) if show is text.duration else []
    if len(times) > 1:
        return [FixedLocator(times[::step]) for step in range(1, len(times))]
    if span < 6:
        return [MaxNLocator(number, steps=[1, 2, 2.5, 5, 10]) for number in COUNTS]
    first = 0 if span <= 30 else 1 if span <= 200 else 2
    return [LogLocator(subs=subs, numticks=12) for subs in SUBS[first:]]


def linear_x_axis(axes: Axes, show: Format) -> None:
    """Gives the x axis at most `MOST_TICKS` ticks written by `show`, fewer where their labels would touch.

    Its limits and margins are set already.
    """
    _told_by(axes, "x", show)
    _set_x_ticks(axes, [MaxNLocator(number) for number in COUNTS], show)


def _set_x_ticks(axes: Axes, choices: Sequence[Locator], show: Format) -> None:
    """The ticks of the first choice whose labels keep clear of each other, or every second, third, … one of
    the last choice."""
    low, high = sorted(axes.get_xlim())
    found = [_between(locator, low, high) for locator in choices]
    show = _telling(show, found)
    found += [found[-1][::step] for step in range(2, len(found[-1]))]
    ticks = next((some for some in found if _clear(axes, some, show)), found[-1])
    axes.set_xticks(ticks, [text.round_ticks(show(tick)) for tick in ticks])


def _clear(axes: Axes, ticks: Sequence[float], show: Format) -> bool:
    """Whether the labels of ticks on the x axis differ, and keep clear of each other."""
    if not _differ(ticks, show):
        return False
    widths = [text_width([text.round_ticks(show(tick))]) for tick in ticks]
    bottom = axes.get_ylim()[0]
    places = [axes.transData.transform((tick, bottom))[0] for tick in ticks]
    apart = [right - left for left, right in pairwise(places)]
    return all(gap > sum(two) / 2 + CLEAR for gap, two in zip(apart, pairwise(widths), strict=True))


def _between(locator: Locator, low: float, high: float) -> list[float]:
    return [tick for tick in locator.tick_values(low, high) if low <= tick <= high]


def _differ(ticks: Sequence[float], show: Format) -> bool:
    """Whether no two ticks are written alike."""
    return len({text.round_ticks(show(tick)) for tick in ticks}) == len(ticks)


def _telling(show: Format, choices: Sequence[Sequence[float]]) -> Format:
    """What writes the ticks: `show`, unless it tells those of no choice apart: numbers without a unit get
    more digits then."""
    several = [ticks for ticks in choices if len(ticks) > 1]
    if not several or any(_differ(ticks, show) for ticks in several):
        return show
    if not all(show(tick)[-1:].isdigit() for tick in several[-1]):
        return show
    finer: list[Format] = [partial(text.significant, digits=digits) for digits in range(4, 10)]
    return next((more for more in finer if _differ(several[-1], more)), show)


def _time_ticks(low: float, high: float) -> list[float]:
    """Ticks that are round in seconds, minutes and hours, from the finest set of which few enough fit."""
    sets = [[tick for tick in ticks if low <= tick <= high] for ticks in TIMES]
    fitting = next((ticks for ticks in sets if 1 < len(ticks) <= MOST_TICKS), sets[-1])
    return fitting[:: -(-len(fitting) // MOST_TICKS)] if fitting else []


def family_legend(
    axes: Axes, families: Iterable[str], left: float = 0.0, names: Mapping[str, str] = FAMILY_NAMES
) -> None:
    """A legend above the axes, `left` points left of them: each of these families with its mark and its name
    among `names`."""
    there = set(families)
    shown = [family for family in FAMILY_NAMES if family in there]
    handles = [
        axes.plot([], [], MARKERS[family], color=family_colour(family), markersize=7)[0] for family in shown
    ]
    axes.legend(
        handles,
        [names[family] for family in shown],
        loc="lower left",
        bbox_to_anchor=(-left / axes.get_window_extent().width - 0.025, 1.0),
        ncols=3,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
        borderpad=0,
    )


def as_svg(figure: Figure) -> str:
    """The figure as SVG, free of dates and versions, with what its marks tell as its description."""
    svg = io.BytesIO()
    told = {"Description": said} if (said := describe(figure)) else {}
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, **told})
    return svg.getvalue().decode("utf-8")


def as_png(figure: Figure) -> bytes:
    """The figure as PNG at 160 dots an inch, compressed as far as that is quick."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=160, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
    return png.getvalue()


def as_pdf(figure: Figure) -> bytes:
    """The figure as PDF, free of dates and versions."""
    pdf = io.BytesIO()
    figure.savefig(pdf, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return pdf.getvalue()
