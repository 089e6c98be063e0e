"""Speeds and how they vary, by a clock of our own."""

from __future__ import annotations

import bigram
import numpy as np
import pytest

from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.measure import throughput
from benchmark.measure.throughput import timed_scores, training_spread


class Clock:
    """Stands still but for what is added to it."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Meter:
    """No energy is counted here."""

    def least_seconds(self, device):
        return 0.0

    def start(self):
        pass

    poll = start

    def spent(self, device):
        return None


@pytest.mark.parametrize(
    ("seconds", "readings"),
    [((0.1, 0.2, 0.1, 0.4, 0.05, 9.0), 5), ((0.3, 0.5, 0.4, 9.0), 3), ((2.0, 9.0), 1)],
)
def test_the_speed_is_the_median_of_the_readings_between_the_lowest_and_the_highest(
    monkeypatch, seconds, readings
):
    clock = Clock()
    monkeypatch.setattr(throughput, "time", clock)
    ids = np.random.default_rng(0).integers(0, 5, 100).astype(np.uint16)
    text = TokenStream.from_ids(ids, Vocabulary(tuple("abcde"), np.ones(5, int)))
    takes = iter((50.0, *seconds))  # the first one is the warm-up

    class Slow(bigram.Bigram):
        def log_probs(self, stream):
            clock.now += next(takes)
            return super().log_probs(stream)

    model = Slow()
    model.fit(text, text, RunLog())
    found = timed_scores(model, text, Meter())[1].figures
    taken = np.array(seconds[:readings])
    assert found["score_readings"] == readings
    assert found["score_tokens_per_second"] == pytest.approx(np.median(100 / taken))
    assert found["score_tokens_per_second_low"] == pytest.approx(100 / taken.max())
    assert found["score_tokens_per_second_high"] == pytest.approx(100 / taken.min())


def test_training_varies_by_the_quartiles_of_its_stretches():
    rates = [100.0, 400.0, 200.0, 300.0, 250.0]
    seconds = np.cumsum([10.0] * 5)
    tokens = np.cumsum(np.array(rates) * 10)
    curve = [{"tokens": t, "seconds": s, "train_loss": 1.0} for t, s in zip(tokens, seconds, strict=True)]
    curve.insert(3, {"tokens": tokens[2], "seconds": seconds[2], "valid_perplexity": 9.0})  # no stretch
    found = training_spread(curve)
    assert found["train_stretches"] == 5
    assert found["train_tokens_per_second_low"] == pytest.approx(np.quantile(rates, 0.25))
    assert found["train_tokens_per_second_high"] == pytest.approx(np.quantile(rates, 0.75))


def test_a_curve_that_is_short_or_has_no_times_has_no_spread():
    assert training_spread([]) == {}
    assert training_spread([{"tokens": 100.0 * n, "seconds": 1.0 * n} for n in (1, 2, 3)]) == {}
    assert training_spread([{"tokens": 100.0 * n} for n in range(1, 9)]) == {}
    without = [{"tokens": 100.0 * n, "seconds": float("nan")} for n in range(1, 9)]
    assert training_spread(without) == {}
