"""The study of sparsity: its counts by hand, and its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.contract import TokenStream, Vocabulary
from benchmark.study.claim import read_claim
from benchmark.study.claims.sparsity import METHODS, quantities, show, unseen_share
from benchmark.study.rules import judge, verdict


def stream(text: str, vocabulary: Vocabulary) -> TokenStream:
    return TokenStream.from_ids(vocabulary.encode(text.split()), vocabulary)


def test_the_share_of_unseen_ngrams_by_hand() -> None:
    vocabulary = Vocabulary(["<unk>", "</s>", "a", "b", "c"], np.array([0, 2, 2, 2, 2]))
    train, test = stream("a b c </s> a b </s>", vocabulary), stream("a b c c </s>", vocabulary)
    # of `<s> a`, `a b`, `b c`, `c c` and `c </s>`, training lacks `c c`
    assert unseen_share(train, test, 1) == 0
    assert unseen_share(train, test, 2) == pytest.approx(1 / 5)
    # of `<s> a b`, `a b c`, `b c c` and `c c </s>`, the last two
    assert unseen_share(train, test, 3) == pytest.approx(2 / 4)


def data(unseen: list[float], add_k: float, above: float) -> dict[str, Any]:
    def around(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - 0.004, "high": value + 0.004, "basis": "15 blocks"}

    return {
        "corpus": "a text",
        "orders": [1, 2, 3, 4, 5, 6],
        "unseen": unseen,
        "perplexities": {model: [300.0, 100.0, 90.0, 89.0, 88.0, 88.0] for model in METHODS},
        "above_largest": [around(above)],
        "add_k": around(add_k),
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data([0, 0.2, 0.5, 0.7, 0.8, 0.9], 9.0, 1.0), "holds"),
        (data([0, 0.2, 0.5, 0.7, 0.8, 0.9], 9.0, 0.9), "holds in part"),
        (data([0.9, 0.8, 0.7, 0.6, 0.4, 0.3], 0.8, 0.9), "does not hold here"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    judged = judge(read_claim("sparsity").rules, quantities(measured))
    assert verdict(judged) == expected
    assert show(measured)
