"""Equal seconds, bytes and parameters: what each family reaches for at most so much of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from benchmark.measure.measure import Measure
from benchmark.measure.measures import TRAIN_SECONDS
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.clocks import clock_for, notes_of_elsewhere
from benchmark.report.context import Context
from benchmark.report.cost_curves import MEMORY, NUMBERS, Choice, envelopes
from benchmark.report.family_pairs import FamilyPair, pair_fields
from benchmark.report.fields import Field, cells_of, columns_of, number_field
from benchmark.report.ranking import RankedGroup
from benchmark.report.tables import Group, Table, TableRow

ORDER = 36

INTRODUCTION = (
    "Both families with the same limit on one cost. At each limit, a family is represented by its run with "
    "the lowest validation perplexity among those that cost at most so much; the test text only reports. "
    "Limits go up in steps of 1, 3, 10 from where both families have a run. One at which neither family has "
    "a better run than at the one before is left out. A limit says nothing of runs that were not made."
)
#: What each limit is on: its rule in words.
RULES: tuple[tuple[Measure, str], ...] = (
    (
        TRAIN_SECONDS,
        "Seconds of training on one machine, with the number of cores that each run used: the machine on "
        "which both families come closest to their own best validation perplexity.",
    ),
    (MEMORY, "Bytes of the arrays that the loaded model holds in memory."),
    (
        NUMBERS,
        "Parameters of a network; n-grams of an n-gram model, each of which has a probability and, below the "
        "highest order, a backoff weight.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class EqualCost(FamilyPair):
    """The best of each family for at most a cost, and what these cost."""

    limit: float
    ngram_cost: float
    neural_cost: float


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for cost, rule in RULES:
        found = [(group, pairs) for group in context.ranked_groups if (pairs := equal_costs(group, cost))]
        if found:
            blocks.append(_table(cost, rule, found))
            blocks += notes_of_elsewhere((group for group, _ in found), [cost])
    if not blocks:
        return None
    return Section(
        "equal-costs", "Equal seconds, bytes and parameters", (Paragraph((INTRODUCTION,)), *blocks)
    )


def equal_costs(group: RankedGroup, cost: Measure) -> list[EqualCost]:
    """The choices at each limit, by rising limit; empty unless both families have runs."""
    families = envelopes(group, cost)
    if not {"count", "neural"} <= families.keys():
        return []
    found: list[EqualCost] = []
    before: tuple[Choice, ...] = ()
    for limit in _limits(families):
        chosen = tuple(_chosen(families[family], limit) for family in ("count", "neural"))
        if chosen != before:
            found.append(_equal_cost(group, limit, *chosen))
        before = chosen
    return found


def _equal_cost(group: RankedGroup, limit: float, ngram: Choice, neural: Choice) -> EqualCost:
    return EqualCost(
        limit=limit,
        ngram=ngram.row,
        neural=neural.row,
        ngram_perplexity=ngram.point.shown,
        neural_perplexity=neural.point.shown,
        ngram_cost=ngram.point.cost,
        neural_cost=neural.point.cost,
        ratio=group.ratio(neural.row, ngram.row),
    )


def _limits(families: Mapping[str, Sequence[Choice]]) -> list[float]:
    """1, 3, 10, … from the first that both families keep to the first that nothing goes beyond."""
    both = [families["count"], families["neural"]]
    begin = max(choices[0].point.cost for choices in both)
    end = max(choices[-1].point.cost for choices in both)
    powers = range(math.floor(math.log10(begin)), math.ceil(math.log10(end)) + 1)
    steps = [step * 10.0**power for power in powers for step in (1, 3)]
    last = next(step for step in steps if step >= end)
    return [step for step in steps if begin <= step <= last]


def _chosen(choices: Sequence[Choice], limit: float) -> Choice:
    return [choice for choice in choices if choice.point.cost <= limit][-1]


def _table(cost: Measure, rule: str, found: Sequence[tuple[RankedGroup, list[EqualCost]]]) -> Table:
    fields: list[Field[EqualCost]] = [
        number_field("limit", "At most", attrgetter("limit"), cost.show),
        *pair_fields([pair for _, pairs in found for pair in pairs]),
        number_field("ngram_cost", "n-gram model's cost", attrgetter("ngram_cost"), cost.show, "data"),
        number_field("neural_cost", "Network's cost", attrgetter("neural_cost"), cost.show, "data"),
    ]
    groups = tuple(
        Group(
            tuple(TableRow(cells_of(fields, pair)) for pair in pairs),
            group.title,
            _machine(group, cost),
            group.corpus,
        )
        for group, pairs in found
    )
    caption = f"Test perplexity at equal {cost.noun}; lower is better. {rule}"
    return Table(f"at_most_{cost.key}", caption, columns_of(fields), groups)


def _machine(group: RankedGroup, cost: Measure) -> str:
    """The machine on which a cost is compared; empty where it does not depend on one."""
    clock = clock_for(group, cost)
    return f"on {clock[0]}" if clock else ""
