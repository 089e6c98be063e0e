"""The study of long-distance dependencies: its texts by hand, and its rules on made-up numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.contract import TokenStream, Vocabulary
from benchmark.errors import UserError
from benchmark.study.claim import read_claim
from benchmark.study.claims.tickets import (
    contexts_of,
    measure,
    planted_places,
    quantities,
    replacements,
    show,
)
from benchmark.study.evidence import Evidence
from benchmark.study.rules import judge, verdict


def test_contexts_by_hand() -> None:
    ids = np.arange(10, 30)
    (near,) = contexts_of(ids, np.array([5]), np.array([99]), gap=2, before=3)
    assert near.tolist() == [12, 13, 14, 99, 13, 14]  # the frame comes at once
    (far,) = contexts_of(ids, np.array([5]), ids[[5]], gap=5, before=4)
    assert far.tolist() == [11, 12, 13, 14, 15, 16, 17, 18, 13, 14]


def test_each_word_is_replaced_by_another() -> None:
    words = np.array([1, 2, 1, 3])
    # two on from the first stands 1 itself, so the next is taken
    assert replacements(words).tolist() == [3, 3, 2, 2]
    with pytest.raises(UserError, match="all places have the same word"):
        replacements(np.array([4, 4, 4]))


def test_places_are_those_of_rarer_words_with_a_frame_that_do_not_return() -> None:
    vocabulary = Vocabulary(("the", "</s>", "<unk>", "a", "b", "c", "d"), np.arange(7, 0, -1))
    words = "the a b the </s> a the <unk> c the b the c the a the d the the the"
    stream = TokenStream.from_ids(vocabulary.encode(words.split()), vocabulary)
    # the a at 5 stands after </s>, the c at 8 after <unk>, and that at 12 has c within four before it
    assert planted_places(stream, 8, before=4, after=2, common=3).tolist() == [10, 14, 16]
    assert planted_places(stream, 4, before=4, after=2, common=3).tolist() == [10, 14]  # one in each part
    with pytest.raises(UserError, match=r"20 tokens has fewer than two words for settings\.common=7"):
        planted_places(stream, 4, before=4, after=2, common=7)


def test_gaps_must_have_those_of_the_rules() -> None:
    class Run:
        class job:
            corpus_key = ""

    evidence = Evidence((Run(),), {"gaps": [1, 2, 20], "before": 4}, print, {"": None})  # type: ignore[arg-type,dict-item]
    with pytest.raises(UserError, match=r"settings\.gaps=\[1, 2, 20\] must have 2 and 20, and none below 2"):
        measure(evidence)


def data(ngram: float, networks: float, near: float, cache: float) -> dict[str, Any]:
    """Gains after a gap of 20 words, and of the LSTM after 2."""

    def gains(nats: float) -> dict[str, list[float]]:
        around = nats + (np.linspace(-0.01, 0.01, 40) if nats else np.zeros(40))
        return {"mentioned": (-5 + around).tolist(), "replaced": [-5.0] * 40}

    def model(label: str, family: str, far: float, first: float, seeds: int = 1) -> dict[str, Any]:
        return {"label": label, "family": family, "seeds": [[gains(first), gains(far)]] * seeds}

    return {
        "corpus": "a text",
        "gaps": [2, 20],
        "plantings": 40,
        "example": ["print", "her", "tickets"],
        "models": {
            "kneser_ney": model("Kneser-Ney", "count", ngram, 0.0),
            "mixture": model("with a cache", "count", cache, cache),
            "rnn": model("Elman", "neural", 0.0, 0.0, 3),
            "lstm": model("LSTM", "neural", networks, near, 3),
            "transformer": model("Transformer", "neural", 2.0, 2.0, 3),  # looks earlier words up
        },
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data(0.0, 0.01, 0.2, 3.0), "holds"),
        (data(0.0, 0.5, 0.2, 3.0), "holds in part"),
        (data(0.3, 0.5, 0.2, 0.5), "does not hold here"),
        (data(0.3, 0.1, 0.1, 1.0), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("tickets").rules, quantities(measured))) == expected
    assert show(measured)
