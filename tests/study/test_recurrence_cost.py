"""The study of what recurrence costs: its clock and its steps by hand, its rules on made-up numbers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError
from benchmark.study.claim import read_claim
from benchmark.study.claims.recurrence_cost import quantities, sequential_steps, show, training_speed
from benchmark.study.rules import judge, verdict


class Trained(LanguageModel):
    """Takes 1, 4, 2 and 5 seconds for stretches of 100 tokens, and 60 for each validation."""

    stretches = (1.0, 4.0, 2.0, 5.0)

    def __init__(self, clock: list[float]):
        self.clock = clock

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        for number, seconds in enumerate(self.stretches, start=1):
            self.clock[0] += seconds
            log.progress(100 * number, 400)
            with log.evaluation():
                self.clock[0] += 60


def test_the_speed_is_the_fastest_after_the_first_stretch_without_validation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trained, "__abstractmethods__", frozenset())
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    text = TokenStream.from_ids(np.zeros(3, dtype=np.int64), Vocabulary(("a",), np.array([3])))
    assert training_speed(Trained(clock), text, text, 8) == 100 / 2
    monkeypatch.setattr(Trained, "stretches", (1.0,))
    with pytest.raises(UserError, match="on 8 tokens at a time was not timed"):
        training_speed(Trained(clock), text, text, 8)


def test_steps_that_wait_for_one_another() -> None:
    steps = {name: sequential_steps(name, 128) for name in ("lstm", "min_gru", "transformer", "fixed_window")}
    assert steps == {"lstm": 128, "min_gru": 7, "transformer": 1, "fixed_window": 1}
    assert sequential_steps("min_lstm", 100) == 7


def data(slowed: float, min_gru: float, transformer: float, window: int, recurrent: int) -> dict[str, Any]:
    """Speeds with the longest context by that with the shortest, and parameters, 50 with the shortest."""

    def network(parameters: int, long: float) -> dict[str, Any]:
        noise = [0.99, 1.0, 1.01]
        return {
            "parameters": [50, parameters],
            "speeds": [[1.0] * 3, [long * each for each in noise]],
        }

    return {
        "machine": "a processor, 1 thread",
        "units": 64,
        "tokens": 1024,
        "contexts": [8, 128],
        "networks": {
            "fixed_window": network(window, 0.5),
            "rnn": network(50, slowed),
            "lstm": network(recurrent, slowed),
            "min_gru": network(50, min_gru),
            "transformer": network(50, transformer),
        },
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.3, 0.9, 0.9, 800, 50), "holds"),
        (data(0.9, 0.9, 0.5, 800, 50), "holds in part"),
        (data(0.9, 0.7, 0.5, 50, 60), "does not hold here"),
        (data(0.8, 0.7, 0.5, 50, 60), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("recurrence_cost").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
