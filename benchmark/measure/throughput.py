"""How fast a model scores a stream."""

from __future__ import annotations

import time

import numpy as np

from benchmark.contract import LanguageModel, TokenStream

WARM_UP_TARGETS = 2_000
#: A scoring shorter than this is repeated, since one short reading is mostly noise.
LEAST_SECONDS, MOST_READINGS = 1.0, 5


def timed_scores(model: LanguageModel, stream: TokenStream) -> tuple[np.ndarray, float]:
    """The scores of a stream, and tokens a second (median reading, after a warm-up on its head).

    `log_probs` returns an array in host memory, so a GPU has finished when the clock is read.
    """
    model.log_probs(stream.head(WARM_UP_TARGETS))
    readings: list[float] = []
    while True:
        begun = time.perf_counter()
        scores = model.log_probs(stream)
        readings.append(time.perf_counter() - begun)
        if sum(readings) >= LEAST_SECONDS or len(readings) == MOST_READINGS:
            return scores, len(stream) / float(np.median(readings))
