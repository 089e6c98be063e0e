"""The study of teacher forcing: its measures by hand, its rules on made-up numbers."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest

from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.study.claim import read_claim
from benchmark.study.claims.teacher_forcing import PLACES, measured, quantities, show
from benchmark.study.rules import judge, verdict
from benchmark.study.sampled import lines_of

WORDS = Vocabulary(("a", "b"), np.array([2, 1]))


class Biased:
    """A model that gives the first word a probability of 0.8, whatever came before."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return np.log(np.where(np.asarray(stream.ids) == 0, 0.8, 0.2)).astype(np.float32)


def test_texts_are_measured_as_a_whole_and_by_half_and_by_place() -> None:
    likely, unlikely = -math.log(0.8), -math.log(0.2)
    first, second = [0] * PLACES + [1] * PLACES, [1] * 2 * PLACES
    found = measured(lines_of([first, second], WORDS), cast("LanguageModel", Biased()))
    assert found["loss"] == pytest.approx([(likely + unlikely) / 2, unlikely])
    assert found["drift"] == pytest.approx([unlikely - likely, 0], abs=1e-6)
    assert found["by_place"] == pytest.approx([(likely + unlikely) / 2, unlikely])
    assert found["distinct"] == [3 / (2 * PLACES - 1), 1 / (2 * PLACES - 1)]


def around(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "basis": "15 blocks, 3 seeds"}


SPREAD = np.linspace(-0.02, 0.02, 9)


def data(ratio: float, step: float, loss: float, distinct: float, drift: float) -> dict[str, Any]:
    """Ratios; by how much training loss rises with the rate; what other texts have more of, or less."""

    def rate(value: float, place: int) -> dict[str, Any]:
        sign = 1 if place else 0
        # other texts, in another order
        spread = SPREAD[:: -1 if place else 1]
        written = {
            "loss": (5 + sign * loss + spread).tolist(),
            "distinct": (0.9 + sign * distinct + spread).tolist(),
            "drift": ((place - 1) * drift + spread).tolist(),
            "by_place": [5.0, 5.1],
        }
        return {
            "value": value,
            "parameters": 9,
            "perplexities": [99.0, 98.0, 97.0],
            "train": [4 + step * place + n / 100 for n in range(3)],
            "written": [written] * 3,
        }

    return {
        "corpus": "a text",
        "rates": [rate(value, place) for place, value in enumerate((0, 0.25, 1))],
        "ratios": {"0.25": around(ratio), "1": around(ratio)},
        "read": rate(0, 0)["written"][0],
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(1.2, 0.1, 0.3, -0.1, 0.1), "holds"),
        (data(0.9, 0.1, 0.3, -0.1, 0.1), "holds in part"),
        (data(1.2, 0.1, 0.3, 0.1, 0.1), "holds in part"),
        (data(0.9, -0.1, -0.3, 0.1, -0.1), "does not hold here"),
        (data(1.0, 0.0, 0.0, 0.0, 0.0), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("teacher_forcing").rules, quantities(measured))
    assert verdict(judged) == expected, judged
    assert show(measured)
