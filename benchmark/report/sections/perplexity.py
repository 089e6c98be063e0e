"""Perplexity of every model: one bar chart per corpus."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.fields import FAMILY, LABEL, Field, cells_of, columns_of, measure_field, number_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import TableRow, data_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ORDER = 30
#: Nobody reads more bars than this.
SHOWN = 20

FIELDS: tuple[Field[Row], ...] = (
    LABEL,
    FAMILY,
    measure_field(TEST_PERPLEXITY),
    number_field("test_perplexity_sd", "± sd", lambda row: row.deviation(TEST_PERPLEXITY), text.significant),
)


def build(context: Context) -> Section | None:
    figures = tuple(_figure(group, rows) for group in context.ranked_groups if (rows := _finite(group)))
    return Section("perplexity", "Perplexity", figures) if figures else None


def _finite(group: RankedGroup) -> list[Row]:
    return [row for row in group.rows if row.perplexity and row.perplexity < math.inf]


def _figure(group: RankedGroup, rows: list[Row]) -> Figure:
    shown = rows[:SHOWN]
    best, worst = shown[0], shown[-1]
    families = sorted({FAMILY_NAMES.get(row.family, row.family) for row in shown})
    caption = f"Test perplexity on {group.title}, best at the top; shorter bars are better."
    if any(row.deviation(TEST_PERPLEXITY) for row in shown):
        caption += " The thin line is one standard deviation over seeds."
    if (worst.perplexity or 0) > 3.5 * (best.perplexity or 1):
        caption += " Bars marked » are cut off; their numbers are complete."
    if len(rows) > SHOWN:
        caption += f" These are the {SHOWN} best of {len(rows)} rows; the table has them all."
    alt = (
        f"Bar chart of {len(shown)} {text.listed(families)} models on {group.title}. "
        f"Lowest: {best.label} with {text.perplexity(best.perplexity)}; "
        f"highest: {worst.label} with {text.perplexity(worst.perplexity)}."
    )
    data = [TableRow(cells_of(FIELDS, row), row.number, row.family) for row in shown]
    name = f"perplexity_{group.file}"
    drawn = partial(_draw, group.title, shown)
    return Figure(name, caption, alt, drawn, data_table(name, columns_of(FIELDS), data))


def _draw(title: str, rows: list[Row]) -> Drawing:
    from benchmark.report.figures.bars import perplexity_bars

    return perplexity_bars(title, rows)
