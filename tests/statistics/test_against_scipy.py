"""Intervals and p-values beside those of scipy, on random data; the product itself does not import scipy."""

from __future__ import annotations

import math
from itertools import chain, combinations
from statistics import NormalDist

import numpy as np
import pytest

from benchmark.statistics import student
from benchmark.statistics.bootstrap import Estimate, bootstrap
from benchmark.statistics.randomisation import holm, sign_flip_p
from benchmark.statistics.share import wilson

stats = pytest.importorskip("scipy.stats", reason="scipy is not installed; it comes with nextword[test]")


@pytest.fixture(params=range(5))
def random(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng([31, request.param])


def near(ours: Estimate, ends: tuple[float, float], share: float) -> bool:
    """Whether the ends of an interval are those given, up to a share of its width."""
    return (ours.low, ours.high) == pytest.approx(tuple(ends), abs=share * (ends[1] - ends[0]))


def test_students_p(random: np.random.Generator) -> None:
    t, freedom = random.uniform(-10, 10, 200), 1 + random.exponential(30, 200)
    assert student.two_sided_p(t, freedom) == pytest.approx(2 * stats.t.sf(np.abs(t), freedom), rel=1e-3)
    assert student.two_sided_p(0, freedom) == pytest.approx(1)


def test_students_quantile(random: np.random.Generator) -> None:
    for freedom in 1 + random.exponential(20, 30):
        level = random.uniform(0.5, 0.99)
        assert student.quantile(level, freedom) == pytest.approx(
            stats.t.ppf((1 + level) / 2, freedom), rel=1e-3
        )


def test_blocks_of_one_size_are_compared_as_by_a_paired_t_test(random: np.random.Generator) -> None:
    shared = random.normal(4, 0.3, 40)
    first, second = shared + random.normal(0, 0.1, (2, 40)) + [[0.0], [random.normal(0, 0.05)]]
    found = bootstrap([first[None, :], second[None, :]], np.ones(40))
    theirs = stats.ttest_rel(first, second)
    assert found.p([1, -1]) == pytest.approx(theirs.pvalue, rel=1e-3)
    assert near(found.combined([1, -1]), theirs.confidence_interval(0.95), 0.05)


def test_a_mean_has_students_interval(random: np.random.Generator) -> None:
    losses = random.normal(4, 0.3, 60)
    found = bootstrap([losses[None, :]], np.ones(60))
    assert found.error(np.ones(1)) == (pytest.approx(stats.sem(losses)), pytest.approx(59))
    assert near(found.combined([1]), stats.t.interval(0.95, 59, losses.mean(), stats.sem(losses)), 0.05)


def test_seeds_are_compared_as_by_welch(random: np.random.Generator) -> None:
    """The blocks of the text are alike, so that seeds alone vary."""
    seeds = [random.normal(4, spread, n) for spread, n in ((0.03, 3), (0.05, 5))]
    found = bootstrap([np.outer(each, np.full(30, 50.0)) for each in seeds], np.full(30, 50.0), 10)
    theirs = stats.ttest_ind(*seeds, equal_var=False)
    assert found.error(np.array([1.0, -1.0]))[1] == pytest.approx(theirs.df, rel=1e-6)
    assert found.p([1, -1]) == pytest.approx(theirs.pvalue, rel=1e-3)


def test_intervals_are_those_of_the_bootstrap(random: np.random.Generator) -> None:
    """Of Σ loss / Σ targets, and of the paired difference of two, with the two corrections that ours has."""
    targets = random.integers(60, 83, 40)
    easy = random.normal(4, 0.2, 40)
    first, second = targets * (easy + random.normal(0, 0.1, (2, 40)))
    found = bootstrap([first[None, :], second[None, :]], targets, resamples=20_000)

    def ratio(losses: np.ndarray, targets: np.ndarray, axis: int = -1) -> np.ndarray:
        return losses.sum(axis=axis) / targets.sum(axis=axis)

    for ours, losses in ((found.combined([1, 0]), first), (found.combined([1, -1]), first - second)):
        theirs = stats.bootstrap(
            (losses, targets), ratio, paired=True, method="percentile", n_resamples=20_000, rng=random
        ).confidence_interval
        assert near(ours, corrected(theirs, ours.value, 40, targets), 0.03)


def corrected(
    ends: tuple[float, float], value: float, blocks: int, targets: np.ndarray
) -> tuple[float, float]:
    """An interval stretched by t / z, with the degrees of freedom of the text, and by √(n / (n − 1))."""
    freedom = targets.sum() ** 2 / (targets**2).sum() - 1
    by = stats.t.ppf(0.975, freedom) / NormalDist().inv_cdf(0.975) * math.sqrt(blocks / (blocks - 1))
    return value + by * (ends[0] - value), value + by * (ends[1] - value)


@pytest.mark.parametrize("blocks", [2, 5, 9, 12])
def test_swapping_the_losses_of_blocks_is_the_exact_permutation_test(
    blocks: int, random: np.random.Generator
) -> None:
    differences = random.normal(0.2, 0.5, blocks)
    theirs = stats.permutation_test(
        (differences,), np.sum, vectorized=True, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(differences) == pytest.approx(theirs.pvalue, abs=1e-12)


def test_drawn_assignments_come_near_the_permutation_test(random: np.random.Generator) -> None:
    differences = random.normal(0.1, 0.5, 16)
    exact = stats.permutation_test(
        (differences,), np.sum, vectorized=True, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    deviation = math.sqrt(exact * (1 - exact) / 10_000)
    assert sign_flip_p(differences) == pytest.approx(exact, abs=4 * deviation + 1e-4)


def test_a_shares_interval_is_wilsons(random: np.random.Generator) -> None:
    for trials in random.integers(1, 5_000, 30).tolist():
        for hits in {0, int(random.integers(trials + 1)), trials}:
            theirs = stats.binomtest(hits, trials).proportion_ci(0.95, method="wilson")
            assert wilson(hits / trials, trials) == pytest.approx(tuple(theirs), abs=1e-9)


def test_holm_is_the_closed_test_of_bonferroni(random: np.random.Generator) -> None:
    """scipy has no Holm. A hypothesis is rejected if Bonferroni rejects every set of hypotheses that has it
    (Marcus, Peritz & Gabriel 1976), and what Holm adjusts is the largest p of these sets."""
    p = random.uniform(0, 0.3, 6).round(2)  # some are equal
    sets = list(chain.from_iterable(combinations(range(6), n) for n in range(1, 7)))
    closed = [
        max(min(1, len(some) * min(p[list(some)])) for some in sets if each in some) for each in range(6)
    ]
    assert holm(p) == pytest.approx(closed)
