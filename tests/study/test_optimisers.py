"""The study of optimisers: its rules on made-up numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.optimisers import good_rates, quantities, show
from benchmark.study.rules import judge, verdict


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks"}


def rates(*perplexities: float) -> list[dict[str, Any]]:
    return [
        {"value": 4.0**place, "parameters": 9, "perplexities": [value], "valid_perplexities": [value]}
        for place, value in enumerate(perplexities)
    ]


def data(sgd: float, adagrad: float, start: float, own: tuple[float, ...]) -> dict[str, Any]:
    return {
        "corpus": "a text",
        "rates": {"sgd": rates(300, 200, math.inf), "adagrad": rates(150), "adam": rates(*own)},
        "first": "adam",
        "sgd_by_best": around(sgd),
        "adagrad_by_adam": around(adagrad),
        "start_by_adam": around(start),
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(1.05, 1.3, 1.05, (100, 105, 300)), "holds"),
        (data(1.5, 1.3, 1.5, (100, 105, 300)), "holds in part"),
        (data(1.1, 1.0, 1.1, (100, 105, 300)), "holds in part"),
        (data(1.5, 0.9, 1.5, (100,)), "holds in part"),  # as many good rates: one each
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("optimisers").rules, quantities(measured))) == expected
    assert show(measured)


def test_good_rates_are_counted_and_a_diverged_one_is_none() -> None:
    assert good_rates(rates(100, 109, 111, math.inf)) == 2
    measured = data(1.5, 0.9, 1.5, (100,))
    measured["rates"]["sgd"] = rates(100, 101)
    assert quantities(measured)["width_adam_less_sgd"].value == -1
    assert verdict(judge(read_claim("optimisers").rules, quantities(measured))) == "does not hold here"
