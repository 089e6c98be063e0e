"""Perplexity by how much text a model learnt from, and where the networks pass the counted models."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Group,
    Paragraph,
    Section,
    Table,
    TableRow,
    data_table,
    figure,
    words,
)
from benchmark.report.context import Context
from benchmark.report.crossing import Crossing, described
from benchmark.report.events import Events, ranked
from benchmark.report.learning import Curve, curves, meetings, tokens_of
from benchmark.report.rows import Row, number_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ORDER = 45
#: More lines of a family than this cannot be told apart; the table has all.
EACH = 3
#: Perplexities beyond so many times the lowest would flatten the lines that matter.
CEILING = 10
FAMILIES = ("count", "neural", "mixture")

DATA = (
    Column("label", "Model"),
    Column("family", "Family"),
    Column("train_share", "Share of the text", "right"),
    Column("train_targets", "Training tokens", "right"),
    Column("seed", "Seed"),
    Column("test_perplexity", "Test perplexity", "right"),
    Column("valid_perplexity", "Validation perplexity", "right"),
)


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for events in ranked(list(context.rows)):
        found = curves(events)
        if found:
            blocks += [_figure(events, found), _table(events, found)]
    if not blocks:
        return None
    explained = (
        "The same models, trained on less of the text and scored on exactly the same targets, with the "
        "same vocabulary. A share is spread evenly over the training text. Rows that learnt from a share of "
        "it stand here and not in the comparison. Where a size was run with several settings, the one with "
        "the lowest validation perplexity counts."
    )
    return Section("learning-curve", "Training-set size", (Paragraph((explained,)), *blocks))


def _drawn(found: list[Curve]) -> list[Curve]:
    """The best of each family."""
    return [
        curve for family in FAMILIES for curve in [each for each in found if each.family == family][:EACH]
    ]


def _figure(events: Events, found: list[Curve]) -> Figure:
    shown = _drawn(found)
    verdicts = [described(curve.name, counted.name, met) for curve, counted, met in meetings(shown)]
    said = " ".join(verdicts)
    caption = (
        f"Test perplexity on {events.title} by the number of training tokens; lower is better, both axes "
        f"are logarithmic. {said}"
    )
    if any(len(row.runs) > 1 for curve in shown for row in curve.rows):
        caption += " A line is the mean over seeds, its band one standard deviation."
    if any(how.crossings for *_, how in meetings(shown)[:1]):
        caption += " Dotted: where the lead changes in the first of these, and at how many tokens."
    alt = (
        f"Line chart of perplexity by training tokens for {text.plural(len(shown), 'model')} on "
        f"{events.title}. {said}"
    )
    name = f"learning_curve_{events.file}"
    return Figure(name, caption.strip(), alt.strip(), partial(_draw, events.title, shown), _data(name, found))


def _data(name: str, found: list[Curve]) -> Table:
    rows = [
        TableRow(
            (
                words(curve.name),
                words(curve.family),
                Cell(text.percent(row.train_share), row.train_share),
                figure(tokens_of(row), text.amount),
                words(run.result.get("seed")),
                figure(number_of(run.result, "test_perplexity"), text.perplexity),
                figure(number_of(run.result, "valid_perplexity"), text.perplexity),
            ),
            curve.whole.number,
            curve.family,
        )
        for curve in found
        for row in curve.rows
        for run in row.runs
    ]
    return data_table(name, DATA, rows)


def _table(events: Events, found: list[Curve]) -> Table:
    sizes = sorted({tokens_of(row) for curve in found for row in curve.rows})
    columns = (
        Column("label", "Model"),
        *(Column(f"tokens_{size:.0f}", text.amount(size), "right") for size in sizes),
    )
    rows = []
    for curve in found:
        by_size = {tokens_of(row): row for row in curve.rows}
        cells = (_cell(by_size[size]) if size in by_size else Cell(text.NONE) for size in sizes)
        rows.append(TableRow((words(curve.name), *cells), curve.whole.number, curve.family))
    caption = (
        f"Test perplexity on {events.title} by training tokens; lower is better. Of several seeds, the mean "
        "and the range."
    )
    return Table(f"learning_curve_{events.file}", caption, columns, (Group(tuple(rows)),))


def _cell(row: Row) -> Cell:
    shown = text.perplexity(row.perplexity)
    values = row.values("test_perplexity")
    if len(values) > 1:
        shown += f" ({text.perplexity(min(values))}–{text.perplexity(max(values))})"
    return Cell(shown, row.perplexity)


def _words(first: Curve, second: Curve, crossing: Crossing) -> str:
    ahead, behind = (first, second) if crossing.first_leads else (second, first)
    return f"{ahead.name} passes {behind.name} at {text.significant(crossing.tokens, 2)}"


def _draw(title: str, shown: list[Curve]) -> Drawing:
    from benchmark.report.figures.lines import Line, Mark, line_chart

    lines = [Line(curve.whole.number, curve.name, curve.family, curve.seeds) for curve in shown]
    marks = [
        Mark(crossing.tokens, _words(curve, counted, crossing))
        for curve, counted, met in meetings(shown)[:1]
        for crossing in met.crossings
    ]
    drawing, _ = line_chart(
        f"{title}: perplexity by training tokens",
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
