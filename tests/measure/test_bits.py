"""Likelihoods in bits."""

from __future__ import annotations

import math

import pytest

from benchmark.measure.bits import bits_per_token
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
