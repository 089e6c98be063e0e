"""Training curves: validation perplexity by training tokens, with n-gram models as levels."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.measures import VALID_PERPLEXITY
from benchmark.record.folder import RunRecord
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Table, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Level, Line, Mark

ORDER = 50
EARLY = True
#: More lines than this cannot be told apart; more points than a screen resolves only cost bytes.
LINES, LEVELS, POINTS = 5, 2, 200

#: Curves with at most this many points are drawn with a mark at each.
FEW = 15

Curve = tuple[tuple[float, float], ...]
COLUMNS = (
    Column("label", "Model"),
    Column("seed", "Seed"),
    Column("tokens", "Training tokens", "right"),
    Column(VALID_PERPLEXITY.key, VALID_PERPLEXITY.title, "right"),
)


def build(context: Context) -> Section | None:
    figures = tuple(drawn for group in context.ranked_groups if (drawn := _figure(group)))
    return Section("curves", "Training curves", figures) if figures else None


def curve_of(run: RunRecord) -> Curve:
    """Validation perplexity by training tokens, from `curve.csv`; empty if the run has none."""
    points = [(point.tokens, point.perplexity) for point in run.validations]
    return tuple(points[:: math.ceil(len(points) / POINTS)] if len(points) > POINTS else points)


def _figure(group: RankedGroup) -> Figure | None:
    trained = [row for row in group.rows if row.family != "count"]
    found = ((row, tuple(curve_of(run) for run in row.runs)) for row in trained[: 4 * LINES])
    curves = [(row, seeds) for row, seeds in found if any(len(curve) > 1 for curve in seeds)][:LINES]
    if not curves:
        return None
    levels = _levels(group)
    caption = f"Validation perplexity on {group.title} during training; lower is better."
    if levels:
        caption += f" Dashed: {text.listed([row.label for row in levels])}, at the end of training."
    if any(len(row.runs) > 1 for row, _ in curves):
        caption += " A line is the mean over seeds, its band one standard deviation."
    crossing = _crossing(curves, levels)
    caption += f" {crossing}" if crossing else ""
    marks = _marks(curves, levels)
    if any(not mark.text for mark in marks):
        caption += " Rings: after how many tokens a network is first seen below a level."
    alt = (
        f"Line chart of validation perplexity in training: {len(curves)} models on {group.title}. {crossing}"
    )
    name = f"curves_{group.file}"
    return Figure(
        name,
        f"{group.title}: validation perplexity in training",
        caption,
        alt.strip(),
        partial(_draw, *_lines(curves, levels), marks),
        _data(name, curves),
        group.corpus,
    )


def _levels(group: RankedGroup) -> list[Row]:
    """The best n-gram models that differ visibly, and the best of those without earlier sentences, which has
    no cache, as most networks have none."""
    best = list(group.distinct("count", LEVELS, 0.03))
    within = [row for row in group.rows if row.family == "count" and row.history == "sentence"]
    best += [row for row in within[:1] if row not in best]
    return [row for row in best if row.mean(VALID_PERPLEXITY)]


def _passed(seeds: tuple[Curve, ...], level: Row) -> float:
    """The training tokens after which every seed of a trained model has been below an n-gram model; infinite
    if that never happens."""
    known = level.mean(VALID_PERPLEXITY) or 0.0
    passed = [min((x for x, y in curve if y < known), default=math.inf) for curve in seeds if curve]
    return max(passed, default=math.inf)


def _crossing(curves: list[tuple[Row, tuple[Curve, ...]]], levels: list[Row]) -> str:
    """A sentence on where the best trained model first passes the best n-gram model."""
    if not levels:
        return ""
    row, tokens = curves[0][0], _passed(curves[0][1], levels[0])
    if math.isinf(tokens):
        return f"{row.label} never gets below {levels[0].label}."
    return f"{row.label} is below {levels[0].label} after {text.amount(tokens)} training tokens."


def _data(name: str, curves: list[tuple[Row, tuple[Curve, ...]]]) -> Table:
    rows = [
        TableRow(
            (
                text_cell(row.label),
                text_cell(run.result.seed),
                Cell(text.amount(tokens), tokens),
                number_cell(value, text.perplexity),
            ),
            row.number,
            row.family,
        )
        for row, seeds in curves
        for run, curve in zip(row.runs, seeds, strict=True)
        for tokens, value in curve
    ]
    return data_table(name, COLUMNS, rows)


def _lines(curves: list[tuple[Row, tuple[Curve, ...]]], levels: list[Row]) -> tuple[list[Line], list[Level]]:
    """The curves as lines, and the finished models as levels."""
    from benchmark.report.figures.lines import Level, Line

    lines = [Line(row.number, row.label, row.family, seeds) for row, seeds in curves]
    flat = [Level(r.number, r.label, r.family, r.mean(VALID_PERPLEXITY) or 1.0) for r in levels]
    return lines, flat


def _marks(curves: list[tuple[Row, tuple[Curve, ...]]], levels: list[Row]) -> list[Mark]:
    """Where curves pass below each finished model: a ring for each place; the best below the best, with a
    text."""
    from benchmark.report.figures.lines import Mark

    # networks that are validated as often pass in the same place, where one ring would hide another
    passing: dict[tuple[float, int], list[tuple[Row, tuple[Curve, ...]]]] = {}
    for row, seeds in curves:
        for place, level in enumerate(levels):
            if math.isfinite(tokens := _passed(seeds, level)):
                passing.setdefault((tokens, place), []).append((row, seeds))
    marks = []
    for (tokens, place), found in passing.items():
        level, first = levels[place], found[0][0] is curves[0][0] and not place
        said = f"below {level.label} after {text.amount(tokens)} tokens" if first else ""
        names = [f"{row.label}{', every seed' if len(seeds) > 1 else ''}" for row, seeds in found]
        tells = f"First seen below {level.label}: {'; '.join(names)}"
        marks.append(Mark(tokens, said, level.mean(VALID_PERPLEXITY), tells, found[0][0].number))
    return marks


def _draw(lines: list[Line], levels: list[Level], marks: list[Mark]) -> Drawing:
    from benchmark.report.figures.lines import line_chart
    from benchmark.report.figures.style import linear_x_axis

    lowest = min([y for line in lines for y in line.ys] + [level.y for level in levels])
    drawing, axes = line_chart(
        lines,
        levels,
        marks=marks,
        xlabel="training tokens",
        ylabel="validation perplexity (lower is better)",
        log_y=True,
        ceiling=5 * lowest,
        marked=max(len(seed) for line in lines for seed in line.seeds) <= FEW,
    )
    linear_x_axis(axes, text.amount)
    return drawing
