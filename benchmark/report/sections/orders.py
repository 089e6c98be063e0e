"""Perplexity by order, for counted models that were run at several."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from benchmark.report import text
from benchmark.report.blocks import Column, Figure, Section, TableRow, data_table, figure, words
from benchmark.report.context import Context
from benchmark.report.events import Events
from benchmark.report.rows import Row, number_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ORDER = 70
#: More methods than this cannot be told apart.
METHODS = 6

COLUMNS = (
    Column("method", "Method"),
    Column("order", "Order", "right"),
    Column("test_perplexity", "Test perplexity", "right"),
)
#: A method and its rows by order.
Method = tuple[str, list[tuple[float, Row]]]


def build(context: Context) -> Section | None:
    figures = tuple(_figure(events, found) for events in context.events if (found := methods(events)))
    return Section("orders", "Order of the counted models", figures) if figures else None


def methods(events: Events) -> list[Method]:
    """Counted methods with at least two orders, best first: rows alike in everything but the order."""
    same: dict[tuple[str, str], list[tuple[float, Row]]] = defaultdict(list)
    for row in events.family("count"):
        order = number_of(row.settings, "order")
        if order is not None and math.isfinite(row.perplexity or math.inf):
            rest = {key: value for key, value in row.settings.items() if key != "order"}
            same[row.shared("model"), repr(sorted(rest.items(), key=str))].append((order, row))
    several = [sorted(rows, key=lambda pair: pair[0]) for rows in same.values() if len(rows) > 1]
    several.sort(key=lambda rows: min(row.perplexity or math.inf for _, row in rows))
    return [(_name([row for _, row in rows]), rows) for rows in several[:METHODS]]


def _name(rows: list[Row]) -> str:
    """The words that the labels begin with (`Add-0.01 2-gram`, `Add-0.01 3-gram`), else the model."""
    alike = zip(*(row.label.split() for row in rows), strict=False)
    shared = " ".join(words[0] for words in takewhile(lambda words: len(set(words)) == 1, alike))
    return shared.rstrip(" ,;:(-–") or rows[0].shared("model").replace("_", " ")


def _figure(events: Events, found: list[Method]) -> Figure:
    name, rows = found[0]
    best_order, best = min(rows, key=lambda pair: pair[1].perplexity or math.inf)
    verdict = f"Lowest: {name} at order {best_order:.0f}, {text.perplexity(best.perplexity)}."
    caption = f"Test perplexity of the counted models on {events.title} by order; lower is better. {verdict}"
    neural = events.best("neural")
    if neural:
        caption += f" The horizontal line is the best neural model, {neural.label}."
    alt = f"Line chart of perplexity by order for {len(found)} counted methods on {events.title}. {verdict}"
    file = f"orders_{events.file}"
    data = [
        TableRow(
            (words(name), figure(order, text.amount), figure(row.perplexity, text.perplexity)), row.number
        )
        for name, rows in found
        for order, row in rows
    ]
    return Figure(
        file, caption, alt, partial(_draw, events.title, found, neural), data_table(file, COLUMNS, data)
    )


def _draw(title: str, found: list[Method], neural: Row | None) -> Drawing:
    from benchmark.report.figures.lines import Level, Line, line_chart

    lines = [
        Line(
            rows[0][1].number, name, "count", (tuple((order, row.perplexity or 1.0) for order, row in rows),)
        )
        for name, rows in found
    ]
    levels = [Level(neural.number, neural.label, "neural", neural.perplexity or 1.0)] if neural else []
    lowest = min([y for line in lines for y in line.ys] + [level.y for level in levels])
    drawing, axes = line_chart(
        f"{title}: perplexity by order",
        lines,
        levels,
        xlabel="order (words of history + 1)",
        ylabel="test perplexity (lower is better)",
        log_y=True,
        ceiling=8 * lowest,
        marked=True,
    )
    axes.set_xticks(sorted({order for _, rows in found for order, _ in rows}))
    axes.xaxis.set_major_formatter("{x:.0f}")
    return drawing
