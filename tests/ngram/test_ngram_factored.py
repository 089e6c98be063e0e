"""Kneser-Ney over chosen factors against the engine's own and a plain-Python reference."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, small_texts, stream_of, with_ends

from baselines.ngram.counting.history import training_sequence
from baselines.ngram.estimation.discounts import FALLBACK, closed_form, counts_of_counts
from baselines.ngram.factored.dense import DenseTable
from baselines.ngram.factored.model import words_before
from baselines.ngram.factored.table import ABSENT, FactoredTable
from benchmark.contract import RunLog

History = tuple[int, ...]


def test_words_before_stop_at_the_beginning() -> None:
    """`<s>` is 9; text 1 2 3, then 4 5. Distances 1 and 3."""
    sequence = np.array([9, 1, 2, 3, 9, 4, 5])
    near, far = words_before(sequence, (1, 3), 9)
    assert near.tolist()[1:4] == [9, 1, 2]
    assert near.tolist()[5:] == [9, 4]
    assert far.tolist()[1:4] == [ABSENT, 9, 9]
    assert far.tolist()[5:] == [ABSENT, 9]


def test_words_before_an_unmarked_beginning_are_absent() -> None:
    assert words_before(np.array([1, 2, 3]), (1, 2), 9).tolist() == [[ABSENT, 1, 2], [ABSENT, ABSENT, 1]]


class Reference:
    """The formula on dictionaries: histories as tuples, nearest factor first, the group in front."""

    def __init__(self, events: list[tuple[History, int]], groups: list[int], depth: int) -> None:
        self.groups = groups
        counts: dict[History, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for length in range(depth, -1, -1):
            longer = [(h, w) for h in list(counts) if len(h) == length + 2 for w in counts[h]]
            for history, word in [e for e in events if len(e[0]) == length]:
                counts[groups[word], *history][word] += 1
            for history, word in longer:
                counts[history[:-1]][word] += 1
        self.counts = counts
        self.discounts = []
        for length in range(depth + 1):
            seen = [c for h in counts if len(h) == length + 1 for c in counts[h].values()]
            chosen = closed_form(*counts_of_counts(np.array(seen, dtype=np.int64)))
            self.discounts.append([0, *(chosen or FALLBACK)])

    def probability(self, word: int, history: History) -> float:
        return self._probability(word, (self.groups[word], *history))

    def _probability(self, word: int, history: History) -> float:
        if len(history) > 1:
            lower = self._probability(word, history[:-1])
        else:
            lower = 1 / self.groups.count(history[0])
        counts = self.counts.get(history)
        if not counts:
            return lower
        discounts = self.discounts[len(history) - 1]
        taken = {w: discounts[min(c, 3)] for w, c in counts.items()}
        own = counts.get(word, 0) - taken.get(word, 0)
        return (own + sum(taken.values()) * lower) / sum(counts.values())


@given(
    lines=small_texts,
    distances=st.sets(st.integers(1, 4), max_size=3).map(lambda each: tuple(sorted(each))),
    groups=st.integers(1, 3),
)
def test_agrees_with_the_formula(lines: Lines, distances: tuple[int, ...], groups: int) -> None:
    """Also for targets in groups, and each row sums to one in each group."""
    stream = stream_of(with_ends(lines))
    words = len(stream.vocabulary)
    group_of = np.arange(words) % min(groups, words)
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    is_target = sequence != words
    factors, targets = words_before(sequence, distances, words)[:, is_target], sequence[is_target]
    table = FactoredTable.estimate(factors, targets, group_of, words + 1, RunLog())

    histories = [tuple(value for value in column if value != ABSENT) for column in factors.T.tolist()]
    events = list(zip(histories, targets.tolist(), strict=True))
    reference = Reference(events, group_of.tolist(), len(distances))
    expected = [reference.probability(word, history) for history, word in events]
    assert np.exp(table.score(factors, targets)) == pytest.approx(expected, rel=1e-5)

    strange = np.random.default_rng(3).integers(-1, words + 1, (len(distances), 10))
    strange[:, np.minimum.accumulate(strange, axis=0)[-1] < 0 if len(distances) else slice(0)] = ABSENT
    asked = np.concatenate([factors[:, :10], strange], axis=1)
    dense = DenseTable(table)
    rows = dense.in_order(dense.rows(dense.find(asked), np.ones((asked.shape[1], dense.groups))))
    for row, column in zip(rows, asked.T.tolist(), strict=True):
        history = tuple(value for value in column if value != ABSENT)
        assert row == pytest.approx([reference.probability(w, history) for w in range(words)], rel=1e-5)
        assert np.bincount(group_of, weights=row) == pytest.approx(1, abs=1e-5)
