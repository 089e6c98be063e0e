"""How fast a model scores a stream, and what energy that takes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from benchmark.contract import LanguageModel, TokenStream
from benchmark.measure.energy import Energy, EnergyMeter

WARM_UP_TARGETS = 2_000
#: A scoring shorter than this is repeated, since one short reading is mostly noise.
LEAST_SECONDS, MOST_READINGS = 1.0, 5


@dataclass(frozen=True)
class TimedScores:
    """The scores of a stream; the speed is the median of the readings, the energy that of one scoring."""

    scores: np.ndarray
    tokens_per_second: float
    energy: Energy | None


def timed_scores(model: LanguageModel, stream: TokenStream, meter: EnergyMeter) -> TimedScores:
    """Score a stream after a warm-up on its head.

    `log_probs` returns an array in host memory, so a GPU has finished when the clock is read. The counters
    of the machine's energy are read by `meter`. If they are slow, the stream is scored more often for them;
    the speed is that of the first readings all the same.
    """
    model.log_probs(stream.head(WARM_UP_TARGETS))
    needed = min(meter.least_seconds(model.scored_on.device), LEAST_SECONDS)
    readings: list[float] = []
    meter.start()
    while sum(readings) < LEAST_SECONDS and (len(readings) < MOST_READINGS or sum(readings) < needed):
        begun = time.perf_counter()
        scores = model.log_probs(stream)
        readings.append(time.perf_counter() - begun)
        meter.poll()
    energy = meter.spent(model.scored_on.device)
    rate = len(stream) / float(np.median(readings[:MOST_READINGS]))
    return TimedScores(scores, rate, energy.shared(len(readings)) if energy else None)
