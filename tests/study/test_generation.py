"""The study of generated text: its rules on made-up numbers (its measures: test_sampled.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.generation import quantities, show
from benchmark.study.rules import judge, verdict

SPREAD = np.linspace(-0.02, 0.02, 9)


def data(distinct: float, loss: float, copied: float, returning: float) -> dict[str, Any]:
    """`distinct` and `loss` rise by this much from the lowest temperature to the highest."""

    def row(share: float, name: str, temperature: float) -> dict[str, Any]:
        values = {
            "distinct": 0.6 + share * distinct,
            "loss": 5 + share * loss,
            "copied": copied,
            "returning": 0.3 + returning,
        }
        lists = {key: (value + SPREAD[:: 1 if share else -1]).tolist() for key, value in values.items()}
        return {"model": name, "family": "count", "temperature": temperature, "shown": ["a b"], **lists}

    names = ("Trigram", "LSTM")
    measured = {name: (0.3 + SPREAD[::-1]).tolist() for name in ("distinct", "loss", "copied", "returning")}
    return {
        "corpora": [
            {
                "corpus": "mine",
                "title": "a text",
                "labels": list(names),
                "written": [
                    row(share, name, heat)
                    for name in names
                    for share, heat in ((0, 0.5), (0.6, 1.0), (1, 1.2))
                ],
                "read": [measured, measured],
            }
        ]
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.2, 1.0, 0.1, -0.1), "holds"),
        (data(0.2, 1.0, 0.1, 0.1), "holds in part"),
        (data(-0.2, -1.0, 0.7, 0.1), "does not hold here"),
        (data(0.0, -1.0, 0.7, 0.0), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("generation").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
