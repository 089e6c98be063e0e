"""Next-word tables and sampling."""

from __future__ import annotations

import numpy as np
import pytest
from bigram import Bigram

from benchmark.check.texts import made_up
from benchmark.contract import RunLog
from benchmark.errors import UserError
from benchmark.generate import Sampling, next_words, sample
from benchmark.verbs.generate import main

TEXTS = made_up(sentences=True)
VOCABULARY = TEXTS.test.vocabulary
CONTEXT = np.array([3], dtype=np.int64)


@pytest.fixture(scope="module")
def model() -> Bigram:
    model = Bigram()
    model.fit(TEXTS.train, TEXTS.valid, RunLog())
    return model


def draw(model: Bigram, options: Sampling, seed: int = 0) -> list[str]:
    return sample(model, CONTEXT, VOCABULARY, options, np.random.default_rng(seed))


def test_the_table_is_the_models_own_and_sorted(model: Bigram) -> None:
    table = next_words(model, CONTEXT, VOCABULARY, top=5)
    row = np.exp(model.next_log_probs([CONTEXT])[0])
    assert [p for _, p in table] == pytest.approx(np.sort(row)[::-1][:5].tolist())
    assert table[0][0] == VOCABULARY.tokens[int(row.argmax())]


def test_temperature_zero_takes_the_likeliest_each_time(model: Bigram) -> None:
    greedy = draw(model, Sampling(temperature=0, length=4))
    assert greedy == draw(model, Sampling(temperature=0, length=4), seed=5)
    assert greedy == draw(model, Sampling(temperature=3, top_k=1, length=4), seed=7)


def test_the_same_seed_draws_the_same_words_and_ends_at_a_sentence_end(model: Bigram) -> None:
    drawn = [draw(model, Sampling(length=40), seed) for seed in range(60)]
    assert drawn[3] == draw(model, Sampling(length=40), 3)
    assert len({tuple(words) for words in drawn}) > 30
    assert all("</s>" not in words and "<unk>" not in words for words in drawn)
    assert min(map(len, drawn)) < 5 < max(map(len, drawn)) <= 40


def test_unknown_is_drawn_only_if_allowed(model: Bigram) -> None:
    model.table[:] = 1e-9
    model.table[:, VOCABULARY.ids["<unk>"]] = 1
    assert draw(model, Sampling(length=3, unknown=True)) == ["<unk>"] * 3
    assert "<unk>" not in draw(model, Sampling(length=3))
    model.table[:] = 0
    model.table[:, VOCABULARY.ids["<unk>"]] = 1
    with np.errstate(divide="ignore"):
        assert draw(model, Sampling(length=3)) == ["<unk>"] * 3  # nothing else is possible


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--temperature", "inf", "--temperature=inf is not usable: give a finite number"),
        ("--temperature", "nan", "--temperature=nan is not usable: give a finite number"),
    ],
)
def test_what_cannot_be_sampled_is_one_line(option: str, value: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        main(["files/kneser_ney", option, value])
    assert str(caught.value).startswith(says)
