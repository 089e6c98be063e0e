"""Simulated texts and seeds: intervals hold the truth as often as they say, and p-values are uniform."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benchmark.statistics.blocks import block_sums
from benchmark.statistics.bootstrap import bootstrap
from benchmark.statistics.randomisation import sign_flip_p
from benchmark.statistics.ranks import rank_ranges

TIMES, RESAMPLES = 400, 400


def worlds(
    blocks: int, seeds: tuple[int, ...], spread: float, times: int = TIMES
) -> Iterator[list[np.ndarray]]:
    """Losses [seeds, blocks] of models that are alike.

    Each block is hard or easy for all; each model finds some blocks easier than the others do; each seed has
    its own mean (`spread`) and its own noise. Blocks hold 100 targets.
    """
    random = np.random.default_rng(20)
    for _ in range(times):
        shared = random.normal(4, 0.3, blocks)
        yield [
            100
            * (
                shared
                + random.normal(0, 0.05, blocks)
                + spread * random.normal(0, 1, (n, 1))
                + random.normal(0, 0.01, (n, blocks))
            )
            for n in seeds
        ]


@pytest.mark.parametrize(
    ("blocks", "seeds", "spread"),
    [
        (12, (1, 1), 0.0),  # few documents
        (40, (3, 3), 0.008),  # text and seeds vary about equally
        pytest.param(60, (1, 1), 0.0, marks=pytest.mark.slow),
        pytest.param(40, (1, 2), 0.0, marks=pytest.mark.slow),  # an n-gram model, and seeds that agree
        pytest.param(40, (5, 3), 0.05, marks=pytest.mark.slow),  # seeds vary most
    ],
)
def test_intervals_cover_and_p_values_are_uniform(blocks: int, seeds: tuple[int, int], spread: float) -> None:
    targets = np.full(blocks, 100.0)
    covered, p = 0, []
    for number, losses in enumerate(worlds(blocks, seeds, spread)):
        found = bootstrap(losses, targets, RESAMPLES, seed=number)
        difference = found.combined([1, -1])
        covered += difference.low <= 0 <= difference.high
        p.append(found.p([1, -1]))
    assert 0.92 <= covered / TIMES <= 0.98
    assert_uniform(p)


@pytest.mark.parametrize(
    ("documents", "spread"),
    [(12, 1.0), pytest.param(12, 0.6, marks=pytest.mark.slow), pytest.param(60, 0.8, marks=pytest.mark.slow)],
)
def test_intervals_over_documents_of_unequal_length(documents: int, spread: float) -> None:
    """Lengths are log-normal. Each document is easier for one of two models, so that its targets are
    correlated, and each target has its own noise. In the State of the Union, 12 addresses spread by 0.6."""
    random = np.random.default_rng(6)
    covered, p = 0, []
    for number in range(TIMES):
        targets = np.rint(np.exp(random.normal(6, spread, documents))) + 20
        easier = random.normal(0, 0.08, (2, documents))
        losses = targets * (random.normal(4, 0.3, documents) + easier)
        losses += np.sqrt(targets) * random.normal(0, 1, (2, documents))
        found = bootstrap([loss[None, :] for loss in losses], targets, RESAMPLES, seed=number)
        difference = found.combined([1, -1])
        covered += difference.low <= 0 <= difference.high
        p.append(found.p([1, -1]))
    assert 0.92 <= covered / TIMES <= 0.98
    assert_uniform(p)


def assert_uniform(p: list[float]) -> None:
    """No share is further from what it should be than 3.3 standard deviations."""
    for level in (0.05, 0.2, 0.5, 0.8):
        share = np.mean(np.array(p) <= level)
        assert share == pytest.approx(level, abs=3.3 * np.sqrt(level * (1 - level) / len(p)))


@pytest.mark.parametrize("blocks", [10, 60])
def test_randomisation_p_values_are_uniform_where_nothing_differs(blocks: int) -> None:
    differences = np.stack([(a - b)[0] for a, b in worlds(blocks, (1, 1), 0.0, 1_000)])
    assert_uniform(sign_flip_p(differences, resamples=2_000).tolist())


@pytest.mark.slow
def test_an_interval_holds_the_mean_loss_of_a_model() -> None:
    targets = np.full(40, 100.0)
    found = (bootstrap(losses, targets, RESAMPLES) for losses in worlds(40, (1, 1), 0.0))
    ends = [estimate.combined([1, 0]) for estimate in found]
    assert 0.92 <= np.mean([end.low <= 4 <= end.high for end in ends]) <= 0.98


@pytest.mark.slow
def test_blocks_make_up_for_neighbours_that_are_alike() -> None:
    """Where a topic lasts for about ten lines, blocks of a line are too sure of themselves; those of 50 lines
    are not."""
    random = np.random.default_rng(5)
    lines, covered = 2_000, {1: 0, 50: 0}
    for _ in range(300):
        topics = np.repeat(random.normal(0, 0.5, lines // 10 + 1), 10)
        losses = np.roll(topics, random.integers(10))[:lines] + random.normal(0, 0.5, lines)
        for length in covered:
            offsets = np.arange(0, lines + 1, length)
            found = bootstrap([block_sums(losses, offsets)[None, :]], np.diff(offsets), 100).combined([1])
            covered[length] += found.low <= 0 <= found.high
    assert covered[1] / 300 < 0.75
    assert 0.91 <= covered[50] / 300 <= 0.98


def test_ranks_of_models_that_are_alike_are_all_ranks() -> None:
    """Holm's correction holds for the whole table: in 95 of 100 tables, no row is called better."""
    tables = [
        rank_ranges(bootstrap(losses, np.full(40, 100.0), 2)) for losses in worlds(40, (1,) * 5, 0.0, 150)
    ]
    assert np.mean([ranges == [(1, 5)] * 5 for ranges in tables]) >= 0.92
