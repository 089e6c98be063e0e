"""The study of depth: its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.depth import quantities, show
from benchmark.study.rules import judge, verdict


def around(value: float, half: float = 0.01) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "basis": "12 blocks, 3 seeds"}


def data(two: float, deep: float, connected: float, gradients: tuple[float, float]) -> dict[str, Any]:
    """Ratios of perplexities, and what reaches the lowest layer without and with residual connections."""
    plain, residual = ([[share * (1 + n / 100), 0.5, 1.0] for n in range(3)] for share in gradients)
    return {
        "corpus": "a text",
        "perplexities": [
            {"skip": skip, "layers": layers, "test": [9.0 + layers, 9.1 + layers, 9.2 + layers]}
            for skip, layers in (("none", 1), ("none", 8), ("residual", 8), ("dense", 8))
        ],
        "two_by_one": around(two),
        "four_by_one": around(two),
        "deep_by_four": around(deep),
        "connected": {"residual": around(connected), "dense": around(connected)},
        "gradients": {"none": plain, "residual": residual, "dense": residual},
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.9, 1.2, 0.8, (0.01, 0.9)), "holds"),
        (data(1.1, 1.2, 0.8, (0.01, 0.9)), "holds in part"),
        (data(1.1, 0.9, 1.2, (0.5, 0.2)), "does not hold here"),
        (data(1.0, 1.0, 1.0, (0.1, 0.2)), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("depth").rules, quantities(measured))) == expected
    assert show(measured)
