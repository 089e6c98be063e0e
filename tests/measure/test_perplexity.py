"""Perplexity by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmark.corpus import TokenStream, Vocabulary
from benchmark.measure.copies import without_copies
from benchmark.measure.frequency import by_frequency
from benchmark.measure.perplexity import perplexity, perplexity_line, summary
from benchmark.record.result import Result

VOCABULARY = Vocabulary(("a", "<unk>", "</s>"), np.array([12, 3, 0]))
STREAM = TokenStream.from_ids(np.array([0, 1, 2, 0, 2]), VOCABULARY)
#: 1/2 · 1/4 · 1/8 · 1/2 · 1/8 = 2^-10 over five targets
SCORES = np.log(np.array([1 / 2, 1 / 4, 1 / 8, 1 / 2, 1 / 8])).astype(np.float32)


def test_perplexity_is_the_inverse_geometric_mean() -> None:
    assert perplexity(SCORES) == pytest.approx(2 ** (10 / 5), rel=1e-6)


def test_a_zero_probability_makes_it_infinite_and_a_huge_loss_does_not_raise() -> None:
    assert perplexity(np.array([-1.0, -np.inf], dtype=np.float32)) == math.inf
    assert perplexity(np.array([-2000.0], dtype=np.float32)) == math.inf


def test_the_sum_is_taken_in_double_precision() -> None:
    many = np.full(3_000_000, -0.1, dtype=np.float32)
    assert perplexity(many) == pytest.approx(math.exp(float(np.float32(0.1))), rel=1e-12)


def test_summary_by_hand() -> None:
    found = summary(SCORES, STREAM)
    assert found["test_targets"] == 5
    assert found["test_nll"] == pytest.approx(10 * math.log(2), rel=1e-6)
    assert found["test_perplexity_known"] == pytest.approx(2 ** (8 / 4), rel=1e-6)
    assert found["oov_rate"] == pytest.approx(1 / 5)
    assert found["test_zero_probabilities"] == 0
    assert found["test_perplexity_nonzero"] == found["test_perplexity"]
    result = Result(run_id="0", status="ok", model="m", label="M", corpus="c", **found)
    assert perplexity_line(result) == "test perplexity 4.00"
    assert "no test perplexity" in perplexity_line(replace(result, normalised=False))


def test_zero_probabilities_are_counted_and_the_others_measured_alone() -> None:
    some = summary(np.where(STREAM.ids == 2, -np.inf, SCORES), STREAM)
    assert (some["test_perplexity"], some["test_zero_probabilities"]) == (math.inf, 2)
    assert some["test_perplexity_nonzero"] == pytest.approx(2 ** (4 / 3), rel=1e-6)  # 1/2 · 1/4 · 1/2
    result = Result(run_id="0", status="ok", model="m", label="M", corpus="c", **some)
    assert perplexity_line(result) == "test perplexity ∞: 2 of 5 targets have probability 0"
    none = summary(np.full(5, -np.inf, dtype=np.float32), STREAM)
    assert (none["test_zero_probabilities"], none["test_perplexity_nonzero"]) == (5, None)


def test_copied_targets_are_left_out_where_they_are_known() -> None:
    assert without_copies(SCORES, STREAM) == {"test_perplexity_new": None}
    copied = np.array([False, True, True, False, False])
    found = without_copies(SCORES, replace(STREAM, copied=copied))
    assert found["test_perplexity_new"] == pytest.approx(2 ** (5 / 3), rel=1e-6)  # 1/2 · 1/2 · 1/8
    assert without_copies(SCORES, replace(STREAM, copied=~np.zeros(5, bool))) == {"test_perplexity_new": None}


def test_buckets_hold_every_target_and_the_whole_loss() -> None:
    found = by_frequency(SCORES, STREAM)
    buckets = dict(zip(found["bucket_edges"], found["bucket_targets"], strict=True))
    assert (buckets[0], buckets[1], buckets[10]) == (2, 1, 2)  # </s> never trained on, <unk> 3 times, a 12
    assert sum(found["bucket_nll"]) == pytest.approx(10 * math.log(2), rel=1e-6)
