"""Perplexity of every model, one bar chart a corpus."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, TableRow, data_table, number_cell, text_cell

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
    figures = tuple(_figure(group) for group in context.ranked_groups if _finite(group))
    return Section("perplexity", "Perplexity", figures) if figures else None


def _finite(group: RankedGroup) -> list[Row]:
    return [row for row in group.rows if row.perplexity and row.perplexity < float("inf")]


def _figure(group: RankedGroup) -> Figure:
    rows = _finite(group)
    shown = rows[:SHOWN]
    best = shown[0]
    families = sorted({FAMILY_NAMES.get(row.family, row.family) for row in shown})
    caption = f"Test perplexity on {group.title}, best on top; shorter is better."
    if any(row.deviation("test_perplexity") for row in shown):
        caption += " The thin line is one standard deviation over seeds."
    if (shown[-1].perplexity or 0) > 3.5 * (best.perplexity or 1):
        caption += " Bars marked » are cut; their number is not."
    if len(rows) > SHOWN:
        caption += f" The {SHOWN} best of {len(rows)} rows; the table has all."
    alt = (
        f"Bar chart of {len(shown)} {text.listed(families)} models on {group.title}. "
        f"Lowest: {best.label} with {text.perplexity(best.perplexity)}; "
        f"highest: {shown[-1].label} with {text.perplexity(shown[-1].perplexity)}."
    )
    name = f"perplexity_{group.file}"
    data = data_table(name, COLUMNS, [_data(row) for row in shown])
    return Figure(name, caption, alt, partial(_draw, group.title, shown), data)


def _data(row: Row) -> TableRow:
    cells = (
        text_cell(row.label),
        text_cell(row.family),
        number_cell(row.perplexity, text.perplexity),
        number_cell(row.deviation("test_perplexity"), text.significant),
    )
    return TableRow(cells, row.number, row.family)


def _draw(title: str, rows: list[Row]) -> Drawing:
    from benchmark.report.figures.bars import perplexity_bars

    return perplexity_bars(title, rows)
