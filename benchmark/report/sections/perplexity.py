"""Perplexity of every model: dots with intervals, one figure for each corpus."""

from __future__ import annotations

import math
from functools import partial

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.fields import (
    FAMILY,
    LABEL,
    Field,
    cells_of,
    columns_of,
    interval_fields,
    measure_field,
    number_field,
)
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import TableRow, data_table

ORDER = 30
#: Nobody reads more rows than this.
SHOWN = 20

FIELDS: tuple[Field[Row], ...] = (
    LABEL,
    FAMILY,
    measure_field(TEST_PERPLEXITY),
    *interval_fields("test_perplexity", lambda row: row.interval, text.perplexity, "more"),
    number_field("test_perplexity_sd", "± sd", lambda row: row.deviation(TEST_PERPLEXITY), text.significant),
)


def build(context: Context) -> Section | None:
    figures = tuple(_figure(group, rows) for group in context.ranked_groups if (rows := _finite(group)))
    return Section("perplexity", "Perplexity", figures) if figures else None


def _finite(group: RankedGroup) -> list[Row]:
    return [row for row in group.rows if row.perplexity and row.perplexity < math.inf]


def _shown(group: RankedGroup, rows: list[Row]) -> list[Row]:
    """The best rows, among them the best of each family by validation."""
    winners = [best for family in FAMILY_NAMES if (best := group.best(family)) and best not in rows[:SHOWN]]
    return [*rows[: SHOWN - len(winners)], *sorted(winners, key=rows.index)]


def _figure(group: RankedGroup, rows: list[Row]) -> Figure:
    from benchmark.report.figures.dots import Dot, beyond, perplexity_dots

    shown = _shown(group, rows)
    dots = list(map(Dot.of, shown))
    best, worst = shown[0], shown[-1]
    families = sorted({FAMILY_NAMES.get(row.family, row.family) for row in shown})
    caption = f"Test perplexity on {group.title}, best at the top; further left is better."
    if any(row.interval for row in shown):
        caption += " A line is the 95% interval."
        if not all(row.interval for row in shown):
            caption += " A dot without a line has no interval."
    elif any(row.deviation(TEST_PERPLEXITY) for row in shown):
        caption += " A line is one standard deviation over seeds."
    if any(row.deviation(TEST_PERPLEXITY) is not None for row in shown):
        caption += " Behind ± is the standard deviation over seeds."
    if beyond(dots):
        caption += " Arrows at the edge stand for dots beyond it."
    if len(rows) > SHOWN:
        caption += f" These are {SHOWN} of {len(rows)} rows: the lowest, and the best of each family by "
        caption += "validation; the table has them all."
    alt = (
        f"Dot plot of {len(shown)} {text.listed(families)} models on {group.title}. "
        f"Lowest: {best.label} with {text.perplexity(best.perplexity)}; "
        f"highest: {worst.label} with {text.perplexity(worst.perplexity)}."
    )
    data = [TableRow(cells_of(FIELDS, row), row.number, row.family) for row in shown]
    name = f"perplexity_{group.file}"
    return Figure(
        name,
        f"{group.title}: test perplexity",
        caption,
        alt,
        partial(perplexity_dots, dots),
        data_table(name, columns_of(FIELDS), data),
        group.corpus,
    )
