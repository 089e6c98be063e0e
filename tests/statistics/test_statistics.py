"""Intervals, p-values and ranks, by hand. What scipy has of them, `test_against_scipy.py` compares."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.statistics.blocks import block_sums, grouped_sums
from benchmark.statistics.bootstrap import Bootstrap, bootstrap
from benchmark.statistics.randomisation import holm, sign_flip_p
from benchmark.statistics.ranks import pairwise_p, rank_ranges

BLOCK = np.arange(40)
TARGETS = 60 + BLOCK * 7 % 23
#: Losses of two models by block, which rise and fall together.
FIRST = TARGETS * (4.2 + 0.3 * np.sin(1.7 * BLOCK))
SECOND = TARGETS * (4.1 + 0.3 * np.sin(1.7 * BLOCK) + 0.2 * np.cos(2.3 * BLOCK))


def one_seed(*losses: np.ndarray) -> list[np.ndarray]:
    return [loss[None, :] for loss in losses]


def test_seeds_and_text_are_resampled_together() -> None:
    """The variance of the draws is the sum of both, each by hand."""
    random = np.random.default_rng(3)
    losses = random.normal(4, 0.3, (5, 60)) + random.normal(0, 0.05, (5, 1))
    found = bootstrap([losses], np.ones(60), resamples=40_000)
    by_text = losses.mean(axis=0).var(ddof=1) / 60
    by_seeds = losses.mean(axis=1).var(ddof=1) / 5
    assert found.error(np.ones(1))[0] == pytest.approx(math.sqrt(by_text + by_seeds))
    assert found.deviations.var() == pytest.approx(by_text + by_seeds, rel=0.03)


def test_the_variance_over_unequal_blocks_is_the_jackknifes() -> None:
    """Each mean without one of the blocks, by hand; the degrees of freedom are those of 8.58 equal blocks."""
    targets = np.array([2978, 8076, 23878, 11148, 14677, 21798, 9214, 5856, 5189, 5911, 4761, 8476.0])
    losses = np.random.default_rng(2).normal(4, 0.3, (2, 12)) * targets
    found = bootstrap(one_seed(*losses), targets, 10)
    kept = ~np.eye(12, dtype=bool)
    means = [[row[some].sum() / targets[some].sum() for some in kept] for row in losses]
    around = np.array(means) - found.means[:, None]
    assert found.covariance == pytest.approx(11 / 12 * around @ around.T)
    assert found.text_freedom == pytest.approx([7.575, 7.575], abs=1e-3)


def test_a_group_that_a_sample_misses_deviates_by_nothing() -> None:
    """A group of targets that only one block of three has: its mean is known, or there is none."""
    found = bootstrap(one_seed(np.array([7.0, 0, 0])), np.array([[2.0, 0, 0]]))
    assert found.means.tolist() == [3.5]
    assert not found.deviations.any()


def test_the_draws_depend_on_the_seed_alone() -> None:
    again = [bootstrap(one_seed(FIRST, SECOND), TARGETS, 500, seed).combined([1, -1]) for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]
    with pytest.raises(ValueError, match="one block"):
        bootstrap(one_seed(FIRST[:1]), TARGETS[:1])


def test_a_p_value_is_never_zero_and_one_for_nothing() -> None:
    clear = np.full(50, 1.0)
    assert sign_flip_p(np.stack([clear, 0 * clear])).tolist() == [1 / 10_001, 1]


def test_holms_correction_by_hand() -> None:
    """0.005 × 4, 0.01 × 3, 0.03 × 2, and 0.04 × 1, which must not fall below the one before."""
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.7])).tolist() == [1, 1]
    assert holm(np.array([])).tolist() == []


def test_rows_that_do_not_differ_share_their_ranks() -> None:
    """Two rows an inch apart, one far behind, and one between that could be either."""
    means, error = np.array([4.0, 4.001, 5.0, 4.5]), np.array([0.01, 0.01, 0.01, 0.3])
    found = Bootstrap(
        means, np.zeros((0, 4)), np.diag(error**2), np.zeros(4), np.full(4, 999.0), 1_000, (1,) * 4
    )
    assert rank_ranges(found) == [(1, 3), (1, 3), (3, 4), (1, 4)]


def test_one_model_from_two_programs_shares_its_rank() -> None:
    """Their losses differ in the sixth decimal, and always in one direction."""
    losses = one_seed(FIRST, FIRST + 1e-6 * TARGETS, FIRST + 1e-3 * TARGETS)
    found = bootstrap(losses, TARGETS, 10)
    assert found.p([1, -1, 0]) < 1e-9
    assert rank_ranges(found) == [(1, 2), (1, 2), (3, 3)]


def test_p_values_of_many_pairs_are_those_of_each() -> None:
    random = np.random.default_rng(4)
    losses = [random.normal(4, 0.3, (n, 30)) for n in (1, 3, 2, 1)]
    found = bootstrap([*losses, losses[0]], np.ones(30), 10)
    first, second = np.triu_indices(5, 1)
    one_by_one = [found.p(np.eye(5)[a] - np.eye(5)[b]) for a, b in zip(first, second, strict=True)]
    assert pairwise_p(found, first, second) == pytest.approx(one_by_one)
    assert found.p([1, 0, 0, 0, -1]) == 1


def test_blocks_and_groups_add_up() -> None:
    values, offsets = np.array([1.0, 2, 4, 8, 16]), np.array([0, 2, 5])
    assert block_sums(values, offsets).tolist() == [3, 28]
    grouped = grouped_sums(values, np.array([0, 2, 2, 0, 0]), offsets, 3)
    assert grouped.tolist() == [[1, 24], [0, 0], [2, 4]]
