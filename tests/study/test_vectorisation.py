"""The study of matrix products: both ways compute the same, and its rules on made-up numbers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from benchmark.errors import UserError
from benchmark.study.claim import read_claim
from benchmark.study.claims.vectorisation import measure, quantities, seconds_of, show, ways_of
from benchmark.study.evidence import Evidence
from benchmark.study.rules import judge, verdict


def test_the_loop_and_the_product_compute_the_same() -> None:
    found = {
        library: {way: compute() for way, compute in ways.items()}
        for library, ways in ways_of(7, 30, 5).items()
    }
    assert {"numpy", "torch"} <= set(found)
    for both in found.values():
        loop = np.concatenate([np.asarray(each.tolist()) for each in both["loop"]], axis=1)
        assert loop.shape == (5, 7)
        np.testing.assert_allclose(loop, np.asarray(both["product"].tolist()), rtol=1e-5)
    np.testing.assert_allclose(found["torch"]["product"], found["numpy"]["product"], rtol=1e-5)


def test_the_seconds_of_a_call_are_those_of_the_least_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = [0.0], [0]

    def way() -> None:
        calls[0] += 1
        clock[0] += 0.25 if calls[0] <= 4 else 0.125  # a busy machine first

    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    assert seconds_of(way) == 0.125


def test_short_calls_are_timed_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks = [0.0], [0]

    def now() -> float:
        looks[0] += 1
        return clock[0]

    def way() -> None:
        clock[0] += 2.0**-13

    monkeypatch.setattr(time, "perf_counter", now)
    assert seconds_of(way) == 2.0**-13
    assert looks[0] == 2 * 5 * 5  # 1, 2, 4, 8 and 16 calls, five times


def test_the_lectures_number_of_words_is_asked_for() -> None:
    settings = {"words": [1, 10], "dimensions": 300, "classes": 5, "rounds": 1, "threads": 1}
    with pytest.raises(UserError, match=r"settings.words=\[1, 10\] lacks 500"):
        measure(Evidence((), settings, print))


def data(numpy: float, torch: float, gpu: float | None) -> dict[str, Any]:
    """Ratios of loop and product with 500 words."""

    def seconds(ratio: float) -> dict[str, list[list[float]]]:
        noise = [0.9, 1.0, 1.1]
        return {
            "loop": [[1e-6] * 3, [ratio * 1e-5 * each for each in noise]],
            "product": [[1e-6] * 3, [1e-5] * 3],
        }

    ratios = {"numpy": numpy, "torch": torch} | ({} if gpu is None else {"gpu": gpu})
    return {
        "machines": dict.fromkeys(ratios, "a processor"),
        "shape": [5, 300],
        "words": [1, 500],
        "seconds": {library: seconds(ratio) for library, ratio in ratios.items()},
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(12, 40, 300), "holds"),
        (data(12, 40, None), "holds in part"),
        (data(12, 2, 300), "holds in part"),
        (data(1, 2, 3), "does not hold here"),
        (data(1, 2, None), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("vectorisation").rules, quantities(measured))) == expected
    assert show(measured)
