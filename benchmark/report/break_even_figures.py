"""Figures of break-even: perplexity at equal bytes, seconds and joules, and by the time of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import TEST_PERPLEXITY, TRAIN_SECONDS, VALID_PERPLEXITY
from benchmark.report.blocks import Figure
from benchmark.report.break_even import points_of
from benchmark.report.break_even_pairs import on_one_machine
from benchmark.report.cost_curves import Choice, Training, at_the_end
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import TableRow, data_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Line

#: Perplexities above this many times the lowest would flatten the lines that matter.
CEILING = 4


@dataclass(frozen=True)
class _Chosen:
    """A step of a family's envelope."""

    family: str
    choice: Choice


def envelope_figure(
    group: RankedGroup, cost: Measure, families: Mapping[str, Sequence[Choice]]
) -> Figure | None:
    """What each family reaches for at most so much; None for a single family."""
    if len(families) < 2:
        return None
    fields: tuple[Field[_Chosen], ...] = (
        text_field("family", "Family", lambda one: FAMILY_NAMES.get(one.family, one.family)),
        text_field("label", "Model", lambda one: one.choice.row.label),
        number_field(cost.key, cost.title, lambda one: one.choice.point.cost, cost.show),
        number_field(
            VALID_PERPLEXITY.key, VALID_PERPLEXITY.title, lambda one: one.choice.point.valid, text.perplexity
        ),
        number_field(
            TEST_PERPLEXITY.key, TEST_PERPLEXITY.title, lambda one: one.choice.point.shown, text.perplexity
        ),
    )
    steps = [_Chosen(family, choice) for family, choices in families.items() for choice in choices]
    rows = [TableRow(cells_of(fields, one), one.choice.row.number, one.family) for one in steps]
    lowest = min(steps, key=lambda one: one.choice.point.valid).choice
    reached = (
        f"The lowest is {text.perplexity(lowest.point.shown)}, from {cost.show(lowest.point.cost)} on, by "
        f"{lowest.row.label}."
    )
    caption = f"Test perplexity on {group.title} at equal {cost.noun}; both axes are logarithmic. {reached}"
    alt = f"Stepped lines of the perplexity of {len(families)} families by {cost.noun}. {reached}"
    name = f"equal_{cost.key}_{group.file}"
    title = f"{group.title}: perplexity at equal {cost.noun}"
    draw = partial(_draw_envelopes, cost, _envelopes(families))
    return Figure(name, title, caption, alt, draw, data_table(name, columns_of(fields), rows), group.corpus)


def _envelopes(families: Mapping[str, Sequence[Choice]]) -> list[Line]:
    """A stepped line for each family, as far as the dearest choice of any."""
    from benchmark.report.figures.lines import Line

    end = max(choices[-1].point.cost for choices in families.values())
    lines = []
    for family, choices in families.items():
        points = points_of(choice.point for choice in choices)
        line = (*points, (end, points[-1][1]))
        lines.append(
            Line(choices[-1].row.number, FAMILY_NAMES.get(family, family), family, (line,), steps=True)
        )
    return lines


def _draw_envelopes(cost: Measure, lines: Sequence[Line]) -> Drawing:
    from benchmark.report.figures.lines import line_chart
    from benchmark.report.figures.style import log_axis

    drawing, axes = line_chart(
        lines,
        xlabel=f"at most this {cost.noun}",
        ylabel="test perplexity (lower is better)",
        log_x=True,
        log_y=True,
        ceiling=CEILING * min(y for line in lines for y in line.ys),
        marked=True,
    )
    log_axis(axes, "x", cost.show)
    return drawing


def training_figure(group: RankedGroup, trained: Sequence[Training], ngram: Sequence[Row]) -> Figure | None:
    """Networks while they are trained, beside the n-gram model that is finished; None where one of the two is
    missing, or where they were trained on different machines."""
    level = at_the_end(ngram, TRAIN_SECONDS) if ngram else None
    found = [(each.row, each.curve(TRAIN_SECONDS)) for each in trained]
    lines = [
        (row, curve.points) for row, curve in found if curve and ngram and on_one_machine(row, ngram[-1])
    ]
    if level is None or not lines:
        return None
    lines.append((ngram[-1], level.points))
    columns: tuple[Field[tuple[Row, tuple[float, float]]], ...] = (
        text_field("label", "Model", lambda item: item[0].label),
        number_field(TRAIN_SECONDS.key, TRAIN_SECONDS.title, lambda item: item[1][0], TRAIN_SECONDS.show),
        number_field(VALID_PERPLEXITY.key, VALID_PERPLEXITY.title, lambda item: item[1][1], text.perplexity),
    )
    data = [
        TableRow(cells_of(columns, (row, point)), row.number, row.family)
        for row, points in lines
        for point in points
    ]
    caption = (
        f"Validation perplexity on {group.title} by the time of training: of each network the best weights "
        f"so far, and {ngram[-1].label} once it is finished. Both axes are logarithmic; lower is better."
    )
    alt = f"Line chart of validation perplexity by training time for {text.plural(len(lines), 'model')}."
    name = f"training_time_{group.file}"
    title = f"{group.title}: validation perplexity by training time"
    draw = partial(_draw_trainings, _trainings(lines))
    return Figure(name, title, caption, alt, draw, data_table(name, columns_of(columns), data), group.corpus)


def _trainings(found: Sequence[tuple[Row, Sequence[tuple[float, float]]]]) -> list[Line]:
    """A line for each row; that of the n-gram model is level from the time when it is finished."""
    from benchmark.report.figures.lines import Line

    end = max(points[-1][0] for _, points in found)
    lines = []
    for row, points in found:
        line = (*points, (end, points[-1][1])) if row.family == "count" else tuple(points)
        lines.append(Line(row.number, row.label, row.family, (line,), steps=row.family == "count"))
    return lines


def _draw_trainings(lines: Sequence[Line]) -> Drawing:
    from benchmark.report.figures.lines import line_chart
    from benchmark.report.figures.style import log_axis

    drawing, axes = line_chart(
        lines,
        xlabel="training time",
        ylabel="validation perplexity (lower is better)",
        log_x=True,
        log_y=True,
        ceiling=CEILING * min(y for line in lines for y in line.ys),
    )
    log_axis(axes, "x", TRAIN_SECONDS.show)
    return drawing
