"""How fast a model scores a stream, and what energy that takes; how steadily it was trained."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from benchmark.contract import LanguageModel, TokenStream
from benchmark.measure.energy import Energy, EnergyMeter

WARM_UP_TARGETS = 2_000
#: A scoring shorter than this is repeated, since one short reading is mostly noise.
LEAST_SECONDS, MOST_READINGS = 1.0, 5
#: Stretches of training whose quartiles mean something.
FEWEST_STRETCHES = 4


@dataclass(frozen=True)
class TimedScores:
    """The scores of a stream, the tokens a second of each reading, and the energy of one scoring.

    `scores` is what the model returned last, and `warm_up` what it returned for the head of the stream before
    it had seen the rest; neither is checked yet.
    """

    warm_up: np.ndarray
    scores: np.ndarray
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


def timed_scores(model: LanguageModel, stream: TokenStream, meter: EnergyMeter) -> TimedScores:
    """Score a stream after a warm-up on its head.

    `log_probs` returns an array in host memory, so a GPU has finished when the clock is read. The counters
    of the machine's energy are read by `meter`. If they are slow, the stream is scored more often for them;
    the speed is that of the first readings all the same.
    """
    warm_up = model.log_probs(stream.head(WARM_UP_TARGETS))
    needed = min(meter.least_seconds(model.scored_on.device), LEAST_SECONDS)
    readings: list[float] = []
    meter.start()
    while sum(readings) < LEAST_SECONDS and (len(readings) < MOST_READINGS or sum(readings) < needed):
        begun = time.perf_counter()
        scores = model.log_probs(stream)
        readings.append(time.perf_counter() - begun)
        meter.poll()
    energy = meter.spent(model.scored_on.device)
    rates = [len(stream) / seconds for seconds in readings[:MOST_READINGS]]
    return TimedScores(warm_up, scores, rates, energy.shared(len(readings)) if energy else None)


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
