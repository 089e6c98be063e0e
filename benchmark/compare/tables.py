"""The tables of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from benchmark import text
from benchmark.compare.comparison import GroupDifference, Measured, Pair
from benchmark.compare.targets import Target
from benchmark.report.fields import (
    Field,
    cells_of,
    columns_of,
    interval_fields,
    number_field,
    text_field,
)
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, text_cell
from benchmark.statistics.bootstrap import Estimate


def signed_perplexity(value: float | None) -> str:
    """A difference of perplexities with its sign and as many decimals as they have, and one more."""
    return text.NONE if value is None else text.signed(value, 2 if abs(value) < 100 else 0)


def _ends(estimate: Estimate) -> tuple[float, float]:
    return estimate.low, estimate.high


def _family(measured: Measured) -> str:
    return FAMILY_NAMES.get(measured.entry.row.family, measured.entry.row.family)


def _probability(value: float | None) -> str:
    return text.significant(value, 2)


MODELS: tuple[Field[Measured], ...] = (
    Field(Column("rank", "#", "right"), lambda one: Cell(text.span(*one.ranks), float(one.ranks[0]))),
    text_field("label", "Model", lambda one: one.entry.label),
    text_field("family", "Family", _family),
    text_field("context", "History", lambda one: one.entry.row.history),
    number_field("seeds", "Seeds", lambda one: one.entry.seeds, text.amount),
    number_field("nats", "Loss, nats", lambda one: one.nats.value, text.three_decimals),
    *interval_fields("nats", lambda one: _ends(one.nats), text.three_decimals),
    number_field("perplexity", "Test perplexity", lambda one: one.perplexity.value, text.perplexity),
    *interval_fields("perplexity", lambda one: _ends(one.perplexity), text.perplexity),
)
PAIRS: tuple[Field[Pair], ...] = (
    text_field("label", "Model", lambda pair: pair.second.label),
    text_field("against", "Against", lambda pair: pair.first.label),
    number_field("nats", "Difference, nats", lambda pair: pair.nats.value, text.signed),
    *interval_fields("nats", lambda pair: _ends(pair.nats), text.signed),
    number_field("in_perplexity", "In perplexity", lambda pair: pair.perplexity.value, signed_perplexity),
    *interval_fields("in_perplexity", lambda pair: _ends(pair.perplexity), signed_perplexity),
    number_field("ratio", "Ratio", lambda pair: pair.ratio.value, text.three_decimals),
    *interval_fields("ratio", lambda pair: _ends(pair.ratio), text.three_decimals),
    Field(Column("p", "p", "right"), lambda pair: Cell(text.p_value(pair.p), pair.p)),
)
ADJUSTED: Field[Pair] = Field(
    Column("p_holm", "p (Holm)", "right"), lambda pair: Cell(text.p_value(pair.p_adjusted), pair.p_adjusted)
)
GROUPS: tuple[Field[GroupDifference], ...] = (
    text_field("criterion", "Criterion", lambda group: group.criterion, "data"),
    text_field("group", "Targets", lambda group: group.group),
    number_field("targets", "Number", lambda group: group.targets, lambda n: f"{n:,.0f}"),
    number_field("first", "Loss of the first, nats", lambda group: group.first, text.three_decimals),
    number_field("second", "Loss of the second", lambda group: group.second, text.three_decimals),
    number_field("difference", "Difference", lambda group: group.difference, text.signed),
    *interval_fields("difference", lambda group: group.interval, text.signed),
    number_field("share", "Share of the total", lambda group: group.share, text.signed),
)
TARGETS: tuple[Field[Target], ...] = (
    number_field("position", "Position", lambda target: target.position, text.amount, "data"),
    Field(Column("before", "Before", "right"), lambda target: text_cell(target.before)),
    text_field("target", "Target", lambda target: target.target),
    text_field("after", "After", lambda target: target.after),
    number_field("first", "p by the first", lambda target: target.first, _probability),
    number_field("second", "p by the second", lambda target: target.second, _probability),
    number_field("difference", "Difference, nats", lambda target: target.difference, text.signed),
)


def models_table(measured: Sequence[Measured]) -> Table:
    """Every model with its loss and its perplexity, best first."""
    ordered = sorted(measured, key=lambda one: one.nats.value)
    rows = tuple(TableRow(cells_of(MODELS, one), family=one.entry.row.family) for one in ordered)
    return Table("models", "The models, best first; lower is better.", columns_of(MODELS), (Group(rows),), 1)


def pairs_table(pairs: Sequence[Pair]) -> Table:
    """The difference of each pair."""
    fields = (*PAIRS, ADJUSTED) if len(pairs) > 1 else PAIRS
    caption = (
        "Each model's loss and perplexity minus those of the model that it is set against: below zero, it is "
        "better. The ratio divides its perplexity by the other's: below one, it is better."
    )
    rows = tuple(TableRow(cells_of(fields, pair)) for pair in pairs)
    return Table("pairs", caption, columns_of(fields), (Group(rows),))


def groups_table(name: str, pair: Pair, differences: Sequence[GroupDifference]) -> Table:
    """Where two models differ: the groups of each criterion."""
    caption = (
        f"{pair.second.label} (the second) against {pair.first.label} (the first), in nats for each token: "
        "below zero, the second is better. The last column is what a group adds to the difference over all "
        f"targets, {text.signed(pair.nats.value)}; under each heading it adds up to that."
    )
    groups = tuple(
        Group(tuple(TableRow(cells_of(GROUPS, one)) for one in some), title)
        for title, some in groupby(differences, key=attrgetter("title"))
    )
    return Table(name, caption, columns_of(GROUPS), groups, head=1)


def targets_table(name: str, pair: Pair, targets: Sequence[Target]) -> Table:
    """The targets at which two models differ most."""
    caption = (
        f"Where {pair.second.label} (the second) is ahead of {pair.first.label} (the first) by most, and "
        "where it is behind by most."
    )
    better = [target for target in targets if target.difference < 0]
    worse = [target for target in targets if target.difference > 0]
    groups = tuple(
        Group(tuple(TableRow(cells_of(TARGETS, target)) for target in some), f"{side.label} gives more")
        for side, some in ((pair.second, better), (pair.first, worse))
        if some
    )
    return Table(name, caption, columns_of(TARGETS), groups, head=2)
