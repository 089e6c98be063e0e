"""Perplexity by the amount of training text, and where the networks pass the n-gram models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY, VALID_PERPLEXITY
from benchmark.record.result import Result
from benchmark.report.blocks import Block, Figure, Paragraph, Section, about
from benchmark.report.context import Context
from benchmark.report.crossing_intervals import TracedCurve, crossing_interval
from benchmark.report.curve_crossings import Crossing, CurveComparison, comparison_sentence, throughout
from benchmark.report.fields import Field, cells_of, columns_of, number_field, run_measure_field, text_field
from benchmark.report.learning_curves import (
    Curve,
    against_ngrams,
    learning_curves,
    ratios,
    reference_curve,
    training_tokens,
)
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Level, Line, Mark

ORDER = 45
TITLE = "Learning curves: perplexity by training-set size"
#: More lines of a family than this cannot be told apart; the table has them all.
EACH = 3
#: Perplexities above this many times the lowest would flatten the lines that matter.
CEILING = 10


@dataclass(frozen=True)
class _Run:
    """A run of a row of a curve."""

    curve: Curve
    row: Row
    result: Result


FIELDS: tuple[Field[_Run], ...] = (
    text_field("label", "Model", lambda run: run.curve.name),
    text_field("family", "Family", lambda run: FAMILY_NAMES.get(run.curve.family, run.curve.family)),
    number_field("train_share", "Share of the text", lambda run: run.row.train_share, text.percent),
    number_field("train_targets", "Training tokens", lambda run: training_tokens(run.row), text.amount),
    text_field("seed", "Seed", lambda run: run.result.seed),
    run_measure_field(TEST_PERPLEXITY, lambda run: run.result),
    run_measure_field(VALID_PERPLEXITY, lambda run: run.result),
)


RATIO_COLUMNS = (
    Column("label", "Model"),
    Column("train_targets", "Training tokens", "right"),
    Column("ratio", "Perplexity ÷ reference", "right"),
)


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for group in context.groups_with_shares:
        found = learning_curves(group)
        if found:
            drawn: list[Block] = [_figure(group, found), *_ratio_figure(group, found), _table(group, found)]
            blocks += about(group.corpus, drawn)
    if not blocks:
        return None
    explained = (
        "The same models, trained on less of the text and scored on exactly the same targets with the same "
        "vocabulary. Each share is spread evenly over the training text. Rows trained on a share are listed "
        "here, not in the comparison. Where a size was run with several settings, the one with the lowest "
        "validation perplexity is shown."
    )
    return Section("learning-curve", TITLE, (Paragraph((explained,)), *blocks))


def _drawn(found: list[Curve]) -> list[Curve]:
    """The best of each family."""
    return [
        curve for family in FAMILY_NAMES for curve in [each for each in found if each.family == family][:EACH]
    ]


def _figure(group: RankedGroup, found: list[Curve]) -> Figure:
    shown = _drawn(found)
    compared = against_ngrams(shown)
    verdict = " ".join(_verdicts(group, compared))
    caption = (
        f"Test perplexity on {group.title} by the number of training tokens; lower is better. Both axes "
        f"are logarithmic. {verdict}"
    )
    if any(len(row.runs) > 1 for curve in shown for row in curve.rows):
        caption += " A line is the mean over seeds, its band one standard deviation."
    if any(met.crossings for *_, met in compared):
        caption += " Dotted lines mark where the lead changes."
    alt = (
        f"Line chart of perplexity by training tokens for {text.plural(len(shown), 'model')} on "
        f"{group.title}. {verdict}"
    )
    name = f"learning_curve_{group.file}"
    return Figure(
        name,
        f"{group.title}: perplexity by training tokens",
        caption.strip(),
        alt.strip(),
        partial(_draw, _lines(shown), _marks(compared)),
        _data(name, found),
        group.corpus,
    )


def _verdicts(group: RankedGroup, compared: list[tuple[Curve, Curve, CurveComparison]]) -> list[str]:
    """A sentence on each network and n-gram model, or one on all networks that a model is ahead of."""
    said: list[str] = []
    for ngram in dict.fromkeys(ngram for _, ngram, _ in compared):
        pairs = [(curve, met) for curve, other, met in compared if other is ngram]
        begin, end = min(met.begin for _, met in pairs), max(met.end for _, met in pairs)
        if len(pairs) > 1 and all(met.first_led is False and not met.crossings for _, met in pairs):
            said.append(f"{ngram.name} is ahead of every network {throughout(begin, end)}.")
        else:
            said += [
                comparison_sentence(curve.name, ngram.name, met, _interval(group, curve, ngram, met))
                for curve, met in pairs
            ]
    return said


def _ratio_figure(group: RankedGroup, found: list[Curve]) -> list[Figure]:
    """The same curves divided by that of Kneser-Ney; none if there is no n-gram model to divide by."""
    from benchmark.report.figures.lines import Level, Line

    below = reference_curve(found)
    others = [(curve, ratios(curve, below)) for curve in _drawn(found) if curve is not below] if below else []
    others = [(curve, points) for curve, points in others if len(points) > 1]
    if below is None or not others:
        return []
    last = [(curve, points[-1][1]) for curve, points in others]
    best, ratio = min(last, key=lambda pair: pair[1])
    verdict = f"The lowest at the most text: {best.name}, {text.times(ratio)}."
    caption = (
        f"Test perplexity on {group.title} divided by that of {below.name} trained on the same text; below 1 "
        f"is better than it. Means over seeds; both axes are logarithmic. {verdict}"
    )
    name = f"learning_curve_ratio_{group.file}"
    rows = [
        TableRow(
            (text_cell(curve.name), number_cell(tokens, text.amount), number_cell(value, text.times)),
            curve.largest.number,
            curve.family,
        )
        for curve, points in others
        for tokens, value in points
    ]
    alt = f"Line chart of perplexity relative to {below.name} by training tokens. {verdict}"
    title = f"{group.title}: perplexity relative to {below.name}"
    data = data_table(name, RATIO_COLUMNS, rows)
    lines = [Line(curve.largest.number, curve.name, curve.family, (tuple(p),)) for curve, p in others]
    one = Level(below.largest.number, below.name, below.family, 1.0)
    return [Figure(name, title, caption, alt, partial(_draw_ratios, lines, one), data, group.corpus)]


def _interval(group: RankedGroup, curve: Curve, ngram: Curve, met: CurveComparison) -> str:
    """Where the curve that is behind at first passes the other one, with a probability of 95%."""
    traced = [TracedCurve.of(each.points, [row.number for row in each.rows]) for each in (curve, ngram)]
    ahead, behind = traced if met.first_led else reversed(traced)
    interval = crossing_interval(group.uncertainty, behind, ahead)
    return interval.in_brackets(text.amount) if interval else ""


def _data(name: str, found: list[Curve]) -> Table:
    runs = [_Run(curve, row, run.result) for curve in found for row in curve.rows for run in row.runs]
    rows = [TableRow(cells_of(FIELDS, run), run.curve.largest.number, run.curve.family) for run in runs]
    return data_table(name, columns_of(FIELDS), rows)


def _table(group: RankedGroup, found: list[Curve]) -> Table:
    sizes = sorted({training_tokens(row) for curve in found for row in curve.rows})
    columns = (
        Column("label", "Model"),
        *(Column(f"tokens_{size:.0f}", text.amount(size), "right") for size in sizes),
    )
    rows = []
    for curve in found:
        by_size = {training_tokens(row): row for row in curve.rows}
        cells = (_cell(by_size[size]) if size in by_size else Cell(text.NONE) for size in sizes)
        rows.append(TableRow((text_cell(curve.name), *cells), curve.largest.number, curve.family))
    caption = (
        f"Test perplexity on {group.title} by training tokens; lower is better. For several seeds, the mean "
        "and the range."
    )
    return Table(f"learning_curve_{group.file}", caption, columns, (Group(tuple(rows)),))


def _cell(row: Row) -> Cell:
    shown = text.perplexity(row.perplexity)
    values = row.values(TEST_PERPLEXITY)
    if len(values) > 1:
        shown += f" ({text.perplexity(min(values))}–{text.perplexity(max(values))})"
    return Cell(shown, row.perplexity)


def _mark(first: Curve, second: Curve, crossing: Crossing) -> Mark:
    from benchmark.report.figures.lines import Mark

    ahead, behind = (first, second) if crossing.first_leads else (second, first)
    passes = f"{ahead.name} passes {behind.name}"
    said = f"{passes} at {text.significant(crossing.at, 2)}"
    return Mark(crossing.at, said, crossing.perplexity, passes, ahead.largest.number)


def _lines(shown: list[Curve]) -> list[Line]:
    from benchmark.report.figures.lines import Line

    return [Line(curve.largest.number, curve.name, curve.family, curve.seeds) for curve in shown]


def _marks(compared: list[tuple[Curve, Curve, CurveComparison]]) -> list[Mark]:
    """Where curves cross, from left to right."""
    marks = [_mark(curve, ngram, crossing) for curve, ngram, met in compared for crossing in met.crossings]
    return sorted(marks, key=lambda mark: mark.x)


def _draw(lines: list[Line], marks: list[Mark]) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    drawing, _ = line_chart(
        lines,
        xlabel="training tokens",
        ylabel="test perplexity (lower is better)",
        marks=marks,
        log_x=True,
        log_y=True,
        ceiling=CEILING * min(y for line in lines for y in line.ys),
        marked=True,
    )
    return drawing


def _draw_ratios(lines: list[Line], one: Level) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    drawing, _ = line_chart(
        lines,
        [one],
        xlabel="training tokens",
        ylabel="perplexity, ratio (lower is better)",
        log_x=True,
        log_y=True,
        marked=True,
    )
    return drawing
