"""Uniform, unigram and add-k models, against arithmetic and nltk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, perplexity, small_texts, stream_of, vocabulary_of, with_ends

from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.uniform import Uniform
from baselines.ngram.smoothing.unigram import Unigram
from benchmark.check import check_model
from benchmark.contract import RunLog
from benchmark.corpus import END, UNKNOWN


def test_uniform_perplexity_is_the_vocabulary_size() -> None:
    stream = stream_of(with_ends([["a", "b"], ["c"]]))
    model = Uniform()
    model.fit(stream, stream, RunLog())
    assert perplexity(model.log_probs(stream)) == pytest.approx(len(stream.vocabulary))


def test_unigram_is_the_relative_frequency() -> None:
    """a 3, b 2, </s> 1 of 6 tokens."""
    tokens = with_ends([["a", "b", "a", "b", "a"]])
    stream = stream_of(tokens, vocabulary_of(tokens))
    model = Unigram()
    model.fit(stream, stream, RunLog())
    assert np.exp(model.next_log_probs([[]])[0]) == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert np.exp(model.log_probs(stream)) == pytest.approx(np.array([3, 2, 3, 2, 3, 1]) / 6)


def test_unigram_takes_unseen_words_for_seen_once() -> None:
    """`<unk>` and z were not seen: a 2, </s> 1, `<unk>` 1, z 1."""
    vocabulary = vocabulary_of(["a", "a", END], UNKNOWN, "z")
    model = Unigram()
    model.fit(stream_of(["a", "a", END], vocabulary), stream_of([], vocabulary), RunLog())
    assert np.exp(model.log_probs(stream_of(["a", "z"], vocabulary))) == pytest.approx([2 / 5, 1 / 5])


def test_a_hand_computed_add_k_bigram_model() -> None:
    """Lines "a b", "a"; V = 3: p(a | <s>) = (2 + ½) / (2 + 3/2), p(b | a) = (1 + ½) / (2 + 3/2),
    p(</s> | b) = (1 + ½) / (1 + 3/2), p(</s> | a) = (1 + ½) / (2 + 3/2)."""
    tokens = with_ends([["a", "b"], ["a"]])
    stream = stream_of(tokens, vocabulary_of(tokens))
    model = AddK(order=2, k=0.5)
    model.fit(stream, stream, RunLog())
    expected = [2.5 / 3.5, 1.5 / 3.5, 1.5 / 2.5, 2.5 / 3.5, 1.5 / 3.5]
    assert np.exp(model.log_probs(stream)) == pytest.approx(expected)


@given(
    lines=small_texts,
    order=st.integers(1, 4),
    k=st.sampled_from([0.01, 0.5, 1.0, 3.0]),
    strange=st.lists(st.sampled_from("abcde"), max_size=6),
)
def test_agrees_with_nltk(lines: Lines, order: int, k: float, strange: list[str]) -> None:
    from nltk.lm import Lidstone
    from nltk.lm import Vocabulary as NltkVocabulary
    from nltk.util import everygrams

    words = {word for line in lines for word in line} | {END}
    theirs = Lidstone(k, order, vocabulary=NltkVocabulary(words, unk_label=UNKNOWN))
    padded = [["<s>"] * (order - 1) + [*line, END] for line in lines]
    theirs.fit([list(everygrams(line, max_len=order)) for line in padded])

    stream = stream_of(with_ends(lines))  # our `<unk>`, never seen, is nltk's
    ours = AddK(order=order, k=k)
    ours.fit(stream, stream, RunLog())
    histories = [line[:i] for line in [*lines[:4], strange] for i in range(len(line) + 1)]
    histories = [history for history in histories if words.issuperset(history)]  # nltk takes <s> for `<unk>`
    rows = np.exp(ours.next_log_probs([stream.vocabulary.encode(history) for history in histories]))
    for row, history in zip(rows, histories, strict=True):
        context = (["<s>"] * (order - 1) + history)[len(history) :]
        expected = [theirs.score(word, context) for word in stream.vocabulary.tokens]
        assert row == pytest.approx(expected, rel=1e-5)
        assert row.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        Uniform,
        Unigram,
        *(
            lambda order=order, context=context: AddK(order=order, k=0.1, context=context)
            for order in (1, 2, 4)
            for context in ("sentence", "stream")
        ),
    ],
)
def test_keeps_the_contract(build: type[Unigram]) -> None:
    assert [finding for finding in check_model(build) if finding.problem] == []
