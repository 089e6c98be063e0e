"""The study of dropout: its measures by hand, its rules on made-up numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.dropout import correlation, mean_perplexity, quantities, show
from benchmark.study.rules import judge, verdict


def test_correlation_is_the_mean_over_pairs_of_units() -> None:
    draw = np.random.default_rng(0)
    outputs = draw.normal(size=(4, 9, 5))
    outputs[..., 4] = -2 * outputs[..., 0] + 3  # as good as the same unit
    pairs = np.abs(np.corrcoef(outputs.reshape(36, 5).T))[np.triu_indices(5, 1)]
    assert correlation(outputs) == pytest.approx(pairs.mean())
    outputs[..., 1:4] = 7.0  # units that are always the same correlate with none
    assert correlation(outputs) == pytest.approx(1 / 10)


def test_distributions_are_averaged_before_their_perplexity_is_taken() -> None:
    losses = -np.log([[0.5, 0.1], [0.1, 0.3]])
    assert mean_perplexity(losses) == pytest.approx(1 / math.sqrt(0.3 * 0.2))
    assert mean_perplexity(losses[:1]) == pytest.approx(1 / math.sqrt(0.5 * 0.1))


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks, 3 seeds"}


def data(ratio: float, gap: float, whole: float, one: float, joint: float) -> dict[str, Any]:
    """All ratios of perplexities; by those without dropout, the gap, and correlation and silencing; the
    perplexity of the whole network and of one mask, that of the mean being 100."""

    def rates(at_input: float, inside: float, share: float, own: float) -> dict[str, Any]:
        steps = [0.0, 0.01, 0.02]
        return {
            "input": at_input,
            "inside": inside,
            "train": [3.0 + step for step in steps],
            "valid": [3.0 + 2 * share + 1.5 * step for step in steps],
            "test": [5.0 + step for step in steps],
            "correlation": [0.2 * own + step for step in steps],
            "silenced": [0.3 * own + step for step in steps],
        }

    names = [
        "advised_by_none",
        "advised_by_stopped",
        "half_by_none_inside",
        "half_by_more_inside",
        "little_by_half_input",
    ]
    return {
        "corpus": "a text",
        "rates": [
            rates(0.0, 0.0, 1, 1),
            rates(0.15, 0.0, 1, 1),
            rates(0.15, 0.5, gap, joint),
            rates(0.15, 0.8, gap, joint),
        ],
        "stopped": [100.0, 101.0, 102.0],
        "ratios": dict.fromkeys(names, around(ratio)),
        "masks": [
            {"whole": whole + n, "one": one + n, "means": [(1, one + n), (64, 100.0 + n)]} for n in range(3)
        ],
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.9, 0.5, 101, 120, 0.5), "holds"),
        (data(0.9, 0.5, 101, 120, 1.5), "holds in part"),
        (data(0.9, 0.5, 80, 120, 0.5), "holds in part"),
        (data(1.1, 1.5, 120, 110, 1.5), "does not hold here"),
        (data(1.0, 1.5, 120, 110, 1.5), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("dropout").rules, quantities(measured))) == expected
    assert show(measured)
