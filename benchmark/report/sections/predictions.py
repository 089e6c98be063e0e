"""What the whole distribution tells: the rank of the target, how sure the model is, and how often rightly."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.measure.prediction_measures import PREDICTIONS
from benchmark.measure.predictions import BINS
from benchmark.report.blocks import Block, Figure, Section, about
from benchmark.report.context import Context
from benchmark.report.fields import LABEL, Field, cells_of, columns_of, measure_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, Group, Table, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Line

ORDER = 65
#: Rows of a table that are drawn; the CSV has all.
MOST = 10
#: Lines of each family.
EACH = 1
#: A bin with fewer targets is left out of the figure: how often they are right is mostly chance.
FEWEST = 30

#: Targets, mean confidence and share of right predictions of a bin.
Bin = tuple[int, float, float]
COLUMNS = (
    Column("label", "Model"),
    Column("targets", "Targets", "right"),
    Column("confidence", "Mean confidence", "right"),
    Column("right", "Share of right predictions", "right"),
)


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for group in context.ranked_groups:
        rows = [row for row in group.rows if row.mean(PREDICTIONS[0]) is not None]
        if rows:
            drawn = _figure(group)
            blocks += about(group.corpus, [_table(group, rows), *([drawn] if drawn else [])])
    return Section("predictions", "What it predicts", tuple(blocks)) if blocks else None


def _table(group: RankedGroup, rows: list[Row]) -> Table:
    fields = (LABEL, measure_field(TEST_PERPLEXITY), *(_key_field(measure) for measure in PREDICTIONS))
    sampled = rows[0].first.sampled_targets
    caption = (
        f"Where the target ranks among all tokens of {group.title}, and how certain the model is. Measured "
        f"at {text.amount(sampled)} test targets, evenly spread over the text and the same for all models: a "
        f"share near one half is known to within {_points(sampled)} percentage points (95% interval)."
    )
    drawn = tuple(TableRow(cells_of(fields, row), row.number, row.family) for row in rows)
    return Table(
        f"predictions_{group.file}", caption, columns_of(fields), (Group(drawn),), sortable=True, most=MOST
    )


def _key_field(measure: Measure) -> Field[Row]:
    """A column that is on the page here, though not in the comparison."""
    field = measure_field(measure)
    return replace(field, column=replace(field.column, level="key"))


def _points(targets: int | None) -> str:
    """Half the width of the 95% interval of a share of ½, 1.96 √(¼ / n), in percentage points."""
    return text.decimals(100 * 1.96 * (0.25 / targets) ** 0.5, 1) if targets else text.NONE


def reliability(row: Row) -> list[Bin]:
    """The bins that hold targets, those of all seeds together."""
    results = [run.result for run in row.runs if len(run.result.reliability_targets) == BINS]
    sums = [
        np.sum([getattr(result, f"reliability_{part}") for result in results], axis=0)
        for part in ("targets", "confidence", "right")
        if results
    ]
    return [(int(n), confidence / n, right / n) for n, confidence, right in zip(*sums, strict=True) if n]


def _drawn(row: Row) -> list[Bin]:
    return [each for each in reliability(row) if each[0] >= FEWEST]


def _figure(group: RankedGroup) -> Figure | None:
    from benchmark.report.figures.lines import Line

    rows = [row for name in FAMILY_NAMES for row in group.distinct(name, EACH, 0.005) if len(_drawn(row)) > 1]
    if not rows:
        return None
    listed = text.listed([f"{row.label} {text.percent(_error(row))}" for row in rows])
    verdict = f"Calibration error: {listed}."
    caption = (
        f"How often the most probable token is right on {group.title}, by the probability that the model "
        f"gives it, in {BINS} bins of equal width. A calibrated model lies on the diagonal; below it, it is "
        f"too sure. Bins with fewer than {FEWEST} targets are not drawn. {verdict}"
    )
    alt = f"Reliability curves of {text.plural(len(rows), 'model')} on {group.title}. {verdict}"
    name = f"calibration_{group.file}"
    data = data_table(name, COLUMNS, [line for row in rows for line in _data(row)])
    title = f"{group.title}: calibration"
    lines = [
        Line(row.number, row.label, row.family, (tuple(each[1:] for each in _drawn(row)),)) for row in rows
    ]
    return Figure(name, title, caption, alt, partial(_draw, lines), data, group.corpus)


def _error(row: Row) -> float:
    """The mean calibration error of its seeds."""
    found = [run.result.calibration_error for run in row.runs]
    return float(np.mean([error for error in found if error is not None]))


def _data(row: Row) -> list[TableRow]:
    return [
        TableRow(
            (
                text_cell(row.label),
                number_cell(targets, text.amount),
                number_cell(confidence, text.percent),
                number_cell(right, text.percent),
            ),
            row.number,
            row.family,
        )
        for targets, confidence, right in reliability(row)
    ]


def _draw(lines: list[Line]) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    drawing, axes = line_chart(
        lines,
        xlabel="probability of the most probable token",
        ylabel="how often it is right",
        marked=True,
    )
    axes.axline((0, 0), slope=1, color="0.6", linewidth=1, zorder=0)
    return drawing
