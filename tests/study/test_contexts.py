"""Places of a text, and the loss there after the last words alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from benchmark.contract import LanguageModel
from benchmark.errors import UserError
from benchmark.study.contexts import drawn_places, losses_by_kept


def test_places_are_apart_and_never_stand_in_for_themselves() -> None:
    places, others = drawn_places(10_000, 200, 50)
    assert len(places) == 50
    assert np.diff(places).min() >= 100
    assert places.min() >= 200
    assert sorted(places) == sorted(others)
    assert (places != others).all()
    assert all(map(np.array_equal, drawn_places(10_000, 200, 50), (places, others)))


def test_a_text_without_two_places_is_refused() -> None:
    with pytest.raises(UserError, match="a text of 250 tokens has no two places with 200 tokens before"):
        drawn_places(250, 200, 50)


class Longest(LanguageModel):
    """Gives the next token the probability words / 10 after so many words, whatever they are."""

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        shares = np.array([len(each) / 10 for each in contexts])
        return np.log(np.stack([1 - shares, shares], 1))


def test_losses_after_the_last_words_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Longest, "__abstractmethods__", frozenset())  # only its distribution is asked for
    ids, places = np.array([0, 1, 1, 0, 1, 0, 1]), np.array([3, 4, 6])
    one, three = losses_by_kept(Longest(), ids, places, [1, 3])
    assert one == pytest.approx([-math.log(0.9), -math.log(0.1), -math.log(0.1)])
    assert three == pytest.approx([-math.log(0.7), -math.log(0.3), -math.log(0.3)])
