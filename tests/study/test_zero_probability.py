"""The study of zero probabilities: its counts by hand, and its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.zero_probability import impossible, quantities, show
from benchmark.study.rules import judge, verdict


def test_impossible_words_and_sentences_by_hand() -> None:
    log_probs = np.array([-1, -np.inf, -2, -np.inf, -np.inf, -1, -1, -1, -np.inf], dtype=np.float32)
    lines = np.array([0, 2, 3, 5, 8, 9])
    # the lines hold 1, 0, 2, 0 and 1 words of probability 0
    assert impossible(log_probs, lines) == (4, 3)
    assert impossible(log_probs[5:8], np.array([0, 3])) == (0, 0)


def data(sentences: int, zeros_left: int, ratios: tuple[float, float, float], half: float) -> dict[str, Any]:
    def around(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - half, "high": value + half, "basis": "15 blocks"}

    delta, backoff, other = (around(ratio) for ratio in ratios)
    return {
        "corpus": "a text",
        "words": 1000,
        "sentences": 100,
        "orders": [1, 2, 3],
        "zeros": [[0, 0], [100, 60], [sentences * 3, sentences]],
        "deltas": [[0.001, 600.0, 590.0], [1.0, 2000.0, 2100.0]],
        "best_delta": 0.001,
        "cures": [["Katz 3-gram", 104.0, 103.0], ["Kneser-Ney 3-gram", 90.0, 89.0]],
        "zeros_left": zeros_left,
        "best_delta_by_kneser_ney": delta,
        "katz_by_best_delta": backoff,
        "katz_by_kneser_ney": other,
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(92, 0, (6.5, 0.2, 1.2), 0.01), "holds"),
        (data(92, 0, (6.5, 0.2, 0.9), 0.01), "holds in part"),
        (data(20, 3, (1.0, 1.1, 0.9), 0.01), "does not hold here"),
        (data(50, 3, (1.1, 1.0, 1.0), 0.05), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("zero_probability").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
