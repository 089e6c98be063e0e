"""Equal seconds, bytes and parameters: what each family reaches for at most so much of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import TRAIN_SECONDS
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.cost_curves import MEMORY, NUMBERS, Choice, envelopes
from benchmark.report.fields import Field, cells_of, columns_of, interval_fields, number_field, text_field
from benchmark.report.ranking import RankedGroup
from benchmark.report.tables import Group, Table, TableRow
from benchmark.statistics.bootstrap import Estimate

ORDER = 36

INTRODUCTION = (
    "Both families with the same limit on one cost. At each limit, a family is represented by its run with "
    "the lowest validation perplexity among those that cost at most so much; the test text only reports. "
    "Limits go up in steps of 1, 3, 10 from where both families have a run. One at which neither family has "
    "a better run than at the one before is left out. A limit says nothing of runs that were not made."
)
#: What each limit is on: its rule in words.
RULES: tuple[tuple[Measure, str], ...] = (
    (TRAIN_SECONDS, "Seconds of training on one machine, with the number of cores that each run used."),
    (MEMORY, "Bytes of the arrays that the loaded model holds in memory."),
    (
        NUMBERS,
        "Parameters of a network; n-grams of an n-gram model, each of which has a probability and, below the "
        "highest order, a backoff weight.",
    ),
)


@dataclass(frozen=True)
class EqualCost:
    """The choices of both families for at most a cost; `ratio` is that of the network's perplexity to the
    n-gram model's, None where it has no interval."""

    limit: float
    ngram: Choice
    neural: Choice
    ratio: Estimate | None

    @property
    def difference(self) -> float:
        """The network's test perplexity as a share of the n-gram model's, less one."""
        return self.neural.point.shown / self.ngram.point.shown - 1

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the difference's interval."""
        return (self.ratio.low - 1, self.ratio.high - 1) if self.ratio else None


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for cost, rule in RULES:
        found = [(group, pairs) for group in context.ranked_groups if (pairs := equal_costs(group, cost))]
        if found:
            blocks.append(_table(cost, rule, found))
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
    for limit in _limits(families):
        ngram, neural = (_chosen(families[family], limit) for family in ("count", "neural"))
        if not found or (ngram, neural) != (found[-1].ngram, found[-1].neural):
            known = group.uncertainty
            ratio = known.ratio(neural.row, ngram.row) if known else None
            found.append(EqualCost(limit, ngram, neural, ratio))
    return found


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
        number_field("limit", "At most", lambda pair: pair.limit, cost.show),
        text_field("ngram", "Best n-gram model", lambda pair: pair.ngram.row.label),
        number_field("ngram_cost", "Its cost", lambda pair: pair.ngram.point.cost, cost.show, "data"),
        number_field("ngram_perplexity", "Test perplexity", lambda p: p.ngram.point.shown, text.perplexity),
        text_field("neural", "Best network", lambda pair: pair.neural.row.label),
        number_field("neural_cost", "Its cost", lambda pair: pair.neural.point.cost, cost.show, "data"),
        number_field("neural_perplexity", "Test perplexity", lambda p: p.neural.point.shown, text.perplexity),
        number_field("difference", "Network's difference", lambda pair: pair.difference, text.signed_percent),
    ]
    if any(pair.interval for _, pairs in found for pair in pairs):
        fields += interval_fields("difference", attrgetter("interval"), text.signed_percent)
    groups = tuple(
        Group(tuple(TableRow(cells_of(fields, pair)) for pair in pairs), group.title, corpus=group.corpus)
        for group, pairs in found
    )
    caption = f"Test perplexity at equal {cost.noun}; lower is better. {rule}"
    return Table(f"at_most_{cost.key}", caption, columns_of(fields), groups)
