"""The study of storage: its exponent against known power laws, and its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.storage import exponent, quantities, show
from benchmark.study.rules import judge, verdict


def test_the_exponent_of_a_power_law() -> None:
    sizes = [1_000.0, 4_000.0, 10_000.0, 170_000.0]
    assert exponent([(x, 7 * x**0.8) for x in sizes]) == pytest.approx(0.8)
    assert exponent([(x, 5.0) for x in sizes]) == pytest.approx(0)


def test_the_exponent_is_that_of_least_squares() -> None:
    points = [(10.0, 3.0), (20.0, 9.0), (80.0, 11.0), (100.0, 40.0)]
    logs = np.log(np.array(points))
    slope, _ = np.polyfit(logs[:, 0], logs[:, 1], deg=1)
    assert exponent(points) == pytest.approx(slope)


def data(by_order: list[int], growth: float, network: float) -> dict[str, Any]:
    def sizes(stored: int) -> list[list[float]]:
        return [[words, stored * (words / 1000) ** growth, 8 * stored * (words / 1000) ** growth]
                for words in (250.0, 500.0, 1000.0)]  # fmt: skip

    return {
        "corpus": "a text",
        "vocabulary": 500,
        "counted": [
            [order, sizes(stored) if order == 3 else sizes(stored)[-1:]]
            for order, stored in enumerate(by_order, start=1)
        ],
        "networks": [["LSTM", [[250, 9000, 36000], [1000, round(9000 * network), 36000]]]],
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data([500, 4000, 9000, 12000], 0.8, 1), "holds"),
        (data([500, 4000, 9000, 12000], 0.8, 1.5), "holds in part"),
        (data([500, 4000, 9000, 12000], 0.3, 1), "holds in part"),
        (data([500, 400, 300, 200], -0.1, 2), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("storage").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
