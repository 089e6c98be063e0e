"""The study of regularisation: its rules on made-up numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.regularisation import epoch_means, quantities, show
from benchmark.study.rules import judge, verdict

SEEDS = (0.0, 0.01, 0.02)


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks, 3 seeds"}


def penalty(value: float, train: float, gap: float) -> dict[str, Any]:
    perplexities = [math.exp(train + gap + 1.5 * seed) for seed in SEEDS]
    return {
        "value": value,
        "parameters": 9,
        "train": [train + seed for seed in SEEDS],
        "perplexities": perplexities,
        "valid_perplexities": perplexities,
    }


def width(units: int, train: float, best: float, end: float) -> dict[str, Any]:
    """Losses: in training at the end, and in validation at the best epoch and at the end."""
    curves = [
        {
            "train": [(1.0, 6.0 + seed), (2.0, train + 1.5 * seed)],
            "valid": [(1.0, best + seed), (2.0, end + 2 * seed)],
        }
        for seed in SEEDS
    ]
    return {"value": units, "parameters": 9 * units, "perplexities": [99.0, 98.0, 97.0], "curves": curves}


def data(
    ratio: float, gap: float, train: float, wide: tuple[float, float, float], early: float
) -> dict[str, Any]:
    """The best L2 by none, its gap and the largest one's training loss; the widest network's losses."""
    return {
        "corpus": "a text",
        "penalties": [penalty(0, 3.0, 1.5), penalty(0.1, 3.2, gap), penalty(1, train, 1.5)],
        "best": 0.1,
        "best_by_none": around(ratio),
        "widths": [width(16, 3.5, 4.6, 4.8), width(64, 3.0, 4.6, 4.8), width(128, *wide)],
        "wide_by_narrow": around(early),
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.9, 1.0, 4.0, (2.0, 4.5, 4.7), 0.9), "holds"),
        (data(1.1, 1.0, 4.0, (2.0, 4.5, 4.7), 0.9), "holds in part"),
        (data(0.9, 1.0, 4.0, (2.0, 4.5, 5.7), 0.9), "holds in part"),  # worse at the end
        (data(1.1, 2.0, 2.0, (4.5, 5.2, 5.1), 1.1), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("regularisation").rules, quantities(measured))) == expected
    assert show(measured)


def test_every_width_counts() -> None:
    measured = data(0.9, 1.0, 4.0, (2.0, 4.5, 4.7), 0.9)
    measured["widths"][1] = width(64, 3.9, 4.6, 4.5)  # trains worse than fewer units, and does not overfit
    found = quantities(measured)
    assert found["train_steps"].value == pytest.approx(0.4)
    assert found["overfitting"].value == 0  # its best epoch is the last


def test_training_loss_is_the_mean_over_the_tokens_of_an_epoch() -> None:
    rows = [
        {"tokens": 30.0, "train_loss": 6.0},
        {"tokens": 40.0, "train_loss": 2.0},
        {"tokens": 40.0, "valid_perplexity": 99.0},
        {"tokens": 80.0, "train_loss": 4.5},
    ]
    assert epoch_means(rows, 40) == [(1.0, 5.0), (2.0, 4.5)]
