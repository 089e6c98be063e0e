"""The study of the training text's size: where curves cross, and its rules on made-up numbers."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from benchmark.record.blocks import BlockLosses
from benchmark.report.blocks import Paragraph
from benchmark.study.claim import read_claim
from benchmark.study.claims.data_size import crossing, place, quantities, show
from benchmark.study.evidence import StudyRun
from benchmark.study.rules import judge, verdict

INF = math.inf


def test_where_two_power_laws_cross() -> None:
    sizes = [1_000.0, 8_000.0, 64_000.0]
    falling = [(x, 5000 * x**-0.5) for x in sizes]
    level = [(x, 40.0) for x in sizes]  # 5000 / √x = 40 at x = 15,625
    assert place(falling, level) == pytest.approx(15_625)
    assert place(level, falling) == -INF
    assert place(level, [(x, 30.0) for x in sizes]) == INF


def runs(loss: float, seeds: tuple[float, ...]) -> list[StudyRun]:
    """Runs whose loss in nats differs by seed, and in the same way by block for all."""
    targets = np.full(20, 50)
    wave = 0.3 * np.sin(np.arange(20))
    return [
        cast(
            "StudyRun",
            SimpleNamespace(blocks=BlockLosses("blocks", targets, (loss + wave + seed) * targets)),
        )
        for seed in seeds
    ]


def test_the_interval_of_a_crossing_covers_the_seeds() -> None:
    level = {words: runs(5.0, (0.0,)) for words in (1_000, 10_000, 100_000)}
    seeds = (-0.1, 0.0, 0.1)
    falling = {words: runs(7.0 - math.log10(words / 1000) * 1.6, seeds) for words in level}
    at, low, high = crossing(falling, level)
    assert at == pytest.approx(1000 * 10 ** (2 / 1.6))
    assert low < at < high < 100_000
    _, narrow, wide = crossing({words: runs[1:2] for words, runs in falling.items()}, level)
    assert low < narrow
    assert wide < high


def data(smallest: float, whole: float, half: float, at: float) -> dict[str, Any]:
    def around(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - half, "high": value + half, "basis": "15 blocks, 3 seeds"}

    return {
        "corpus": "a text",
        "labels": ["Kneser-Ney 5-gram", "LSTM"],
        "words": [1000, 10_000],
        "counted": [200.0, 100.0],
        "network": [
            [counted * ratio + seed for seed in (-1, 0, 1)]
            for counted, ratio in ((200, smallest), (100, whole))
        ],
        "ratio_smallest": around(smallest),
        "ratio_whole": around(whole),
        "crossing": [at, at / 2, 2 * at],
    }


@pytest.mark.parametrize(
    ("measured", "expected", "said"),
    [
        (data(1.5, 0.9, 0.02, 5000), "holds", "passes Kneser-Ney 5-gram at about 5,000 training words"),
        (data(1.5, 1.3, 0.02, INF), "holds in part", "does not pass"),
        (data(0.8, 1.1, 0.02, -INF), "does not hold here", "from the smallest text on"),
        (data(1.0, 1.0, 0.1, 5000), "undecided", "from 2,500 words to 10,000 words"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str, said: str) -> None:
    judged = judge(read_claim("data_size").rules, quantities(measured))
    assert verdict(judged) == expected
    sentence = show(measured)[0]
    assert isinstance(sentence, Paragraph)
    assert said in "".join(map(str, sentence.parts))
