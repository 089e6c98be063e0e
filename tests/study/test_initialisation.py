"""The study of first weights: its measures on a small network, its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.build import build_model
from benchmark.contract import Vocabulary
from benchmark.inside import Inside, untrained
from benchmark.study.claim import read_claim
from benchmark.study.claims.initialisation import KINDS, quantities, ranks, scales, show
from benchmark.study.rules import judge, verdict

TEXTS = np.array([[1, 2, 3, 0, 1, 2], [3, 3, 1, 2, 2, 0]])


def network(initialisation: str) -> Inside:
    vocabulary = Vocabulary(("</s>", "a", "b", "c"), np.ones(4, dtype=np.int64))
    config = {
        "_target_": "baselines.neural.architectures.recurrent.Rnn",
        "layers": 2,
        "embedding_size": 3,
        "hidden_size": 3,
        "device": "cpu",
        "training": {"initialisation": initialisation},
    }
    return untrained(build_model(config), vocabulary)


def test_ranks_and_scales() -> None:
    zero, drawn = network("zero"), network("xavier")
    assert ranks(zero, TEXTS) == [0, 0]
    assert ranks(drawn, TEXTS) == [3, 3]
    same = drawn.with_weights(
        {f"stack.layers.0.{name}": np.ones((3, 3)) for name in ("weight_ih", "weight_hh")}
    )
    assert ranks(same, TEXTS)[0] == 1  # every unit computes the same
    outputs = drawn.read(TEXTS).outputs
    found = scales(drawn, TEXTS)
    assert found["activations"] == [pytest.approx(each.std()) for each in outputs]
    assert all(value > 0 for value in found["gradients"])
    assert scales(zero, TEXTS)["gradients"] == [0, 0]


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks, 3 seeds"}


def data(ranks: int, xavier: float, small: float, first: float, trained: float) -> dict[str, Any]:
    """Rank after zeros; the highest layer's scale by the lowest's; the loss above a unigram's; the ratio."""

    def seeds(kept: float) -> list[dict[str, list[float]]]:
        activations = [[1.0, kept * (1 + n / 100)] for n in range(3)]
        return [{"activations": of, "gradients": of[::-1]} for of in activations]

    return {
        "corpus": "a text",
        "layers": dict(zip(KINDS, (seeds(small), seeds(xavier), seeds(1.0)), strict=True)),
        "ranks": {"zero": [ranks, 0], "Xavier": [3 if ranks < 2 else 1, 3]},
        "unigram": 6.0,
        "first": {"unigram": [6.0 + first + n / 1000 for n in range(3)], "zero": [8.5, 8.5, 8.5]},
        "trained": around(trained),
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0, 0.8, 0.01, 0.0, 0.9), "holds"),
        (data(0, 0.2, 0.01, 0.0, 0.9), "holds in part"),
        (data(5, 0.2, 0.5, 2.0, 1.1), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("initialisation").rules, quantities(measured))) == expected
    assert show(measured)
