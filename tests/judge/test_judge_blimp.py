"""BLiMP: counts by hand, scores by brute force, intervals by scipy."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
from judge_cases import Stated, reader, unheard, vocabulary

from baselines.neural.architectures.recurrent import Lstm
from baselines.neural.training.recipe import Training
from baselines.ngram.adaptive.cache import Cache
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check.texts import made_up
from benchmark.contract import LanguageModel, RunLog
from benchmark.judge.blimp import judge_pairs, sentence_scores
from benchmark.judge.data import PairSet
from benchmark.judge.published import BLIMP
from benchmark.judge.record import PairCounts, SetJudgement
from benchmark.statistics.share import wilson

WORDS = vocabulary({"the": 9, "cat": 5, "cats": 4, "sleeps": 3, "sleep": 2, "<unk>": 2, "</s>": 9, ".": 9})
#: Probabilities in proportion to 1, 4, 2, 3, 1, …, by id.
MODEL = Stated([1, 4, 2, 3, 1, 2, 1, 1])


def judged(*pairs: tuple[str, str]) -> SetJudgement:
    return judge_pairs(MODEL, reader(WORDS), [PairSet("one", "agreement", pairs)], unheard)[0]


def test_counts_by_hand() -> None:
    found = judged(
        ("the cat sleeps.", "the cat sleep."),  # 3 : 1, right
        ("the cats sleep.", "the cat sleeps."),  # 2 · 1 : 4 · 3, wrong
        ("the cat sleeps.", "cat the sleeps."),  # the same words: a tie
        ("the dog sleeps.", "the horse sleeps."),  # both <unk>: identical, a tie
        ("the cat sleeps.", "the dog sleeps."),  # 4 : 2 for <unk>, right
    )
    assert found == SetJudgement(
        name="one",
        phenomenon="agreement",
        pairs=5,
        right=2,
        ties=2,
        unknown=2,
        identical=1,
        known_right=1,
        known_ties=1,
    )
    assert (found.accuracy, found.known, found.known_accuracy) == (3 / 5, 3, 1.5 / 3)


def test_two_impossible_sentences_tie() -> None:
    model = Stated([1, 0, 0, 1, 1, 1, 1, 1])
    pairs = (("the cat sleeps.", "the cats sleep."),)
    with np.errstate(divide="ignore"):
        found = judge_pairs(model, reader(WORDS), [PairSet("one", "agreement", pairs)], unheard)[0]
    assert (found.right, found.ties, found.known_ties) == (0, 1, 1)


def test_without_known_pairs_there_is_no_accuracy_of_them() -> None:
    assert judged(("the dog.", "the horse.")).known_accuracy is None


def test_counts_add_up() -> None:
    one = PairCounts(pairs=4, right=2, ties=1, unknown=1, identical=1, known_right=2)
    assert PairCounts.total([one, one]) == PairCounts(
        pairs=8, right=4, ties=2, unknown=2, identical=2, known_right=4
    )


def kneser_ney() -> LanguageModel:
    return KneserNey(order=3)


def lstm() -> LanguageModel:
    return Lstm(embedding_size=8, hidden_size=8, device="cpu", training=Training(epochs=1))


@pytest.mark.parametrize("build", [kneser_ney, functools.partial(KneserNey, context="stream"), Cache, lstm])
@pytest.mark.parametrize("ends", [True, False], ids=["with ends", "without ends"])
def test_scores_are_those_of_each_sentence_word_by_word(
    build: Callable[[], LanguageModel], ends: bool
) -> None:
    """Whatever the history of a model, and whether or not lines end in `</s>`."""
    texts = made_up(sentences=ends)
    model, words = build(), texts.train.vocabulary
    model.fit(texts.train, texts.valid, RunLog())
    random = np.random.default_rng(5)
    inner = [index for index in range(len(words)) if index != words.end]
    drawn = [random.choice(inner, size).tolist() + ([words.end] if ends else []) for size in (1, 2, 5, 9, 3)]
    sentences = [tuple(ids) for ids in drawn]
    scores = sentence_scores(model, words, sentences, unheard)
    for ids in sentences:
        expected = sum(
            float(model.next_log_probs([np.array(ids[:place], dtype=np.int64)])[0][ids[place]])
            for place in range(len(ids))
        )
        assert scores[ids] == pytest.approx(expected, abs=1e-3)


def test_progress_counts_targets_up_to_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.judge.blimp.BATCH", 4)
    said: list[tuple[int, int]] = []
    sentences = [(0, 1, 6), (1, 6), (2, 3, 6)]
    sentence_scores(MODEL, WORDS, sentences, lambda done, total: said.append((done, total)))
    assert said == [(5, 8), (8, 8)]


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    [
        (0, 5, 0.0, 0.43448246478317476),
        (5, 5, 0.5655175352168251, 1.0),
        (612, 1_000, 0.5814239245764211, 0.6417188815228144),
        (41_004, 67_000, 0.6083038837938677, 0.6156832738562446),
        (1, 1, 0.20654931437723745, 1.0),
    ],
)
def test_the_interval_is_that_of_scipy(right: int, trials: int, low: float, high: float) -> None:
    """`binomtest(right, trials).proportion_ci(0.95, method="wilson")` of scipy 1.17.1."""
    assert wilson(right / trials, trials) == pytest.approx((low, high), abs=1e-12)


def test_the_published_phenomena_average_to_the_published_total() -> None:
    """The mean over the 67 sets, of which each phenomenon has so many (table 4 of the paper)."""
    sets = (2, 9, 7, 5, 8, 2, 7, 2, 8, 7, 4, 6)
    for row in BLIMP:
        if row.label != "People":  # they judged fewer pairs of some sets
            mean = sum(n * share for n, share in zip(sets, row.phenomena.values(), strict=True)) / sum(sets)
            assert mean == pytest.approx(row.overall, abs=6e-4)
