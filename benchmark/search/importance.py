"""How much of the difference between trials goes with each parameter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from statistics import fmean

from benchmark.search.record import SearchRecord, Trial
from benchmark.search.space import Value

#: With fewer finished trials it would say nothing.
LEAST = 8
#: Numbers that take more values than this are cut into thirds of equally many trials.
VALUES = 4


def importance(record: SearchRecord) -> dict[str, float]:
    """For each parameter, η² from 0 to 1; empty for fewer than `LEAST` finished trials.

    η² = (H − k + 1) / (n − k) for n trials ranked by validation perplexity in k groups of one value (or third
    of the values) of the parameter, H the statistic of Kruskal & Wallis (Tomczak & Tomczak 2014): the share
    of the variance of ranks that the parameter explains alone, corrected for chance; 0 where it is below. It
    is computed as 1 − (W / (n − k)) / (T / (n − 1)), W and T the sums of squares within the groups and in
    all, which heeds ties. Ranks, since a trial that fails to learn would drown all others. Unlike a
    correlation it also sees a best value in the middle.
    """
    trials = record.ranked
    if len(trials) < LEAST:
        return {}
    ranks = _ranks(trials)
    return {key: _explained(_groups([t.parameters[key] for t in trials]), ranks) for key in record.space}


def _ranks(trials: Sequence[Trial]) -> list[float]:
    """Ranks from 1, those that share a perplexity sharing the mean of their ranks."""
    same: dict[float | None, list[int]] = defaultdict(list)
    for rank, trial in enumerate(trials, start=1):
        same[trial.valid_perplexity].append(rank)
    return [fmean(same[trial.valid_perplexity]) for trial in trials]


def _groups(values: Sequence[Value]) -> list[Hashable]:
    """The group that each value belongs to."""
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values) or len(set(numbers)) <= VALUES:
        return [repr(value) for value in values]
    ordered = sorted(numbers)
    cuts = [ordered[len(ordered) * third // 3] for third in (1, 2)]
    return [sum(number >= cut for cut in cuts) for number in numbers]


def _explained(groups: Sequence[Hashable], ranks: Sequence[float]) -> float:
    members: dict[Hashable, list[float]] = defaultdict(list)
    for group, rank in zip(groups, ranks, strict=True):
        members[group].append(rank)
    total = _squares(ranks)
    if total == 0 or not 1 < len(members) < len(ranks):
        return 0.0
    within = sum(_squares(group) for group in members.values())
    return max(0.0, 1 - within / (len(ranks) - len(members)) / (total / (len(ranks) - 1)))


def _squares(values: Sequence[float]) -> float:
    mean = fmean(values)
    return sum((value - mean) ** 2 for value in values)
