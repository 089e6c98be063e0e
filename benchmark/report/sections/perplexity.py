"""Perplexity of every model, one bar chart a corpus."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Column, Figure, Section, TableRow, data_table, figure, words
from benchmark.report.context import Context
from benchmark.report.events import Events
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.rows import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ORDER = 30
#: More bars than this would not be read.
SHOWN = 20

COLUMNS = (
    Column("label", "Model"),
    Column("family", "Family"),
    Column("test_perplexity", "Test perplexity", "right"),
    Column("test_perplexity_sd", "± sd", "right"),
)


def build(context: Context) -> Section | None:
    figures = tuple(_figure(events) for events in context.events if _finite(events))
    return Section("perplexity", "Perplexity", figures) if figures else None


def _finite(events: Events) -> list[Row]:
    return [row for row in events.rows if row.perplexity and row.perplexity < float("inf")]


def _figure(events: Events) -> Figure:
    rows = _finite(events)
    shown = rows[:SHOWN]
    best = shown[0]
    families = sorted({FAMILY_NAMES.get(row.family, row.family) for row in shown})
    caption = f"Test perplexity on {events.title}, best on top; shorter is better."
    if any(row.deviation("test_perplexity") for row in shown):
        caption += " The thin line is one standard deviation over seeds."
    if (shown[-1].perplexity or 0) > 3.5 * (best.perplexity or 1):
        caption += " Bars marked » are cut; their number is not."
    if len(rows) > SHOWN:
        caption += f" The {SHOWN} best of {len(rows)} rows; the table has all."
    alt = (
        f"Bar chart of {len(shown)} {text.listed(families)} models on {events.title}. "
        f"Lowest: {best.label} with {text.perplexity(best.perplexity)}; "
        f"highest: {shown[-1].label} with {text.perplexity(shown[-1].perplexity)}."
    )
    name = f"perplexity_{events.file}"
    data = data_table(name, COLUMNS, [_data(row) for row in shown])
    return Figure(name, caption, alt, partial(_draw, events.title, shown), data)


def _data(row: Row) -> TableRow:
    cells = (
        words(row.label),
        words(row.family),
        figure(row.perplexity, text.perplexity),
        figure(row.deviation("test_perplexity"), text.significant),
    )
    return TableRow(cells, row.number, row.family)


def _draw(title: str, rows: list[Row]) -> Drawing:
    from benchmark.report.figures.bars import perplexity_bars

    return perplexity_bars(title, rows)
