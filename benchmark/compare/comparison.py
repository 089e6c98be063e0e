"""The comparison: losses, differences and groups, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from benchmark.compare.criteria import Grouping, groupings
from benchmark.compare.entries import Entry, check_blocks
from benchmark.corpus import Corpus
from benchmark.measure.blocks import Blocks
from benchmark.measure.intervals import about_mean, exponential
from benchmark.statistics import p_of
from benchmark.statistics.blocks import block_sums, grouped_sums
from benchmark.statistics.bootstrap import Bootstrap, Estimate, bootstrap
from benchmark.statistics.randomisation import holm, sign_flip_p
from benchmark.statistics.ranks import rank_ranges

#: A group whose targets are in fewer blocks than this has no interval.
LEAST_BLOCKS = 5


@dataclass(frozen=True)
class Measured:
    """An entry's mean loss in nats and its perplexity, with the best and the worst rank it may have."""

    entry: Entry
    nats: Estimate
    perplexity: Estimate
    ranks: tuple[int, int]


@dataclass(frozen=True)
class Pair:
    """How the second of two entries differs from the first: below zero, the second is better.

    `nats` is the difference of the mean losses, `perplexity` that of the perplexities, and `ratio` is
    exp(nats), the second perplexity divided by the first. `p_adjusted` is p after Holm's correction over all
    pairs. Both are None where the losses are no further apart than rounding brings them. `by_seeds` says
    whether p counts how much seeds differ.
    """

    first: Entry
    second: Entry
    nats: Estimate
    perplexity: Estimate
    ratio: Estimate
    p: float | None
    p_adjusted: float | None
    by_seeds: bool


@dataclass(frozen=True)
class GroupDifference:
    """The targets of a group: how many, the mean loss of both entries in nats, and the difference of the two
    (None for the ends of an interval that has too few blocks).

    `share` is what the group adds to the difference of the mean losses of all targets; the shares of a
    criterion add up to it.
    """

    criterion: str
    title: str
    group: str
    targets: int
    first: float
    second: float
    difference: float
    interval: tuple[float, float] | None
    share: float


@dataclass(frozen=True)
class Comparison:
    """Entries on the same events. Each but the first is compared with the first, group by group."""

    corpus: Corpus
    blocks: Blocks
    measured: tuple[Measured, ...]
    pairs: tuple[Pair, ...]
    #: For each entry but the first.
    groups: tuple[tuple[GroupDifference, ...], ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(one.entry for one in self.measured)

    def against_first(self) -> list[Pair]:
        """The pairs of the first entry with each other one."""
        return [pair for pair in self.pairs if pair.first is self.entries[0]]


def compare(entries: Sequence[Entry], corpus: Corpus, blocks: Blocks) -> Comparison:
    """Compares two entries or more. Raises UserError if the text has fewer than two blocks."""
    check_blocks(blocks)
    losses = [block_sums_of(entry, blocks) for entry in entries]
    whole = bootstrap(losses, blocks.targets)
    measured = tuple(
        Measured(
            entry, whole.combined(_weights(len(entries), place)), _perplexity(whole, entries, place), ranks
        )
        for place, (entry, ranks) in enumerate(zip(entries, rank_ranges(whole), strict=True))
    )
    grouped = [
        _grouped(entries, grouping, blocks) for grouping in groupings(corpus.train, corpus.test, corpus.keep)
    ]
    groups = tuple(
        tuple(difference for differences in grouped for difference in differences[place])
        for place in range(len(entries) - 1)
    )
    return Comparison(corpus, blocks, measured, _pairs(whole, entries, losses), groups)


def block_sums_of(entry: Entry, blocks: Blocks) -> np.ndarray:
    """The loss of each block by each seed, float64 [seeds, blocks]."""
    return np.stack([block_sums(-scores, blocks.offsets) for scores in entry.scores])


def _weights(size: int, plus: int, minus: int | None = None) -> np.ndarray:
    weights = np.zeros(size)
    weights[plus] = 1
    if minus is not None:
        weights[minus] = -1
    return weights


def _perplexity(whole: Bootstrap, entries: Sequence[Entry], place: int) -> Estimate:
    """The mean perplexity over seeds, which deviates as exp of the mean loss does."""
    return about_mean(entries[place].perplexity, whole.combined(_weights(len(entries), place)))


def _pairs(whole: Bootstrap, entries: Sequence[Entry], losses: Sequence[np.ndarray]) -> tuple[Pair, ...]:
    places = list(combinations(range(len(entries)), 2))
    flipped = sign_flip_p(np.stack([(losses[b].mean(axis=0) - losses[a].mean(axis=0)) for a, b in places]))
    by_seeds = [max(whole.seeds[a], whole.seeds[b]) > 1 for a, b in places]
    p = np.array(
        [
            whole.p(_weights(len(entries), b, a)) if several else float(flipped[number])
            for number, ((a, b), several) in enumerate(zip(places, by_seeds, strict=True))
        ]
    )
    return tuple(
        Pair(
            entries[a],
            entries[b],
            nats := whole.combined(_weights(len(entries), b, a)),
            _perplexity_difference(whole, entries, a, b),
            exponential(nats),
            p_of(nats.value, float(p[number])),
            p_of(nats.value, float(adjusted)),
            by_seeds[number],
        )
        for number, ((a, b), adjusted) in enumerate(zip(places, holm(p), strict=True))
    )


def _perplexity_difference(whole: Bootstrap, entries: Sequence[Entry], a: int, b: int) -> Estimate:
    first, second = entries[a].perplexity, entries[b].perplexity
    gradient = np.zeros(len(entries))
    gradient[a], gradient[b] = -first, second
    drawn = second * np.expm1(whole.deviations[:, b]) - first * np.expm1(whole.deviations[:, a])
    return whole.estimate(second - first, drawn, gradient)


def _grouped(entries: Sequence[Entry], grouping: Grouping, blocks: Blocks) -> list[list[GroupDifference]]:
    """For each entry but the first, the differences by group. Groups without targets are left out."""
    size, total = len(grouping.groups), len(grouping.of)
    targets = grouped_sums(np.ones(total), grouping.of, blocks.offsets, size)
    used = np.flatnonzero(targets.sum(axis=1))
    losses = [
        np.stack([grouped_sums(-s, grouping.of, blocks.offsets, size)[used] for s in entry.scores], axis=1)
        for entry in entries
    ]
    rows = [group for loss in losses for group in loss]
    found = bootstrap(rows, np.tile(targets[used], (len(entries), 1)))
    differences: list[list[GroupDifference]] = []
    for other in range(1, len(entries)):
        differences.append([])
        for place, group in enumerate(used.tolist()):
            first, second = place, other * len(used) + place
            number = int(targets[group].sum())
            difference = found.combined(_weights(len(rows), second, first))
            certain = int((targets[group] > 0).sum()) >= LEAST_BLOCKS
            differences[-1].append(
                GroupDifference(
                    criterion=grouping.key,
                    title=grouping.title,
                    group=grouping.groups[group],
                    targets=number,
                    first=float(found.means[first]),
                    second=float(found.means[second]),
                    difference=difference.value,
                    interval=(difference.low, difference.high) if certain else None,
                    share=difference.value * number / total,
                )
            )
    return differences
