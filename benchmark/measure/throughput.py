"""How fast a model scores or answers, and what energy that takes; how steadily it was trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, TypeVar

import numpy as np

from benchmark.contract import LanguageModel, TokenStream
from benchmark.measure.energy import Energy, EnergyMeter

Answers = TypeVar("Answers")

WARM_UP_TARGETS = 2_000
#: A reading shorter than this is repeated, since one short reading is mostly noise.
LEAST_SECONDS, MOST_READINGS = 1.0, 5
#: Stretches of training whose quartiles mean something.
FEWEST_STRETCHES = 4


@dataclass(frozen=True)
class Timed(Generic[Answers]):
    """What a model returned last, not checked yet, the tokens a second of each reading, and the energy of one
    reading."""

    answers: Answers
    rates: Sequence[float]
    energy: Energy | None

    @property
    def figures(self) -> dict[str, Any]:
        """The fields of `Result` on the speed."""
        return {
            "score_tokens_per_second": float(np.median(self.rates)),
            "score_tokens_per_second_low": min(self.rates),
            "score_tokens_per_second_high": max(self.rates),
            "score_readings": len(self.rates),
        }


def timed_scores(
    model: LanguageModel, stream: TokenStream, meter: EnergyMeter
) -> tuple[np.ndarray, Timed[np.ndarray]]:
    """Score a stream after a warm-up on its head: what the model returned for the head, before it had seen
    the rest, and for the stream."""
    warm_up = model.log_probs(stream.head(WARM_UP_TARGETS))
    return warm_up, timed(lambda: model.log_probs(stream), len(stream), model.scored_on.device, meter)


def timed(answer: Callable[[], Answers], tokens: int, device: str, meter: EnergyMeter) -> Timed[Answers]:
    """Answer again and again, after a warm-up, what has so many tokens.

    Answers are in host memory, so a GPU has finished when the clock is read. The counters of the machine's
    energy are read by `meter`. If they are slow, there are more readings for them; the speed is that of the
    first all the same.
    """
    needed = min(meter.least_seconds(device), LEAST_SECONDS)
    readings: list[float] = []
    meter.start()
    while sum(readings) < LEAST_SECONDS and (len(readings) < MOST_READINGS or sum(readings) < needed):
        begun = time.perf_counter()
        answers = answer()
        readings.append(time.perf_counter() - begun)
        meter.poll()
    energy = meter.spent(device)
    rates = [tokens / seconds for seconds in readings[:MOST_READINGS]]
    return Timed(answers, rates, energy.shared(len(readings)) if energy else None)


def training_spread(curve: Iterable[Mapping[str, float]]) -> dict[str, Any]:
    """The fields of `Result` on how the training speed varied; none for fewer than FEWEST_STRETCHES.

    A stretch is the training between two rows of the curve. Evaluations are not in their `seconds`.
    """
    points = [(row["tokens"], row["seconds"]) for row in curve if row.keys() >= {"tokens", "seconds"}]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise([(0.0, 0.0), *points])]
    rates = [tokens / seconds for tokens, seconds in steps if tokens > 0 and seconds > 0]
    if len(rates) < FEWEST_STRETCHES:
        return {}
    low, high = np.quantile(rates, (0.25, 0.75)).tolist()
    return {
        "train_tokens_per_second_low": low,
        "train_tokens_per_second_high": high,
        "train_stretches": len(rates),
    }
