"""How the time and memory of our n-gram engine grow with the text: a line for each order."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.measure import Format, Measure
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


#: What grows, as the median over the runs of a row.
MEASURES = (
    Measure(
        key="seconds",
        title="Time",
        noun="time",
        unit="seconds",
        definition="Wall-clock time of the whole process, from text to test perplexity.",
        show=text.duration,
        better="lower",
        timed=True,
        of=lambda row: row.median("seconds"),
    ),
    Measure(
        key="peak_bytes",
        title="Peak memory",
        noun="peak memory",
        unit="bytes",
        definition="The most memory that the process held resident.",
        show=text.size,
        better="lower",
        timed=True,
        of=lambda row: row.median("peak_bytes"),
    ),
)
#: (tokens, value) of each order.
Lines = dict[int, list[tuple[float, float]]]


def build(context: Context) -> Section | None:
    records = newest_records(context.results_dir, NgramRecord, GROWTH_FILE)
    figures = tuple(_figure(record, measure) for record in records for measure in MEASURES)
    return Section("growth", "Growth with the text", figures) if figures else None


def lines_of(record: NgramRecord, measure: Measure) -> Lines:
    """The measured points of each order, in order of tokens."""
    lines: Lines = {}
    for row in record.rows:
        if (value := measure.read(row)) is not None:
            lines.setdefault(row.case.order, []).append((row.case.tokens, value))
    return {order: sorted(line) for order, line in sorted(lines.items())[:LINES]}


def _figure(record: NgramRecord, measure: Measure) -> Figure:
    name, lines = record.name, lines_of(record, measure)
    value, tokens, order = max((y, x, order) for order, line in lines.items() for x, y in line)
    most = f"The most: {measure.show(value)} at order {order} for {text.amount(tokens)} tokens."
    caption = (
        f"{measure.title} of our modified Kneser-Ney from text to test perplexity, on the first "
        f"tokens of {name}; both axes are logarithmic. {most} {describe_machine(record.machine)}."
    )
    alt = f"Line chart of {measure.noun} by training tokens, a line for each of {len(lines)} orders. {most}"
    columns = (
        Column("order", "Order", "right"),
        Column("tokens", "Training tokens", "right"),
        Column(measure.key, measure.title, "right"),
    )
    rows = [
        TableRow((number_cell(order, text.amount), number_cell(x, text.amount), number_cell(y, measure.show)))
        for order, line in lines.items()
        for x, y in line
    ]
    file = f"growth_{measure.key}_{re.sub(r'[^A-Za-z0-9]+', '_', name)}"
    title = f"{measure.title} by training tokens, {name}"
    draw = partial(_draw, lines, measure.axis, measure.show)
    return Figure(file, title, caption, alt, draw, data_table(file, columns, rows))


def _draw(lines: Lines, axis: str, show: Format) -> Drawing:
    from benchmark.report.figures.lines import Line, line_chart
    from benchmark.report.figures.style import log_axis

    drawing, axes = line_chart(
        [Line(0, f"order {order}", "count", (tuple(line),)) for order, line in reversed(lines.items())],
        xlabel="training tokens",
        ylabel=axis,
        log_x=True,
        log_y=True,
        marked=True,
        left=66,
    )
    log_axis(axes, "y", show)
    return drawing
