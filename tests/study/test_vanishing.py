"""The study of vanishing gradients: its mathematics on small networks, its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.build import build_model
from benchmark.contract import Vocabulary
from benchmark.inside import Inside, untrained
from benchmark.study.claim import read_claim
from benchmark.study.claims.vanishing import deviation, norms, quantities, rate, show, with_radius
from benchmark.study.rules import judge, verdict

TEXTS = np.random.default_rng(0).integers(0, 5, (2, 60))


def network(**settings: Any) -> Inside:
    vocabulary = Vocabulary(("</s>", "a", "b", "c", "d"), np.ones(5, dtype=np.int64))
    elman = {"_target_": "baselines.neural.architectures.recurrent.Rnn", "layers": 1, "device": "cpu"}
    return untrained(build_model({**elman, "embedding_size": 4, "hidden_size": 4, **settings}), vocabulary)


@pytest.mark.parametrize("radius", [0.5, 1.2])
def test_the_linear_case_is_the_formula_and_its_rate_the_radius(radius: float) -> None:
    inside = with_radius(network(nonlinearity="linear"), radius)
    (name,) = inside.recurrent
    assert np.abs(np.linalg.eigvals(inside.weights[name])).max() == pytest.approx(radius)
    assert deviation(inside, TEXTS, "linear") < 1e-12
    assert rate(norms(inside, TEXTS)) == pytest.approx(radius, rel=0.05)


def test_a_saturated_network_keeps_to_the_formula_and_not_to_the_radius() -> None:
    inside = with_radius(network(), 1.5)
    inside = inside.with_weights({"embedding.weight": 30 * inside.weights["embedding.weight"]})
    assert deviation(inside, TEXTS, "tanh") < 1e-9
    assert deviation(inside, TEXTS, "linear") > 0.1
    assert rate(norms(inside, TEXTS)) < 1.4


def test_the_rate_of_a_geometric_series() -> None:
    assert rate([0.7**k for k in range(40)]) == pytest.approx(0.7)


def draws(by_step: float) -> list[list[float]]:
    return [[(by_step + shift) ** k for k in range(41)] for shift in (-0.001, 0, 0.001)]


def data(deviation: float, linear: float, tanh: float, kept: dict[str, float]) -> dict[str, Any]:
    """Rates as multiples of ρ, and the rates of networks by name."""
    radii = (0.5, 1.0, 1.5)
    return {
        "corpus": "a text",
        "deviation": deviation,
        "elman": {
            "linear": {f"{radius:g}": draws(linear * radius) for radius in radii},
            "tanh": {f"{radius:g}": draws(tanh * radius) for radius in radii},
            "relu": {f"{radius:g}": draws(radius) for radius in radii},
        },
        "untrained": {"Elman": draws(kept["Elman"]), "LSTM, forget bias 0": draws(kept["before"])},
        "trained": {"Elman": draws(kept["Elman"]), "LSTM": draws(kept["LSTM"])},
    }


LONGER = {"Elman": 0.6, "before": 0.7, "LSTM": 0.9}
SHORTER = {"Elman": 0.6, "before": 0.5, "LSTM": 0.4}


@pytest.mark.parametrize(
    ("measured", "outcomes", "expected"),
    [
        (data(1e-13, 1.0, 0.9, LONGER), {"holds"}, "holds"),
        (data(1e-13, 1.0, 0.6, SHORTER), {"holds", "fails"}, "holds in part"),
        (data(1e-13, 1.0, 2 / 3, LONGER), {"holds", "undecided"}, "holds in part"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], outcomes: set[str], expected: str) -> None:
    judged = judge(read_claim("vanishing").rules, quantities(measured))
    assert {each.outcome for each in judged} == outcomes
    assert verdict(judged) == expected
    assert show(measured)


def test_each_rule_can_fail() -> None:
    rules = read_claim("vanishing").rules
    wrong = [data(1e-3, 0.9, 0.6, SHORTER), data(1e-3, 1.1, 3.0, SHORTER), data(1e-13, 0.6, 0.9, SHORTER)]
    failed = {
        each.rule.says for made in wrong for each in judge(rules, quantities(made)) if each.outcome == "fails"
    }
    assert failed == {rule.says for rule in rules}
