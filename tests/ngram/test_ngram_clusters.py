"""Brown clustering by exchange against its likelihood, recomputed from nothing, and planted classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise, product
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.ngram.factored.clusters import Bigrams, Exchange, cluster

texts = st.lists(st.integers(0, 5), min_size=3, max_size=40)


def bigrams_of(text: list[int], words: int) -> Bigrams:
    """Pairs of a text that begins after `<s>`, the id `words`."""
    pairs = Counter(pairwise([words, *text]))
    left, right = zip(*pairs, strict=True)
    return Bigrams(np.array(left), np.array(right), np.array(list(pairs.values())), words)


def likelihood(text: list[int], class_of: list[int]) -> float:
    """Σ ln p(c(w) | c(v)) p(w | c(w)) over the text, without Σ ln N(w), which no class changes."""
    classes = ["start", *(class_of[word] for word in text)]
    both, left, right = Counter(pairwise(classes)), Counter(classes[:-1]), Counter(classes[1:])
    return sum(log(both[pair] / left[pair[0]] / right[pair[1]]) for pair in pairwise(classes))


@given(text=texts, classes=st.integers(2, 4), data=st.data())
def test_every_exchange_takes_the_best_class_and_knows_the_likelihood(
    text: list[int], classes: int, data: st.DataObject
) -> None:
    start = data.draw(st.lists(st.integers(0, classes - 1), min_size=6, max_size=6))
    exchange = Exchange(bigrams_of(text, 6), np.array(start), classes, first=0)
    assert exchange.likelihood() == pytest.approx(likelihood(text, start), abs=1e-9)
    for word in [*range(6), *range(6)]:
        before = exchange.class_of.tolist()
        exchange.visit(np.array([word]))
        after = exchange.class_of.tolist()
        assert [a == b for a, b in zip(after, before, strict=True)].count(False) <= 1
        moves = [likelihood(text, [*before[:word], c, *before[word + 1 :]]) for c in range(classes)]
        assert exchange.likelihood() == pytest.approx(likelihood(text, after), abs=1e-9)
        assert exchange.likelihood() == pytest.approx(max(moves), abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_finds_the_best_of_all_clusterings_of_a_few_words(seed: int) -> None:
    """Words 0, 2 and 4 alternate with 1, 3 and 5, with some disorder."""
    random = np.random.default_rng(seed)
    text = [int(2 * random.integers(3) + (i + (random.random() < 0.1)) % 2) for i in range(300)]
    found = cluster(bigrams_of(text, 6), 2, [], sweeps=20).tolist()
    best = max(likelihood(text, list(classes)) for classes in product(range(2), repeat=6))
    assert likelihood(text, found) == pytest.approx(best)
    assert len({found[0], found[2], found[4]}) == 1


@pytest.mark.parametrize("seed", range(3))
def test_recovers_planted_classes(seed: int) -> None:
    """Eight classes of ten words, some rarer than others; what class follows depends on the class alone."""
    random = np.random.default_rng(seed)
    follow = random.dirichlet(np.ones(8), size=8)
    classes = [0]
    for _ in range(10_000):
        classes.append(int(random.choice(8, p=follow[classes[-1]])))
    frequency = 1 / np.arange(1, 11)
    words = random.choice(10, len(classes), p=frequency / frequency.sum())
    found = cluster(bigrams_of((10 * np.array(classes) + words).tolist(), 80), 8, [], sweeps=20)
    assert [len(set(members)) for members in found.reshape(8, 10).tolist()] == [1] * 8
    assert len(set(found.tolist())) == 8


@given(text=texts, classes=st.integers(3, 5))
def test_words_that_stand_alone_do(text: list[int], classes: int) -> None:
    found = cluster(bigrams_of(text, 6), classes, [5, 2], sweeps=3).tolist()
    assert found.count(found[5]) == found.count(found[2]) == 1
    assert set(found) == set(range(len(set(found))))
    assert len(set(found)) <= classes
    assert found == cluster(bigrams_of(text, 6), classes, [5, 2], sweeps=3).tolist()


def test_no_more_words_than_classes_have_a_class_each() -> None:
    assert sorted(cluster(bigrams_of([0, 1, 2, 1], 3), 3, [1], sweeps=3).tolist()) == [0, 1, 2]


def test_sweeps_are_told_and_never_lower_the_likelihood() -> None:
    random = np.random.default_rng(2)
    text = (random.zipf(1.3, 3000) % 100).tolist()
    told: list[tuple[int, float]] = []
    cluster(bigrams_of(text, 100), 10, [], sweeps=4, visited=lambda *state: told.append(state))
    assert 1 <= len(told) <= 4
    assert all(later >= earlier for (_, earlier), (_, later) in pairwise(told))


def test_counts_many_times_as_high_give_the_same_classes() -> None:
    """f(k n) = k f(n) + k n ln k, so that every gain is k times as large."""
    random = np.random.default_rng(3)
    bigrams = bigrams_of((random.zipf(1.3, 3000) % 60).tolist(), 60)
    often = replace(bigrams, counts=100_000 * bigrams.counts)
    assert cluster(often, 8, [], sweeps=3).tolist() == cluster(bigrams, 8, [], sweeps=3).tolist()
