"""What the harness itself computes from a model's scores, on fixed ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from golden_scores import text

from benchmark.contract import TokenStream, after_last_end
from benchmark.measure.frequency import by_frequency
from benchmark.measure.perplexity import perplexity, summary

Numbers = list[float]


def _log_probs(stream: TokenStream, zeros: int = 0) -> np.ndarray:
    """A score of −1 to −4 nats for each target, the first `zeros` of them impossible."""
    scores = -1 - (np.asarray(stream.ids, dtype=np.int64) * 7 % 10) / 3
    scores[:zeros] = -np.inf
    return scores.astype(np.float32)


def _summary(zeros: int) -> Numbers:
    stream = text()["test"]
    return _numbers(summary(_log_probs(stream, zeros), stream))


def _by_frequency() -> Numbers:
    stream = text()["test"]
    return _numbers(by_frequency(_log_probs(stream), stream))


def _numbers(measures: object) -> Numbers:
    """The numbers of nested dictionaries and lists, in the order of the keys."""
    if isinstance(measures, dict):
        return [number for key in sorted(measures) for number in _numbers(measures[key])]
    if isinstance(measures, list):
        return [number for item in measures for number in _numbers(item)]
    assert isinstance(measures, int | float)
    return [float(measures)]


def _histories() -> Numbers:
    """Of a `sentence` model, after each of the first 40 tokens: its ids, then −1."""
    stream = text()["test"]
    histories = [after_last_end(np.asarray(stream.ids[:place]), stream.vocabulary) for place in range(40)]
    return [float(token) for history in histories for token in [*history, -1]]


def _heads() -> Numbers:
    stream = text()["test"]
    return [float(len(stream.head(targets))) for targets in range(0, 110, 5)]


#: Each with the path of what it tests.
HARNESS: dict[str, Callable[[], Numbers]] = {
    "benchmark.contract.after_last_end": _histories,
    "benchmark.corpus.stream.TokenStream.from_ids": lambda: text()["test"].lines.tolist(),
    "benchmark.corpus.stream.TokenStream.head": _heads,
    "benchmark.measure.frequency.by_frequency": _by_frequency,
    "benchmark.measure.perplexity.perplexity": lambda: [perplexity(_log_probs(text()["test"]))],
    "benchmark.measure.perplexity.summary": lambda: _summary(zeros=0) + _summary(zeros=3),
}
