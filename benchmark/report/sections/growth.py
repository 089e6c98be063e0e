"""How the time and memory of our n-gram engine grow with the text: a line for each order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.peers.ngram.record import GROWTH_FILE, NgramRecord
from benchmark.peers.record import newest_records
from benchmark.peers.table import describe_machine
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.tables import Column, TableRow, data_table, number_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ORDER = 86
#: More orders than this cannot be told apart.
LINES = 6


@dataclass(frozen=True)
class Measure:
    """Something that grows: the field of a run that holds it, its name in words, and how it is shown."""

    key: str
    file: str
    title: str
    show: Callable[[float | None], str]
    ticks: tuple[float, ...] = ()


MEASURES = (
    Measure("seconds", "time", "time", text.duration, (0.3, 1, 3, 10, 30, 120, 600, 1_800, 7_200, 21_600)),
    Measure("peak_bytes", "memory", "peak memory", text.size),
)
#: (tokens, value) of each order.
Lines = dict[int, list[tuple[float, float]]]


def build(context: Context) -> Section | None:
    records = newest_records(context.results_dir, NgramRecord, GROWTH_FILE)
    figures = tuple(_figure(record, measure) for record in records for measure in MEASURES)
    return Section("growth", "Growth with the text", figures) if figures else None


def lines_of(record: NgramRecord, key: str) -> Lines:
    """The measured points of each order, in order of tokens."""
    lines: Lines = {}
    for row in record.rows:
        if (value := row.median(key)) is not None:
            lines.setdefault(row.case.order, []).append((row.case.tokens, value))
    return {order: sorted(line) for order, line in sorted(lines.items())[:LINES]}


def _figure(record: NgramRecord, measure: Measure) -> Figure:
    name, lines = record.name, lines_of(record, measure.key)
    value, tokens, order = max((y, x, order) for order, line in lines.items() for x, y in line)
    said = f"The most: {measure.show(value)} at order {order} for {text.amount(tokens)} tokens."
    caption = (
        f"{measure.title.capitalize()} of our modified Kneser-Ney from text to test perplexity, on the first "
        f"tokens of {name}; both axes are logarithmic. {said} {describe_machine(record.machine)}."
    )
    alt = f"Line chart of {measure.title} by training tokens, a line for each of {len(lines)} orders. {said}"
    columns = (
        Column("order", "Order", "right"),
        Column("tokens", "Training tokens", "right"),
        Column(measure.key, measure.title.capitalize(), "right"),
    )
    rows = [
        TableRow((number_cell(order, text.amount), number_cell(x, text.amount), number_cell(y, measure.show)))
        for order, line in lines.items()
        for x, y in line
    ]
    file = f"growth_{measure.file}_{re.sub(r'[^A-Za-z0-9]+', '_', name)}"
    return Figure(file, caption, alt, partial(_draw, name, lines, measure), data_table(file, columns, rows))


def _draw(name: str, lines: Lines, measure: Measure) -> Drawing:
    from benchmark.report.figures.lines import Line, line_chart
    from benchmark.report.figures.style import log_axis

    drawing, axes = line_chart(
        f"{measure.title.capitalize()} by training tokens, {name}",
        [Line(0, f"order {order}", "count", (tuple(line),)) for order, line in reversed(lines.items())],
        xlabel="training tokens",
        ylabel=f"{measure.title} (less is better)",
        log_x=True,
        log_y=True,
        marked=True,
        left=66,
    )
    log_axis(axes, "y", measure.show, measure.ticks)
    return drawing
