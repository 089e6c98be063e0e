"""Likelihoods in bits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.corpus import CodedText, TokenStream, Vocabulary
from benchmark.measure.bits import (
    bits_per_byte,
    bits_per_character,
    bits_per_token,
    text_figures,
    why_no_code,
)
from benchmark.record.result import Result


def result(**more: object) -> Result:
    return Result.from_json(
        {"run_id": "0", "status": "ok", "model": "kn", "label": "KN", "corpus": "ptb", **more}
    )


def test_bits_per_token_are_the_binary_logarithm_of_perplexity():
    scored = result(test_nll=100 * math.log(32), test_targets=100, test_perplexity=32.0)
    assert bits_per_token(scored) == pytest.approx(5.0)


def test_where_there_is_no_perplexity_there_are_no_bits():
    assert bits_per_token(result()) is None
    assert bits_per_token(result(test_nll=1.0, test_targets=1, normalised=False)) is None
    assert bits_per_token(result(test_nll="inf", test_targets=3)) == math.inf


def test_the_text_is_paid_for_by_targets_and_spelling():
    text = {"test_characters": 20, "test_bytes": 25, "spelling_bits": 30.0}
    scored = result(test_nll=70 * math.log(2), test_targets=10, oov_rate=0.2, **text)
    assert bits_per_character(scored) == pytest.approx(5.0)
    assert bits_per_byte(scored) == pytest.approx(4.0)
    assert why_no_code(scored) is None


def test_there_is_no_code_where_nobody_knows_the_words():
    scored = result(test_nll=70.0, test_targets=10, oov_rate=0.2, test_characters=20, test_bytes=20)
    assert (bits_per_character(scored), bits_per_byte(scored)) == (None, None)
    assert "in the text itself" in str(why_no_code(scored))


def test_an_earlier_record_counts_only_where_no_target_was_unknown():
    earlier = {"test_nll": 40 * math.log(2), "test_targets": 10, "test_characters": 20}
    misleading = result(**earlier, oov_rate=0.2, bits_per_character=2.0)
    assert (bits_per_character(misleading), bits_per_byte(misleading)) == (None, None)
    assert "before unknown words were spelt" in str(why_no_code(misleading))
    assert bits_per_character(result(**earlier, oov_rate=0.0)) == pytest.approx(2.0)


def test_scores_that_are_no_probabilities_code_nothing():
    text = {"test_characters": 20, "test_bytes": 25, "spelling_bits": 0.0}
    assert bits_per_character(result(test_nll=1.0, normalised=False, **text)) is None
    assert bits_per_byte(result(**text)) is None
    assert bits_per_byte(result(test_nll="inf", **text)) == math.inf


def test_a_record_keeps_what_there_is_of_the_text():
    vocabulary = Vocabulary(("a",), np.array([1]))
    stream = TokenStream.from_ids(np.array([0]), vocabulary, CodedText(2, 3, 4.5))
    assert text_figures(stream) == {"test_characters": 2, "test_bytes": 3, "spelling_bits": 4.5}
    assert set(text_figures(TokenStream.from_ids(np.array([0]), vocabulary)).values()) == {None}
