"""How every figure looks, and how it becomes a file that is the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from benchmark.report.palette import LIGHT

#: Points; at this width 10.5-point text is still readable when a phone shrinks the figure to fit.
WIDTH, HEIGHT = 480.0, 330.0
FONT = 10.5

_RC = {
    "svg.fonttype": "none",  # text stays text: selectable, small, in the page's font
    "svg.hashsalt": "nextword",
    "text.parse_math": False,  # a label holding a dollar sign is a label
    "font.family": "DejaVu Sans",  # matplotlib brings it, and it is wider than most: what fits here fits
    "font.size": FONT,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.titlecolor": LIGHT["ink"],
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


@contextmanager
def styled() -> Iterator[None]:
    """Everything drawn and saved inside looks alike."""
    with sns.axes_style("whitegrid"), mpl.rc_context(_RC):
        yield


def canvas(title: str, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes, without the frame's upper and right edge."""
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.tick_params(length=0)
    sns.despine(ax=axes, left=True)
    return figure, axes


def margins(figure: Figure, left: float, right: float, bottom: float = 44, top: float = 34) -> None:
    """Set the space around the axes, in points."""
    width, height = figure.get_size_inches() * 72
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)


def text_width(figure: Figure, labels: Iterable[str], size: float = FONT) -> float:
    """Points the widest label takes."""
    widest = 0.0
    for label in labels:
        drawn = figure.text(0, 0, label, fontsize=size)
        widest = max(widest, drawn.get_window_extent().width)
        drawn.remove()
    return widest


def plain_log_ticks(axes: Axes, which: str, show: Callable[[float | None], str]) -> None:
    """A logarithmic axis whose ticks are written as people read them."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    low, high = sorted(axes.get_xlim() if which == "x" else axes.get_ylim())
    decades = high / low
    subs = (1.0,) if decades > 200 else (1.0, 3.0) if decades > 30 else (1.0, 2.0, 5.0)
    locator = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]) if decades < 5 else LogLocator(subs=subs, numticks=12)
    axis.set_major_locator(locator)
    axis.set_major_formatter(FuncFormatter(lambda value, _: show(value)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(LogLocator(subs=()))


def save(figure: Figure) -> tuple[str, bytes]:
    """The figure as an SVG document and as a PNG at 200 dots an inch, free of dates and versions."""
    svg, png = io.BytesIO(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=200, metadata={"Software": None})
    return svg.getvalue().decode("utf-8"), png.getvalue()
