"""The measures of tasks, against hand-computed values and brute force."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.task.edits import edits, nearest
from benchmark.task.items import Input, Item
from benchmark.task.measures import (
    ACCURACY,
    CLASS_ACCURACY,
    LOG_LOSS,
    SPAN_F1,
    SPAN_PRECISION,
    SPAN_RECALL,
    SYMBOL_ERROR,
    SYMBOL_PERPLEXITY,
    UNKNOWN_ACCURACY,
    WORD_ERROR,
    Answered,
    ItemMeasure,
    calibration_error,
)

SENTENCES = [
    Item(Input(("the", "old", "cat")), ("D", "A", "N")),
    Item(Input(("a", "yak")), ("D", "N")),
]
KNOWN = frozenset({"the", "old", "cat", "a"})


def value(measure: ItemMeasure, found: Answered) -> float | None:
    return measure.value(measure.losses(found))


def test_accuracy_is_the_share_of_right_tags_and_that_of_unknown_words() -> None:
    found = Answered(SENTENCES, [("D", "N", "N"), ("D", "N")], KNOWN)
    assert value(ACCURACY, found) == pytest.approx(4 / 5)
    assert value(UNKNOWN_ACCURACY, found) == 1.0  # of the one word `yak`
    assert value(UNKNOWN_ACCURACY, Answered(SENTENCES, found.answers, KNOWN | {"yak"})) is None


def test_f1_counts_spans_with_the_right_type_and_ends() -> None:
    items = [Item(Input(("a", "b", "c", "d")), ("B-NP", "I-NP", "O", "B-VP"))]
    found = Answered(items, [("B-NP", "I-NP", "B-VP", "I-VP")], KNOWN)  # one of two right, one of two found
    assert value(SPAN_PRECISION, found) == value(SPAN_RECALL, found) == value(SPAN_F1, found) == 0.5
    none = Answered(items, [("O", "O", "O", "O")], KNOWN)
    assert (value(SPAN_PRECISION, none), value(SPAN_RECALL, none), value(SPAN_F1, none)) == (None, 0.0, 0.0)


def test_a_class_that_training_never_saw_is_wrong_and_has_an_infinite_log_loss() -> None:
    items = [Item(Input(("a",)), ("x",)), Item(Input(("b",)), ("z",))]
    answers = np.log([[0.75, 0.25], [0.5, 0.5]])
    first = Answered(items[:1], answers[:1], KNOWN, ("x", "y"))
    assert value(CLASS_ACCURACY, first) == 1.0
    assert value(LOG_LOSS, first) == pytest.approx(-math.log(0.75))
    both = Answered(items, answers, KNOWN, ("x", "y"))
    assert (value(CLASS_ACCURACY, both), value(LOG_LOSS, both)) == (0.5, math.inf)


def test_the_calibration_error_of_one_group_is_confidence_less_accuracy() -> None:
    log_probs = np.log([[0.9, 0.1]] * 4)
    assert calibration_error(log_probs, np.array([0, 0, 0, 1])) == pytest.approx(0.15)
    assert calibration_error(log_probs, np.zeros(4)) == pytest.approx(0.1)


def test_a_word_is_right_if_it_is_given_any_of_its_pronunciations() -> None:
    item = Item(Input(tuple("read")), ("R", "IY", "D"), (("R", "IY", "D"), ("R", "EH", "D")))
    found = Answered([item, item], [("R", "EH", "D"), ("R", "EH")], KNOWN, log_probs=np.log([0.5, 0.25]))
    assert value(WORD_ERROR, found) == 0.5
    assert value(SYMBOL_ERROR, found) == pytest.approx(1 / 6)
    assert value(SYMBOL_PERPLEXITY, found) == pytest.approx(8 ** (1 / 8))  # 4 symbols each with the end


SHORT = st.lists(st.sampled_from("ab"), max_size=6).map(tuple)


@given(SHORT, SHORT)
def test_edits_are_the_fewest_that_turn_one_sequence_into_the_other(a, b) -> None:
    @cache
    def fewest(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        same = fewest(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(same, fewest(i - 1, j) + 1, fewest(i, j - 1) + 1)

    assert edits(a, b) == fewest(len(a), len(b)) == edits(b, a)


@given(SHORT, st.lists(SHORT, min_size=1, max_size=3))
def test_the_nearest_right_sequence_counts(a, right) -> None:
    found, length = nearest(a, right)
    assert found == min(edits(a, each) for each in right)
    assert length == max(len(each) for each in right if edits(a, each) == found)
