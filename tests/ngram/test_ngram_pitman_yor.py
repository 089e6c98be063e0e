"""The hierarchical Pitman-Yor model: Stirling numbers, tables and probabilities against enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, penn_treebank, perplexity, small_texts, stream_of, vocabulary_of, with_ends

from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import scoring_sequence, training_sequence
from baselines.ngram.estimation.restaurants import customers, one_table_each, predict, reseat
from baselines.ngram.estimation.stirling import Stirling, digamma
from baselines.ngram.smoothing.pitman_yor import PitmanYor
from baselines.ngram.table.backoff import BackoffTable
from benchmark.check import check_model
from benchmark.contract import RunLog, TokenStream


def fitted(stream: TokenStream, **settings: object) -> PitmanYor:
    model = PitmanYor(**{"burn_in": 3, "samples": 3, **settings})  # type: ignore[arg-type]
    model.fit(stream, stream, RunLog())
    return model


def counted(stream: TokenStream, order: int) -> list[OrderCounts]:
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    return count_ngrams(sequence, len(stream.vocabulary), order)


def seatings(customers: int) -> list[list[int]]:
    """Every way to divide customers among tables, as the sizes of the tables."""
    ways = [[1]]
    for _ in range(customers - 1):
        ways = [
            new
            for sizes in ways
            for new in [
                [*sizes, 1],
                *([*sizes[:k], sizes[k] + 1, *sizes[k + 1 :]] for k in range(len(sizes))),
            ]
        ]
    return ways


@cache
def weight(customers: int, tables: int, discount: float) -> float:
    """S_d: over all seatings, the product over tables of (1 − d) (2 − d) … (size − 1 − d)."""
    return sum(
        prod(i - discount for size in sizes for i in range(1, size))
        for sizes in seatings(customers)
        if len(sizes) == tables
    )


@pytest.mark.parametrize("discount", [0.1, 0.75])
def test_stirling_numbers_sum_over_all_seatings(discount: float) -> None:
    numbers = np.exp(Stirling(discount, 7).log)
    for c in range(1, 8):
        expected = [weight(c, t, discount) for t in range(1, c + 1)]
        assert numbers[c - 1] == pytest.approx([*expected, *[0] * (7 - c)])


def test_joins_are_how_the_numbers_depend_on_the_discount() -> None:
    """Each join let in by the share t (1 − d) is a power of 1 − d: joins = −(1 − d) ∂ ln S / ∂d."""
    here, below, above = (Stirling(discount, 20) for discount in (0.6, 0.6 - 1e-6, 0.6 + 1e-6))
    for c in range(2, 21):
        slope = (above.log[c - 1, : c - 1] - below.log[c - 1, : c - 1]) / 2e-6
        assert here.joins[c - 1, : c - 1] == pytest.approx(-(1 - 0.6) * slope, rel=1e-4)
        assert here.joins[c - 1, c - 1] == 0


@pytest.mark.parametrize(("customers", "openness"), [(2, 0.3), (9, 2.0), (9, 50.0), (30, 0.01)])
def test_tables_are_drawn_from_their_distribution(customers: int, openness: float) -> None:
    stirling = Stirling(0.7, 40)
    drawn, _ = stirling.sample(
        np.full(20_000, customers), np.full(20_000, openness), np.random.default_rng(3)
    )
    logs = stirling.log[customers - 1, :customers] + np.arange(1, customers + 1) * np.log(openness)
    expected = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
    found = np.bincount(drawn, minlength=customers + 1)[1:] / len(drawn)
    assert found == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("openness", [0.05, 3.0, 200.0])
def test_tables_of_many_customers_are_right_on_average(openness: float) -> None:
    """400 customers drawn by a table for 50, and by one for all."""
    many, rates = np.full(4000, 400), np.full(4000, openness)
    (short, short_joins), (whole, joins) = (
        Stirling(0.7, limit).sample(many, rates, np.random.default_rng(3)) for limit in (50, 400)
    )
    assert short.mean() == pytest.approx(whole.mean(), rel=0.03)
    assert short.std() == pytest.approx(whole.std(), rel=0.1, abs=0.06)
    assert short_joins == pytest.approx(joins, rel=0.05)


def test_digamma() -> None:
    """ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2, ψ(x + 1) = ψ(x) + 1/x."""
    euler = 0.5772156649015329
    assert digamma(np.array([1.0, 0.5])) == pytest.approx([-euler, -euler - 2 * np.log(2)], abs=1e-8)
    x = np.array([0.01, 3.3, 1e6])
    assert digamma(x + 1) - digamma(x) == pytest.approx(1 / x, abs=1e-8)


def kneser_ney(lines: list[list[int]], words: int, discounts: list[float], word: int, h: list[int]) -> float:
    """Interpolated Kneser-Ney with one discount an order, from the formula; `<s>` is the id `words`."""
    begun, longest = [[words, *line] for line in lines], len(discounts) - 1

    def followers(context: list[int]) -> list[int]:
        """What follows the context: each time, or, below the highest order, once after each word before."""
        n = len(context)
        found = [
            (line[i - n - 1] if i > n else None, line[i])
            for line in begun
            for i in range(max(n, 1), len(line))
            if line[i - n : i] == context
        ]
        whole = n == longest or context[:1] == [words]
        return [follower for _, follower in (found if whole else set(found))]

    p = 1 / words
    for n in range(min(longest, len(h)) + 1):
        after, d = followers(h[len(h) - n :]), discounts[n]
        if after:
            p = (max(after.count(word) - d, 0) + d * len(set(after)) * p) / len(after)
    return p


@given(lines=small_texts, discounts=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4))
def test_one_table_a_dish_and_no_strength_is_kneser_ney(lines: Lines, discounts: list[float]) -> None:
    stream = stream_of(with_ends(lines))
    words, order = len(stream.vocabulary), len(discounts)
    counts = counted(stream, order)
    probs, weights = predict(counts, one_table_each(counts), discounts, [0.0] * order)
    table = BackoffTable.of(counts, [np.log(p + 1e-300) for p in probs], [np.log(w) for w in weights[1:]])
    sequence, is_target = scoring_sequence(stream.ids, stream.vocabulary, "sentence")
    encoded = [[*stream.vocabulary.encode(line).tolist(), stream.vocabulary.end] for line in lines]
    expected = [
        kneser_ney(encoded, words, discounts, line[i], [words, *line[:i]])
        for line in encoded
        for i in range(len(line))
    ]
    assert np.exp(table.score(sequence)[is_target]) == pytest.approx(expected, rel=2e-5)


class Exact:
    """The posterior over all seating arrangements of a tiny text (Teh 2006, eq. 15).

    A restaurant has probability [θ|d] of its tables over [θ|1] of its customers times S_d of each dish,
    [a|b] of n being a (a + b) … (a + (n − 1) b); a table of order 1 has 1 / V more.
    """

    def __init__(self, counts: list[OrderCounts], discounts: list[float], strengths: list[float]) -> None:
        self.counts, self.discounts, self.strengths = counts, discounts, strengths

    def mean_tables(self) -> np.ndarray:
        """The mean number of tables of each n-gram of the highest order."""
        tables = one_table_each(self.counts)
        weights, chosen = zip(*self._arrangements(len(self.counts), tables), strict=True)
        return np.average(chosen, axis=0, weights=weights)

    def _arrangements(self, n: int, tables: list[np.ndarray]) -> Iterator[tuple[float, tuple[int, ...]]]:
        """Every choice of tables of order n, with its probability and that of all below."""
        eating = customers(self.counts, tables, n).astype(int).tolist()
        for chosen in product(*(range(min(1, c), c + 1) for c in eating)):
            p = prod(weight(c, t, self.discounts[n - 1]) for c, t in zip(eating, chosen, strict=True) if c)
            for h in set(self.counts[n - 1].contexts.tolist()):
                here = self.counts[n - 1].contexts == h
                p *= self._restaurant(n, int(np.array(eating)[here].sum()), int(np.array(chosen)[here].sum()))
            lower = [*tables[: n - 1], np.array(chosen, dtype=float), *tables[n:]]
            base = (1 / self.counts[0].words) ** sum(chosen)
            yield p * (sum(q for q, _ in self._arrangements(n - 1, lower)) if n > 1 else base), chosen

    def _restaurant(self, n: int, eating: int, tables: int) -> float:
        d, strength = self.discounts[n - 1], self.strengths[n - 1]
        return prod(strength + d * i for i in range(tables)) / prod(strength + i for i in range(eating))


def sampled_tables(
    counts: list[OrderCounts], discounts: list[float], strengths: list[float], sweeps: int
) -> np.ndarray:
    """What `Exact.mean_tables` gives, by the sampler with its discounts and strengths held."""
    random, tables = np.random.default_rng(8), one_table_each(counts)
    mean = np.zeros(len(counts[-1]))
    for _ in range(sweeps):
        probs, _ = predict(counts, tables, discounts, strengths)
        for n in range(len(counts), 0, -1):
            base = probs[n - 2] if n > 1 else np.array([1 / counts[0].words])
            eating, held = customers(counts, tables, n), (discounts[n - 1], strengths[n - 1])
            tables[n - 1], *_ = reseat(counts, n, eating, tables[n - 1], base, *held, random)
        mean += tables[-1] / sweeps
    return mean


@pytest.mark.parametrize(("discount", "strength"), [(0.4, 2.0), (0.8, 0.3)])
def test_at_order_one_the_sampler_is_exact(discount: float, strength: float) -> None:
    counts = counted(stream_of(list("aaaaabbbc")), 1)
    expected = Exact(counts, [discount], [strength]).mean_tables()
    assert sampled_tables(counts, [discount], [strength], 800) == pytest.approx(expected, abs=0.1)


def test_at_order_two_it_is_near() -> None:
    """a b and a c follow each other; the means differ by what the docstring says is left out."""
    counts = counted(stream_of(list("abababacac")), 2)
    expected = Exact(counts, [0.5, 0.7], [1.0, 1.0]).mean_tables()
    assert sampled_tables(counts, [0.5, 0.7], [1.0, 1.0], 500) == pytest.approx(expected, abs=0.3)


def test_finds_the_discount_of_a_pitman_yor_text() -> None:
    """Each customer opens a table, with a new word, with probability (θ + d t) / (θ + c); d = 0.6, θ = 20.

    With 200 times as many words as tables, no two tables have one dish.
    """
    random, sizes = np.random.default_rng(4), [1]
    text = [0]
    for c in range(1, 8000):
        if random.random() < (20 + 0.6 * len(sizes)) / (20 + c):
            sizes.append(0)
            text.append(len(sizes) - 1)
        else:
            p = np.array(sizes) - 0.6
            text.append(int(random.choice(len(sizes), p=p / p.sum())))
        sizes[text[-1]] += 1
    words = [f"w{i}" for i in range(200 * len(sizes))]
    vocabulary = vocabulary_of([words[i] for i in text], *words)
    model = fitted(stream_of([words[i] for i in text], vocabulary), order=1, burn_in=30, samples=1)
    assert model.discounts[0] == pytest.approx(0.6, abs=0.05)


@given(lines=small_texts, order=st.integers(1, 4), seed=st.integers(0, 99))
def test_sums_to_one(lines: Lines, order: int, seed: int) -> None:
    stream = stream_of(with_ends(lines))
    model = fitted(stream, order=order)
    random = np.random.default_rng(seed)
    contexts = [random.integers(0, len(stream.vocabulary), length) for length in range(6)]
    assert np.exp(model.next_log_probs(contexts)).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_seed_decides() -> None:
    random = np.random.default_rng(1)
    stream = stream_of([f"w{i}" for i in random.zipf(1.5, 500) % 50])
    scores = [fitted(stream, order=2, seed=seed).log_probs(stream) for seed in (1, 1, 2)]
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_keeps_the_contract(context: str) -> None:
    findings = check_model(lambda: PitmanYor(order=3, burn_in=1, samples=2, context=context))  # type: ignore[arg-type]
    assert [finding for finding in findings if finding.problem] == []


@pytest.mark.slow
def test_penn_treebank_perplexity() -> None:
    """A few sweeps are enough to be no worse than modified Kneser-Ney, 148.28; more give 146.6."""
    splits = penn_treebank()
    model = fitted(splits["train"], order=3, burn_in=3, samples=3)
    assert perplexity(model.log_probs(splits["test"])) < 148.28
