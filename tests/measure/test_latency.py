"""The time of one next token, by a clock of our own."""

from __future__ import annotations

import bigram
import numpy as np
import pytest

from benchmark.contract import Reader, RunLog, TokenStream, Vocabulary
from benchmark.measure import latency as measured
from benchmark.measure.latency import latency


class Clock:
    """Stands still but for what is added to it."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(measured, "time", clock)
    return clock


def model_that_takes(clock: Clock, seconds):
    """A model whose reader takes `seconds(place)` for each token."""

    class Slow(Reader):
        place = 0

        def next_log_probs(self):
            clock.now += seconds(self.place)
            self.place += 1
            return super().next_log_probs()

    class Model(bigram.Bigram):
        def reader(self):
            return Slow(self)

    text = stream(600)
    model = Model()
    model.fit(text, text, RunLog())
    return model, text


def stream(targets: int) -> TokenStream:
    ids = np.random.default_rng(0).integers(0, 5, targets).astype(np.uint16)
    return TokenStream.from_ids(ids, Vocabulary(tuple("abcde"), np.ones(5, int)))


def test_the_median_and_the_99th_percentile_leave_out_the_warm_up(clock):
    model, text = model_that_takes(clock, lambda place: 1e-3 if place < 20 else 1e-5 * (place - 19))
    found = latency(model, text)
    assert found["next_token_readings"] == 500
    assert found["next_token_seconds"] == pytest.approx(250.5e-5)
    assert found["next_token_seconds_p99"] == pytest.approx(np.percentile(np.arange(1, 501), 99) * 1e-5)


def test_a_slow_model_is_read_for_a_few_seconds_only(clock):
    model, text = model_that_takes(clock, lambda place: 0.1)
    found = latency(model, text)
    assert found["next_token_seconds"] == pytest.approx(0.1)
    assert found["next_token_readings"] in (30, 31)
    model, text = model_that_takes(clock, lambda place: 60.0)
    assert latency(model, text)["next_token_readings"] == 1


def test_a_text_without_a_token_has_no_latency():
    model = bigram.Bigram()
    model.fit(stream(60), stream(60), RunLog())
    assert latency(model, stream(0)) == {}


def test_a_reader_knows_all_it_has_read():
    text = stream(300)
    model = bigram.Bigram()
    model.fit(text, text, RunLog())
    reader = model.reader()
    for place, token in enumerate(text.ids.tolist()):
        if place % 50 == 0:
            assert np.array_equal(reader.next_log_probs(), model.next_log_probs([text.ids[:place]])[0])
        reader.read(token)
