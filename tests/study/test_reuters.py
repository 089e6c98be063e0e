"""The study of Reuters: its words and counts by hand, and its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.study.claim import read_claim
from benchmark.study.claims.reuters import (
    CORPUS,
    ORDERS,
    WORD_LIST,
    occurrences,
    one_stream,
    quantities,
    show,
    word_list,
)
from benchmark.study.rules import judge, verdict


def test_the_word_list_is_that_of_the_lecture() -> None:
    # as nltk.corpus.reuters.words() cuts them: runs of letters and digits, and runs of other characters
    assert word_list(["U.S. oil\n  rose 2.5", "Mln-dlrs."]) == [
        "u", ".", "s", ".", "oil", "rose", "2", ".", "5", "mln", "-", "dlrs", ".",
    ]  # fmt: skip


def test_one_stream_has_no_ends_and_counts_its_words() -> None:
    stream = one_stream(list("abacab"))
    assert stream.vocabulary.tokens == ("a", "b", "c")
    assert stream.vocabulary.counts.tolist() == [3, 2, 1]
    assert stream.ids.tolist() == [0, 1, 0, 2, 0, 1]
    assert stream.lines.tolist() == [0, 6]


def test_occurrences_by_hand() -> None:
    ids = np.array([1, 1, 1, 2, 1, 1])
    assert occurrences(ids, np.array([1, 1])) == 3
    assert occurrences(ids, np.array([2, 1, 1])) == 1
    assert occurrences(ids[:1], np.array([1, 1])) == 0


def data(seconds: float, off: float, copied: float, returning: float) -> dict[str, Any]:
    def given(shift: float) -> dict[str, Any]:
        probability = 0.153 + shift
        return {
            "occurrences": 26,
            "next": {"company": probability, "emirate": None},
            "likeliest": [["company", probability]],
        }

    spread = np.linspace(-0.02, 0.02, 9)
    return {
        "words": 1000,
        "types": 50,
        "build_seconds": [seconds, 1.1 * seconds, 0.9 * seconds],
        "tables": [
            {
                "after": "today the",
                "next": {"company": 0.153, "emirate": 0.0},
                "given": {WORD_LIST: given(off), CORPUS: given(0.1)},
            }
        ],
        "orders": list(ORDERS),
        "copied": [(copied + spread).tolist() for _ in ORDERS],
        "returning": [(returning + spread).tolist(), (0.3 + spread[::-1]).tolist()],
        "texts": {WORD_LIST: ["price of gold"], CORPUS: ["bank said"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(2.0, 0.0008, 0.2, 0.1), "holds"),
        (data(2.0, 0.02, 0.2, 0.1), "holds in part"),
        (data(60.0, 0.02, 0.8, 0.5), "does not hold here"),
        (data(10.0, 0.02, 0.5, 0.3), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("reuters").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
