"""Quantised models: codes as near as their bits allow, sums of one kept, memory saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, penn_treebank, perplexity, small_texts, stream_of, with_ends

from baselines.ngram.compact.quantised import Quantised
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.ngram.table.codebook import CodedArray, codebook, lower_code, nearest_code
from benchmark.contract import RunLog
from benchmark.errors import UserError

numbers = st.lists(st.sampled_from([0.0, -np.inf, -0.5, -1.0, -1.25, -3.0, -9.0]), min_size=1, max_size=40)


@given(numbers, st.integers(2, 8))
def test_each_number_becomes_the_nearest_value(listed: list[float], bits: int) -> None:
    array = np.array(listed, dtype=np.float32)
    coded = CodedArray.of(array, bits)
    assert len(coded.values) <= 2**bits
    for number, value in zip(listed, coded[:].tolist(), strict=True):
        if np.isinf(number) or number == 0:
            assert value == number
        else:
            assert abs(value - number) <= np.abs(coded.values - number).min() + 1e-6
    if len(set(listed)) <= 2**bits:
        assert np.array_equal(coded[:], array)


def test_values_have_less_squared_error_than_bins_of_equal_population() -> None:
    array = np.random.default_rng(3).gamma(2.0, 1.5, 20_000)
    bins = np.array([part.mean() for part in np.array_split(np.sort(array), 16)])
    errors = [
        ((values[nearest_code(array, values)] - array) ** 2).mean() for values in (codebook(array, 4), bins)
    ]
    assert errors[0] < 0.7 * errors[1]


def test_the_next_value_below() -> None:
    assert lower_code(np.array([-3.0, -2.0, -1.5, 0.0]), np.array([-2.0, -1.0])).tolist() == [0, 0, 0, 1]


@given(small_texts, st.integers(1, 4), st.integers(1, 8))
def test_sums_to_one_whatever_the_text_and_the_bits(lines: Lines, order: int, bits: int) -> None:
    stream = stream_of(with_ends(lines))
    model = Quantised(of=KneserNey(order=order), probability_bits=bits)
    model.fit(stream, stream.head(0), RunLog())
    assert model.normalised
    rows = model.next_log_probs([stream.ids[:place] for place in range(len(stream) + 1)])
    assert np.exp(rows.astype(np.float64)).sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-4)


def test_weights_in_codes_make_a_score_which_a_saved_model_remembers(tmp_path: Path) -> None:
    tokens = np.random.default_rng(7).choice([*"abcdefghij", "</s>"], 3_000).tolist()
    stream = stream_of(tokens)
    model, log = Quantised(of=KneserNey(order=3), probability_bits=4, backoff_bits=2), Notes()
    model.fit(stream, stream.head(0), log)
    assert not model.normalised
    assert "sum to one within" in log.messages[-1]
    model.save(tmp_path)
    loaded = Quantised.load(tmp_path, stream.vocabulary)
    assert not loaded.normalised
    assert np.array_equal(loaded.log_probs(stream), model.log_probs(stream))


def test_what_cannot_be_quantised() -> None:
    with pytest.raises(UserError, match="StupidBackoff is a score"):
        Quantised(of=StupidBackoff(order=2))


def test_a_quarter_of_the_memory_of_probabilities_for_a_thousandth_of_perplexity() -> None:
    splits = penn_treebank()
    whole = KneserNey(order=3)
    whole.fit(splits["train"], splits["valid"], RunLog())
    codes = Quantised(of=KneserNey(order=3))
    codes.fit(splits["train"], splits["valid"], RunLog())
    ratio = perplexity(codes.log_probs(splits["test"])) / perplexity(whole.log_probs(splits["test"]))
    assert 0.995 < ratio < 1.005
    saved = 3 * sum(map(len, whole.table.log_probs[1:]))
    before, after = whole.size().bytes_in_memory, codes.size().bytes_in_memory
    assert before is not None
    assert after == pytest.approx(before - saved, abs=4_096)
