"""The study of fixed windows: its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.window import quantities, show
from benchmark.study.rules import judge, verdict


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks, 3 seeds"}


def data(parameters: dict[int, int], four: float, lstm: float) -> dict[str, Any]:
    def reached(value: object, size: int) -> dict[str, Any]:
        return {"value": value, "parameters": size, "perplexities": [90.0], "valid_perplexities": [91.0]}

    return {
        "corpus": "a text",
        "matrix": 16,
        "windows": [reached(window, size) for window, size in parameters.items()],
        "best": 4,
        "lstm": reached("lstm", 300),
        "four_by_one": around(four),
        "lstm_by_best": around(lstm),
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data({1: 116, 4: 164, 16: 356}, 0.9, 0.9), "holds"),
        (data({1: 116, 4: 164, 16: 365}, 0.9, 0.9), "holds in part"),
        (data({1: 116, 4: 164, 16: 356}, 0.9, 1.2), "holds in part"),
        (data({1: 116, 4: 116, 16: 116}, 1.1, 1.2), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("window").rules, quantities(measured))) == expected
    assert show(measured)
