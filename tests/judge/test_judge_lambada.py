"""LAMBADA: ranks and accuracy by hand and by sorting, and what history each model has."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from judge_cases import Stated, reader, unheard, vocabulary

from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check.texts import made_up
from benchmark.contract import LanguageModel, RunLog
from benchmark.judge.lambada import predict_last_words

WORDS = vocabulary({"ann": 9, "bob": 8, "carl": 7, "saw": 6, "<unk>": 5, "</s>": 4, ".": 9})


def predicted(model: LanguageModel, passages: Sequence[str]) -> tuple[list[float], float, float]:
    found = predict_last_words(model, reader(WORDS), [passage.split() for passage in passages], unheard)
    assert found.passages == len(passages)
    return found.ranks.tolist(), found.right, found.nll


def test_ranks_accuracy_and_likelihood_by_hand() -> None:
    model = Stated([5, 2, 2, 1, 1, 1, 1])
    ranks, right, nll = predicted(model, ["saw ann", "saw saw bob", "saw saw saw saw", "saw the stranger"])
    # ann is first; bob and carl share the places 2 and 3; four tokens share the places 4 to 7
    assert ranks == [1, 2.5, 5.5]
    assert right == 1
    assert nll == pytest.approx(-math.log(5 / 13) - math.log(2 / 13) - math.log(1 / 13), rel=1e-6)


def test_a_shared_first_place_counts_its_share() -> None:
    ranks, right, _ = predicted(Stated([1] * 7), ["saw ann", "saw bob"])
    assert ranks == [4, 4]
    assert right == pytest.approx(2 / 7)


def test_an_impossible_target_is_ranked_and_has_an_infinite_loss() -> None:
    with np.errstate(divide="ignore"):
        ranks, right, nll = predicted(Stated([1, 1, 0, 1, 1, 1, 1]), ["saw carl"])
    assert (ranks, right, nll) == ([7], 0, math.inf)


def test_no_known_target_gives_no_rank() -> None:
    assert predicted(Stated([1] * 7), ["saw someone"]) == ([], 0, 0)


def test_the_whole_passage_is_the_history() -> None:
    """A name that the first sentence makes likely is told from the passage, not from its last sentence."""
    name = WORDS.ids["carl"]
    told = Stated([1] * 7, favours={WORDS.ids["bob"]: name})
    assert predicted(told, ["bob saw ann . ann saw carl"])[:2] == ([1], 1)
    assert predicted(told, ["ann saw ann . ann saw carl"])[:2] == ([4], pytest.approx(1 / 7))


def test_histories_of_any_length_are_read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a loop over the passages that sorts the vocabulary."""
    monkeypatch.setattr("benchmark.judge.lambada.MOST_HISTORIES", 4)
    texts = made_up(sentences=True)
    model = KneserNey(order=3)
    model.fit(texts.train, texts.valid, RunLog())
    known = texts.train.vocabulary
    random = np.random.default_rng(2)
    names = [token for token in known.tokens if token.startswith("w")]
    passages = [random.choice(names, size).tolist() for size in random.integers(2, 30, 30)]
    found = predict_last_words(model, reader(known), passages, unheard)
    ranks, nll, right = [], 0.0, 0.0
    for passage in passages:
        row = model.next_log_probs([known.encode(passage[:-1])])[0]
        own = row[known.ids[passage[-1]]]
        places = [place for place, value in enumerate(sorted(row, reverse=True), start=1) if value == own]
        ranks.append(sum(places) / len(places))
        right += (1 / len(places)) * (places[0] == 1)
        nll -= float(own)
    assert sorted(found.ranks.tolist()) == sorted(ranks)
    assert (found.right, found.nll) == (pytest.approx(right), pytest.approx(nll, rel=1e-6))


def test_the_batches_keep_within_the_memory_set_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.judge.lambada.MOST_NUMBERS", 2 * len(WORDS))
    sizes: list[int] = []

    class Counting(Stated):
        def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
            sizes.append(len(contexts))
            return super().next_log_probs(contexts)

    predicted(Counting([1] * 7), ["saw ann"] * 5)
    assert sizes == [2, 2, 1]
