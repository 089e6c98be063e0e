"""The study of truncated back-propagation: its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.truncated_bptt import quantities, show
from benchmark.study.rules import judge, verdict


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks, 3 seeds"}


def network(one: float, twenty: float, speeds: tuple[float, float]) -> dict[str, Any]:
    perplexities = {1: 100 * one, 20: 100.0, 80: 100 / twenty}
    return {
        "label": "Elman RNN",
        "steps": [
            {
                "value": steps,
                "parameters": 10,
                "perplexities": [perplexity] * 3,
                "valid_perplexities": [perplexity] * 3,
                "tokens_per_second": [speeds[steps > 20] * (1 + seed / 100) for seed in range(3)],
            }
            for steps, perplexity in perplexities.items()
        ],
        "one_by_20": around(one),
        "twenty_by_longest": around(twenty),
    }


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        ([network(1.5, 1.01, (30_000, 20_000))], "holds"),
        ([network(1.5, 1.01, (30_000, 20_000)), network(1.5, 1.2, (30_000, 20_000))], "holds in part"),
        ([network(0.9, 1.2, (20_000, 30_000))], "does not hold here"),
        ([network(1.0, 1.03, (20_000, 30_000))], "undecided"),
    ],
)
def test_its_rules_accept_and_reject(networks: list[dict[str, Any]], expected: str) -> None:
    data = {"corpus": "a text", "networks": networks}
    assert verdict(judge(read_claim("truncated_bptt").rules, quantities(data))) == expected
    assert show(data)


def test_speeds_are_compared_seed_by_seed() -> None:
    quantity = quantities({"networks": [network(1.5, 1.01, (30_000, 20_000))]})["speed_20_by_longest"]
    assert quantity.value == pytest.approx(1.5)
    assert quantity.low == pytest.approx(1.5)  # both vary with the seed alike
    assert quantity.basis == "3 seeds"
