"""What the marks of a drawing tell: their values, as its axes write them, for a page to show.

A standalone SVG file holds them in its description, as JSON, so that they are kept with the drawing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from itertools import count

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmark import text

#: So many points of a line without marks can be pointed at. More would lie upon each other.
MOST = 24
_PLAIN = re.compile(r"[\d.,\u2212-]+")
_HINT = re.compile(r"\s*\([^()]*better\)")

#: The place of a mark from the upper left, in points; what it tells of x and of y, each empty for nothing.
Told = tuple[float, float, str, str]


def describe(figure: Figure) -> str:
    """The description of a drawing that is about to be saved as SVG; empty if no mark tells anything.

    It has what `x` and `y` are, and a list of `series`, each with its `name` and its `marks` (see `Told`); a
    series with `on_marks` false has a line and no marks. One with `whole` has no points of its own: its line
    tells one x and one y. The group id of series n in the SVG file gets `.n` at its end.

    A line tells its values if it has a label, which is its name; so does a bar from one x to another, which
    `Axes.hlines` draws. A scatter plot of rows does so always; if it has a label, that is what its marks tell
    of x, each on a line.
    """
    series, number = [], count()
    for axes in figure.axes:
        axes.get_xlim(), axes.get_ylim()  # makes them final where something was drawn since they were set
        for artist in axes.get_children():
            gid = artist.get_gid()
            if gid is None or "." in gid or not (found := _series(axes, artist)):
                continue
            artist.set_gid(f"{gid}.{next(number)}")
            series.append(found)
    if not series:
        return ""
    x, y = (_HINT.sub("", said) for said in (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()))
    return json.dumps({"x": x, "y": y, "series": series}, ensure_ascii=False)


def _series(axes: Axes, artist: Artist) -> dict[str, object] | None:
    """What a line, a bar or a scatter plot tells; None if that is nothing."""
    label = str(artist.get_label() or "")
    label = "" if label.startswith("_") else label
    if isinstance(artist, PathCollection):
        places = np.asarray(artist.get_offsets(), float)
        said = label.split("\n") if label else [_x(axes)(x) for x, _ in places]
        return {"name": "", "on_marks": True, "marks": _told(axes, places, said)}
    if not label:
        return None
    if isinstance(artist, LineCollection):
        ends = sorted(float(x) for x, _ in artist.get_segments()[0])
        return {"name": label, "whole": (" to ".join(map(_x(axes), ends)), "")}
    if not isinstance(artist, Line2D):
        return None
    if artist.get_transform() != axes.transData:  # level, from one side to the other
        return {"name": label, "whole": ("", _y(axes)(float(np.ravel(artist.get_ydata())[0])))}
    places = np.column_stack([np.asarray(artist.get_xdata(), float), np.asarray(artist.get_ydata(), float)])
    marked = artist.get_marker() not in (None, "", " ", "None", "none")
    places = places if marked else _some(places)
    told = _told(axes, places, [_x(axes)(x) for x, _ in places])
    return {"name": label, "on_marks": marked, "marks": told}


def _told(axes: Axes, places: np.ndarray, said: Iterable[str]) -> list[Told]:
    """The marks that are seen, in points from the upper left of the drawing. What is drawn on the upper edge
    goes on beyond it."""
    figure = axes.get_figure()
    assert figure is not None
    height, top = figure.bbox.height, axes.get_ylim()[1]

    def up(y: float) -> str:
        said = _y(axes)(y)
        return f"beyond {said}" if said and y == top else said

    frame = axes.get_window_extent().padded(1)
    pixels = axes.transData.transform(places) if len(places) else places
    return [
        (round(float(px), 2), round(float(height - py), 2), x, up(float(y)))
        for (px, py), (_, y), x in zip(pixels, places, said, strict=True)
        if frame.contains(px, py)
    ]


def _some(places: np.ndarray) -> np.ndarray:
    """At most `MOST` points in even steps, with the first and the last."""
    if len(places) <= MOST:
        return places
    return places[np.unique(np.linspace(0, len(places) - 1, MOST).round().astype(int))]


def _x(axes: Axes) -> Callable[[float], str]:
    return _writer(axes.get_xlabel(), axes.fmt_xdata)


def _y(axes: Axes) -> Callable[[float], str]:
    return _writer(axes.get_ylabel(), axes.fmt_ydata)


def _writer(axis: str, show: Callable[[float], str] | None) -> Callable[[float], str]:
    """What writes the values of an axis: nothing for one without a name."""
    return (show or four_digits) if axis else lambda value: ""


def four_digits(value: float) -> str:
    """A number with one digit more than the ticks of an axis have."""
    return text.significant(value, 4).replace("-", "\u2212")


def finer(show: Callable[[float], str]) -> Callable[[float], str]:
    """As `show` writes ticks, but plain numbers, those without a unit, with four digits."""

    def write(value: float) -> str:
        said = show(value)
        return four_digits(value) if _PLAIN.fullmatch(said) else said

    return write
