"""The study of clipping: its rules on made-up numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.clipping import quantities, show
from benchmark.study.rules import judge, verdict

UNIFORM = 3.5


def data(losses: dict[tuple[bool, float], list[float]], cosine: float, length: float) -> dict[str, Any]:
    """Losses of seeds, by whether they were clipped and by rate."""
    runs = [
        {"clip": clip, "rate": rate, "loss": loss, "ruined": not loss < UNIFORM, "norm": 2.0 * loss}
        for (clip, rate), seeds in losses.items()
        for loss in seeds
    ]
    return {
        "corpus": "a text",
        "uniform": UNIFORM,
        "runs": runs,
        "step": {"cosine": cosine, "length": length},
    }


RUINED = [math.inf] * 4
CURED = {(False, 1.0): [2.5] * 4, (False, 10.0): RUINED, (True, 1.0): [2.4] * 4, (True, 10.0): [2.0] * 4}
NO_CURE = {(False, 1.0): [2.0] * 4, (False, 10.0): [1.9] * 4, (True, 1.0): RUINED, (True, 10.0): RUINED}


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(CURED, 1.0, 0.1), "holds"),
        (data(CURED, 0.5, 0.1), "holds in part"),
        (data(NO_CURE, 0.5, 1.0), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("clipping").rules, quantities(measured))) == expected
    assert show(measured)
