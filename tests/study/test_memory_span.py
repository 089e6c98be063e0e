"""The study of how far back networks recall: its shares and spans by hand, its rules on made-up numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.study.claim import read_claim
from benchmark.study.claims.memory_span import quantities, recall, show, span
from benchmark.study.rules import judge, verdict


class FourBack(LanguageModel):
    """Says that the word four before comes again, or word 0."""

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        found = np.full((len(contexts), 5), -9.0)
        for row, context in zip(found, contexts, strict=True):
            row[context[-4] if len(context) >= 4 else 0] = 0.0
        return found


def test_recall_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FourBack, "__abstractmethods__", frozenset())
    vocabulary = Vocabulary(("a", "b", "f", "recall", "</s>"), np.ones(5, dtype=np.int64))
    lines = ["a recall a </s>", "a f f recall a </s>", "b recall b </s>", "b f f recall b </s>"]
    ids = [vocabulary.encode(line.split()).tolist() for line in lines]
    stream = TokenStream(np.concatenate(ids), np.cumsum([0, *map(len, ids)]), vocabulary)
    # at distance 2, nothing stands four before the first answer, and the answer before it before the second
    assert recall(FourBack(), stream) == {2: 0.5, 4: 1.0}


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([(2, 1.0), (4, 0.91), (7, 0.9)], 4),
        ([(2, 1.0), (4, 0.5), (7, 1.0)], 2),
        ([(2, 0.25), (4, 1.0), (7, 1.0)], 0),
        ([(2, 1.0), (4, 1.0), (7, 1.0)], 7),
    ],
)
def test_a_span_ends_before_the_first_distance_that_is_not_solved(
    shares: list[tuple[int, float]], expected: float
) -> None:
    assert span(shares) == expected


def data(elman: Sequence[int], lstm: Sequence[int], elman_rise: float, lstm_rise: float) -> dict[str, Any]:
    """Spans by seed, and how much higher the loss is with the last 8 words alone."""

    def recalled(spans: Sequence[int]) -> list[list[list[float]]]:
        distances = (2, 7, 10, 20, 50, 100)
        return [[[each, 1.0 if each <= longest else 0.3] for each in distances] for longest in spans]

    def losses(rise: float) -> list[list[list[float]]]:
        around = np.linspace(-0.005, 0.005, 40)
        return [[(5 + rise + around).tolist(), [5.0] * 40]] * 3

    return {
        "chance": 0.25,
        "recalled": {"Elman": recalled(elman), "LSTM": recalled(lstm)},
        "corpus": "a text",
        "kept": [8, 128],
        "losses": {"Elman": losses(elman_rise), "LSTM": losses(lstm_rise)},
    }


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (data([7, 7, 10], [100, 100, 100], 0.0, 0.1), "holds"),
        (data([7, 7, 10], [100, 100, 100], 0.0, 0.0), "holds in part"),
        (data([100, 100, 100], [7, 10, 7], 0.1, 0.0), "does not hold here"),
        (data([7, 20, 10], [10, 100, 20], 0.02, 0.02), "undecided"),
    ],
)
def test_its_rules_accept_and_reject(measured: dict[str, Any], expected: str) -> None:
    assert verdict(judge(read_claim("memory_span").rules, quantities(measured))) == expected
    assert show(measured)


def test_bases_name_places_and_seeds() -> None:
    found = quantities(data([7, 7, 10], [100, 100, 100], 0.0, 0.1))
    assert found["lstm_beyond"].basis == "40 places, 3 seeds"
    assert found["lstm_beyond"].value == pytest.approx(0.1)
    assert found["elman_span"].value == 8
