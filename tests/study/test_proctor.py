"""The study of short histories: its divergence by hand, and its rules on made-up numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.proctor import divergences, quantities, show
from benchmark.study.rules import judge, verdict


def test_the_divergence_by_hand() -> None:
    with np.errstate(divide="ignore"):
        ours = np.log(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]))
        theirs = np.log(np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]]))
    # (0.5 ln(0.5 / 0.25)) twice over two, in bits: 0.5; disjoint ones: 1; equal ones: 0
    np.testing.assert_allclose(divergences(ours, theirs), [0.5, 1.0, 0.0], atol=1e-12)
    assert divergences(ours, theirs) == pytest.approx(divergences(theirs, ours))


def data(moved: float, rise: float, ngram: float) -> dict[str, Any]:
    def model(family: str, bits: float, nats: float) -> dict[str, Any]:
        around = [-0.01, 0.01] * 20 if bits or nats else [0.0] * 40
        return {
            "label": family,
            "family": family,
            "moved": [[bits + each for each in around]] * 2,
            "losses": [[5 + nats + each for each in around]] * 2,
            "full_losses": [5.0] * 40,
        }

    models = [model("count", ngram, ngram), model("neural", moved, rise)]
    return {"corpus": "a text", "length": 200, "kept": [4, 8], "places": 40, "models": models}


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.2, 0.2, 0.0), "holds"),
        (data(0.2, 0.01, 0.0), "holds in part"),
        (data(0.01, 0.01, 0.2), "does not hold here"),
        (data(0.05, 0.02, 0.2), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("proctor").rules, quantities(measured))
    assert math.isfinite(judged[0].quantity.low)
    assert verdict(judged) == expected
    assert show(measured)
