"""Operations against the machine's peak, with a clock of our own."""

from __future__ import annotations

import bigram
import pytest

from benchmark.contract import Computation, Operations
from benchmark.measure import operations as measured
from benchmark.measure.measures import BY_KEY
from benchmark.measure.operations import operations, peak_of
from benchmark.record.result import Result


class Clock:
    """Stands still but for what is added to it."""

    now, products = 0.0, 0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The clock of a processor of 10⁹ operations a second, of which every other product has half."""
    clock = Clock()
    monkeypatch.setattr(measured, "time", clock)
    monkeypatch.setattr(measured, "LEAST_ROWS", 8)
    product = measured._product

    def slow(rows, device, dtype):
        once = product(rows, device, dtype)

        def run():
            clock.products += 1
            clock.now += 2 * rows**3 / (1e9 if clock.products % 2 else 5e8)
            return once()

        return run

    monkeypatch.setattr(measured, "_product", slow)
    measured._peak.cache_clear()
    yield clock
    measured._peak.cache_clear()


def test_the_peak_is_that_of_the_fastest_product_that_takes_long_enough(clock):
    assert peak_of(Computation("cpu", "float32")) == pytest.approx(1e9)
    products = clock.products
    assert peak_of(Computation("cpu", "float32")) == pytest.approx(1e9)
    assert clock.products == products  # measured once


def test_formats_that_are_no_number_format_have_no_peak():
    assert peak_of(Computation("cpu", None)) is None
    assert peak_of(Computation("cpu", "float32 + float64")) is None


def test_the_peak_of_this_machine_is_that_of_a_machine():
    assert 1e8 < peak_of(Computation("cpu", "float32")) < 1e15


class Counting(bigram.Bigram):
    trained_on = scored_on = Computation("cpu", "float32")

    def operations(self):
        return Operations(score=100.0)


def test_what_is_not_counted_has_no_peak(clock):
    assert operations(bigram.Bigram()) == {}
    found = operations(Counting())
    assert found["score_operations"] == 100
    assert found["score_peak_operations"] == pytest.approx(1e9)
    assert found["train_operations"] is found["train_peak_operations"] is None


def result(**more: object) -> Result:
    return Result.from_json(
        {"run_id": "0", "status": "ok", "model": "kn", "label": "KN", "corpus": "ptb", **more}
    )


def test_a_share_of_the_peak_is_operations_times_rate_by_peak():
    known = {"train_operations": 3e6, "train_tokens_per_second": 2e3, "train_peak_operations": 4e10}
    assert BY_KEY["train_peak_share"].read(result(**known)) == pytest.approx(0.15)
    for missing in known:
        rest = {name: value for name, value in known.items() if name != missing}
        assert BY_KEY["train_peak_share"].read(result(**rest)) is None
    assert BY_KEY["score_peak_share"].read(result(**known)) is None


def test_a_generated_token_takes_a_reading_and_a_draw():
    rate = BY_KEY["generated_tokens_per_second"]
    assert rate.read(result(next_token_seconds=0.004, draw_seconds=0.001)) == pytest.approx(200)
    assert rate.read(result(next_token_seconds=0.004)) is None
