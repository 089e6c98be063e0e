"""The record of a run: every field typed, and what JSON cannot hold comes back."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import UserError
from benchmark.record.result import Result

NAMED = {"run_id": "0123456789ab", "status": "ok", "model": "lstm", "label": "LSTM", "corpus": "ptb"}

numbers = st.floats(allow_nan=False)


@given(
    st.builds(
        Result,
        **{name: st.just(value) for name, value in NAMED.items()},
        seed=st.none() | st.integers(),
        test_perplexity=st.none() | numbers,
        bucket_nll=st.lists(numbers),
        bucket_targets=st.lists(st.integers()),
        normalised=st.booleans(),
        model_settings=st.none() | st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()),
    )
)
def test_a_record_survives_json(result: Result) -> None:
    written = json.dumps(result.to_json(), allow_nan=False)
    assert Result.from_json(json.loads(written)) == result


def test_infinity_is_a_word_in_json_and_a_number_in_python() -> None:
    data = Result(**NAMED, test_perplexity=math.inf).to_json()
    assert data["test_perplexity"] == "inf"
    assert Result.from_json(data).test_perplexity == math.inf


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("seed", "one", "a whole number"),
        ("seed", True, "a whole number"),
        ("test_perplexity", "12", "a number"),
        ("test_perplexity", math.nan, "a number"),
        ("normalised", 1, "true or false"),
        ("train_share", 2.5, "a number above 0 and up to 1"),
        ("train_share", 0, "a number above 0 and up to 1"),
        ("train_share", "inf", "a number above 0 and up to 1"),
        ("train_share", "0.5", "a number"),
        ("oov_rate", 1.5, "a number from 0 and up to 1"),
        ("accuracy_at_1", -0.1, "a number from 0 and up to 1"),
        ("status", "fine", "one of ok, failed, diverged, skipped"),
        ("label", None, "text"),
        ("bucket_nll", [1.0, "x"], "a number"),
        ("bucket_targets", {}, "a list"),
        ("published", [1], "an object"),
        ("model_settings", [], "an object"),
    ],
)
def test_a_value_of_another_type_is_named(field: str, value: Any, expected: str) -> None:
    with pytest.raises(UserError, match=f"'{field}'.*not {expected}"):
        Result.from_json({**NAMED, field: value})


@pytest.mark.parametrize("field", sorted(NAMED))
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(UserError, match=f"'{field}' is missing"):
        Result.from_json({name: value for name, value in NAMED.items() if name != field})


def test_fields_of_another_version_are_ignored() -> None:
    assert Result.from_json({**NAMED, "colour": "red"}) == Result(**NAMED)


def test_a_whole_number_is_read_as_a_number_where_one_is_meant() -> None:
    read = Result.from_json({**NAMED, "train_share": 1, "train_seconds": 3})
    assert (type(read.train_share), type(read.train_seconds)) == (float, float)
