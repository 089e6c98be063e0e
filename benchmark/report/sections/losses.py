"""Where the loss comes from: negative log-likelihood by groups of targets, as a difference between models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.breakdown import CRITERIA, TRAINING_COUNT, Criterion, names_from
from benchmark.record.folder import RunRecord
from benchmark.record.losses import GroupLoss
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Line

ORDER = 60
#: Lines that can be told apart; the families share them evenly.
LINES = 6
#: Rows with more than this many times the perplexity of the reference would flatten all others.
REACH = 2.0

#: Groups with a smaller share of the targets are not drawn: their means are noise, and flatten the others.
SMALLEST = 0.001

#: Nats per target, by the group's name; groups without targets are left out.
Losses = dict[str, float]


@dataclass(frozen=True)
class Groups:
    """The groups of a criterion that are drawn, and how many of the test's targets each holds."""

    criterion: Criterion
    targets: dict[str, int]
    total: int

    def losses(self, row: Row) -> Losses:
        """The mean losses of a row in these groups."""
        return {name: loss for name, loss in mean_losses(row, self.criterion).items() if name in self.targets}


def build(context: Context) -> Section | None:
    figures = tuple(
        drawn
        for criterion in CRITERIA
        for group in context.ranked_groups
        if group.has_several_models and (drawn := _figure(group, criterion))
    )
    return Section("losses", "Where the loss comes from", figures) if figures else None


def group_losses(run: RunRecord, criterion: Criterion) -> list[GroupLoss]:
    """The groups of a run that hold targets. Older runs have only those by training count."""
    if criterion is TRAINING_COUNT:
        result = run.result
        recorded = (names_from(result.bucket_edges), result.bucket_targets, result.bucket_nll)
        if len({len(part) for part in recorded}) > 1:
            return []
        return [
            GroupLoss(criterion.key, name, n, nll) for name, n, nll in zip(*recorded, strict=True) if n > 0
        ]
    known = set(criterion.groups)
    return [
        loss
        for loss in run.losses
        if loss.criterion == criterion.key and loss.targets > 0 and loss.group in known
    ]


def losses(row: Row, criterion: Criterion) -> list[Losses]:
    """Mean negative log-likelihood (nats per target) by group, for each seed that recorded it."""
    found = [
        {loss.group: loss.nll / loss.targets for loss in group_losses(run, criterion)} for run in row.runs
    ]
    return [loss for loss in found if loss]


def mean_losses(row: Row, criterion: Criterion) -> Losses:
    """The mean over seeds, for the groups that every seed has."""
    seeds = losses(row, criterion)
    shared = [name for name in seeds[0] if all(name in seed for seed in seeds)] if seeds else []
    return {name: sum(seed[name] for seed in seeds) / len(seeds) for name in shared}


def _targets(row: Row, criterion: Criterion) -> dict[str, int]:
    return {loss.group: loss.targets for loss in group_losses(row.runs[0], criterion)}


def _drawn(criterion: Criterion, targets: dict[str, int]) -> Groups:
    total = sum(targets.values())
    return Groups(criterion, {name: n for name, n in targets.items() if n >= SMALLEST * total}, total)


def _figure(group: RankedGroup, criterion: Criterion) -> Figure | None:
    families = [name for name in FAMILY_NAMES if any(losses(row, criterion) for row in group.family(name))]
    each = min(LINES // len(families), 3) if families else 0
    found = [row for name in families for row in _best_rows(group, name, each) if losses(row, criterion)]
    winners = [group.best(name) for name in families]
    rows = [
        row
        for row in found
        if row in winners or (row.perplexity or 0.0) < REACH * (found[0].perplexity or 0.0)
    ]
    rows = [row for row in rows if _targets(row, criterion) == _targets(rows[0], criterion)]
    if len(rows) < 2:
        return None
    groups = _drawn(criterion, _targets(rows[0], criterion))
    verdict = _verdict(group, rows, groups)
    caption = (
        f"Negative log-likelihood per target on {group.title}, {criterion.phrase}, as the difference from "
        f"{rows[0].label}: below zero is better. Below each group is its share of the test targets. {verdict}"
    )
    alt = (
        f"Line chart of the loss {criterion.phrase}, for {text.plural(len(rows), 'model')} on {group.title}. "
        f"{verdict}"
    )
    name = f"{criterion.key}_{group.file}"
    lines = [line for row in rows for line in _data(row, rows[0], groups)]
    data = data_table(name, _columns(criterion), lines)
    below = _below_axis(groups, rows[0])
    draw = partial(_draw, criterion.title, _lines(rows, groups), below, ordered=criterion.ordered)
    return Figure(
        name,
        f"{group.title}: loss by {criterion.title}",
        caption.strip(),
        alt.strip(),
        draw,
        data,
        group.corpus,
    )


def _best_rows(group: RankedGroup, family: str, most: int) -> list[Row]:
    """The winner of a family by validation and, up to `most` in all, its best by test perplexity."""
    winner, distinct = group.best(family), group.distinct(family, most, 0.005)
    return distinct if winner is None or winner in distinct else [*distinct[: most - 1], winner]


def _columns(criterion: Criterion) -> tuple[Column, ...]:
    return (
        Column("label", "Model"),
        Column(criterion.key, criterion.title.capitalize(), "right"),
        Column("targets", "Test targets", "right"),
        Column("nll", "Nats per target", "right"),
        Column("difference", "Difference from the reference", "right"),
    )


def _from(name: str) -> str:
    """`10–99` as `10+`, `1,000–9,999` as `1k+` and `10,000+` as `10k+`, which fit below the axis."""
    short = name.replace(",000", "k")
    low, dash, _ = short.partition("–")
    return f"{low}+" if dash else short


def _verdict(group: RankedGroup, rows: list[Row], groups: Groups) -> str:
    """In which groups the best n-gram model is ahead of the best neural one; nothing if one is not drawn."""
    ngram, neural = group.best("count"), group.best("neural")
    if not ngram or not neural or ngram not in rows or neural not in rows:
        return ""
    ours, theirs = groups.losses(ngram), groups.losses(neural)
    shared = [name for name in ours if name in theirs]
    ahead = [name for name in shared if ours[name] < theirs[name]]
    if not shared:
        return ""
    if not ahead:
        return f"{neural.label} is ahead of {ngram.label} in every group."
    if len(ahead) == len(shared):
        return f"{ngram.label} is ahead of {neural.label} in every group."
    said = groups.criterion.said.format(text.listed(ahead))
    return f"{ngram.label} is ahead of {neural.label} on {said}, and behind on the others."


def _data(row: Row, reference: Row, groups: Groups) -> list[TableRow]:
    base = groups.losses(reference)
    return [
        TableRow(
            (
                text_cell(row.label),
                text_cell(name),
                number_cell(groups.targets[name], text.amount),
                number_cell(value, text.three_decimals),
                number_cell(value - base[name] if name in base else None, text.three_decimals),
            ),
            row.number,
            row.family,
        )
        for name, value in groups.losses(row).items()
    ]


def _lines(rows: list[Row], groups: Groups) -> list[Line]:
    """A line for each row: by the place of a group, how much its loss differs from that of the first row."""
    from benchmark.report.figures.lines import Line

    base = groups.losses(rows[0])
    place = {name: float(x) for x, name in enumerate(base)}
    return [
        Line(
            row.number,
            row.label,
            row.family,
            tuple(
                tuple((place[name], value - base[name]) for name, value in seed.items() if name in place)
                for seed in losses(row, groups.criterion)
            ),
        )
        for row in rows
    ]


def _below_axis(groups: Groups, first: Row) -> list[tuple[str, str]]:
    """What stands below each group: its name, and its share of the targets."""
    written = _from if groups.criterion.ordered else str
    return [
        (written(name), text.percent(groups.targets[name] / groups.total, 0)) for name in groups.losses(first)
    ]


def _draw(criterion: str, lines: list[Line], groups: list[tuple[str, str]], *, ordered: bool) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    drawing, _ = line_chart(
        lines,
        xlabel=f"{criterion}; share of targets",
        ylabel="nats per target, difference",
        marked=True,
        joined=ordered,
        groups=groups,
        left=64,
    )
    return drawing
