"""The study of repeated weights: what it compares on a small network, its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.build import build_model
from benchmark.contract import Vocabulary
from benchmark.inside import untrained
from benchmark.study.claim import read_claim
from benchmark.study.claims.bptt_sum import KINDS, compared, quantities, show
from benchmark.study.rules import judge, verdict


def test_sums_and_slopes_agree_with_the_gradient() -> None:
    vocabulary = Vocabulary(("</s>", "a", "b", "c"), np.ones(4, dtype=np.int64))
    lstm = {"_target_": "baselines.neural.architectures.recurrent.Lstm", "layers": 1, "device": "cpu"}
    inside = untrained(build_model({**lstm, "embedding_size": 3, "hidden_size": 3}), vocabulary)
    found = compared(inside, np.array([[1, 2, 3, 0, 1], [3, 3, 1, 2, 2]]))
    assert list(found) == [
        f"stack.layers.0.{name}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    for each in found.values():
        assert each["sum_error"] < 1e-12
        assert each["slope_error"] < 1e-5
        assert each["nearest"] > 0.1
        assert len(each["shares"]) == 5
    # the first step multiplies a state of zeros
    assert found["stack.layers.0.weight_hh"]["shares"][0] == 0


def data(sum_error: float, slope_error: float, nearest: float) -> dict[str, Any]:
    good = {"sum_error": 1e-15, "slope_error": 1e-9, "nearest": 0.8, "shares": [0.0, 0.4, 0.7]}
    odd = {"sum_error": sum_error, "slope_error": slope_error, "nearest": nearest, "shares": [0.0, 0.5, 0.6]}
    weights = {"layer.weight_hh": odd, "layer.bias_hh": good}
    return {"corpus": "a text", "steps": 3, "kinds": dict.fromkeys(KINDS.values(), weights)}


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(1e-14, 1e-8, 0.5), "holds"),
        (data(1e-3, 1e-8, 0.5), "holds in part"),
        (data(1e-3, 1e-2, 0.001), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("bptt_sum").rules, quantities(measured))) == expected
    assert show(measured)
