"""Modified Kneser-Ney against a hand-computed table, a plain-Python reference and published figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import (
    Lines,
    Notes,
    ReferenceKneserNey,
    penn_treebank,
    perplexity,
    small_texts,
    stream_of,
    vocabulary_of,
    with_ends,
)

from baselines.ngram.estimation.discounts import closed_form
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check import check_model
from benchmark.contract import RunLog, TokenStream
from benchmark.corpus import END, UNKNOWN


def fitted(stream: TokenStream, **settings: object) -> KneserNey:
    model = KneserNey(**settings)  # type: ignore[arg-type]
    model.fit(stream, stream, RunLog())
    return model


def test_a_hand_computed_bigram_model() -> None:
    """Lines "a b" and "a c"; words a, b, c, </s>, so V = 4; discounts 0.5, 1, 1.5 as n₃ = 0 in both orders.

    Bigrams: <s> a 2, a b 1, a c 1, b </s> 1, c </s> 1. Distinct left words: a 1, b 1, c 1, </s> 2, sum 5.
    γ() = (3 · 0.5 + 1 · 1) / 5 = 0.5
    p(a) = p(b) = p(c) = (1 − 0.5) / 5 + 0.5 / 4 = 0.225;  p(</s>) = (2 − 1) / 5 + 0.5 / 4 = 0.325
    γ(<s>) = 1 / 2:            p(a | <s>) = (2 − 1) / 2 + 0.5 · 0.225 = 0.6125;  p(b | <s>) = 0.1125
    γ(a) = (0.5 + 0.5) / 2:    p(b | a) = (1 − 0.5) / 2 + 0.5 · 0.225 = 0.3625;  p(</s> | a) = 0.1625
    """
    tokens = with_ends([["a", "b"], ["a", "c"]])
    stream = stream_of(tokens, vocabulary_of(tokens))
    model = fitted(stream, order=2)
    after_start, after_a = np.exp(model.next_log_probs([[], stream.vocabulary.encode(["a"])]))
    ids = stream.vocabulary.ids
    assert after_start[[ids["a"], ids["b"], ids["c"], ids[END]]] == pytest.approx(
        [0.6125, 0.1125, 0.1125, 0.1625]
    )
    assert after_a[[ids["a"], ids["b"], ids["c"], ids[END]]] == pytest.approx(
        [0.1125, 0.3625, 0.3625, 0.1625]
    )
    assert np.exp(model.log_probs(stream)) == pytest.approx(
        [0.6125, 0.3625, 0.5 * 1 + 0.5 * 0.325, 0.6125, 0.3625, 0.5 * 1 + 0.5 * 0.325]
    )


def test_closed_form_discounts() -> None:
    """Y = 10 / (10 + 2 · 5) = 1/2; D₁ = 1 − 2 Y 5/10, D₂ = 2 − 3 Y 2/5, D₃₊ = 3 − 4 Y 1/2."""
    assert closed_form(10, 5, 2, 1) == pytest.approx((0.5, 1.4, 2.0))


@pytest.mark.parametrize("seen", [(0, 5, 2, 1), (10, 0, 2, 1), (10, 5, 0, 1), (1, 1, 9, 1), (1, 1, 2, 0)])
def test_no_discounts_where_the_closed_form_is_impossible(seen: tuple[int, int, int, int]) -> None:
    assert closed_form(*seen) is None


def test_fixed_discounts_are_said_and_kept() -> None:
    stream, notes = stream_of(with_ends([["a", "b"], ["a", "c"]])), Notes()
    model = KneserNey(order=2)
    model.fit(stream, stream, notes)
    assert model.fallback_orders == [1, 2]
    assert model.discounts == [[0.5, 1.0, 1.5]] * 2
    assert [message.split(":")[0] for message in notes.messages] == ["order 1", "order 2"]


@given(
    lines=small_texts, order=st.integers(1, 6), strange=st.lists(st.sampled_from([*"abcde", UNKNOWN, END]))
)
def test_agrees_with_the_formulas(lines: Lines, order: int, strange: list[str]) -> None:
    tokens = with_ends(lines)
    stream = stream_of(tokens)
    vocabulary = stream.vocabulary
    model = fitted(stream, order=order)
    reference = ReferenceKneserNey([[*line, END] for line in lines], vocabulary.tokens, order)
    for n, discounts in enumerate(model.discounts):
        assert discounts == pytest.approx(reference.discounts[n][1:])

    texts = [tokens[:12], [word for word in strange if word in vocabulary.ids]]
    contexts = [text[:i] for text in texts for i in range(len(text) + 1)]
    expected = []
    for context in contexts:
        sentence = context[len(context) - context[::-1].index(END) :] if END in context else context
        expected.append([reference.probability(w, ["<s>", *sentence]) for w in vocabulary.tokens])
    rows = np.exp(model.next_log_probs([vocabulary.encode(context) for context in contexts]))
    assert rows == pytest.approx(np.array(expected), rel=2e-5)
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)


@given(tokens=st.lists(st.sampled_from("abc"), min_size=1, max_size=40), order=st.integers(1, 5))
def test_text_without_line_ends_agrees_with_the_formulas(tokens: list[str], order: int) -> None:
    """No `</s>`: one unbroken history; the first token of a text has none."""
    stream = stream_of(tokens)
    model = fitted(stream, order=order)
    reference = ReferenceKneserNey([tokens], stream.vocabulary.tokens, order)
    expected = [reference.probability(word, tokens[:i]) for i, word in enumerate(tokens)]
    assert np.exp(model.log_probs(stream)) == pytest.approx(expected, rel=2e-5)


@given(lines=small_texts, order=st.integers(1, 5))
def test_stream_context_agrees_with_the_formulas(lines: Lines, order: int) -> None:
    """History carries across `</s>`; a text begins as if after one."""
    tokens = with_ends(lines)
    stream = stream_of(tokens)
    model = fitted(stream, order=order, context="stream")
    reference = ReferenceKneserNey([tokens], stream.vocabulary.tokens, order)
    expected = [reference.probability(word, [END, *tokens[:i]]) for i, word in enumerate(tokens)]
    assert np.exp(model.log_probs(stream)) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(("order", "published"), [(3, 148.28), (5, 141.19)])
def test_penn_treebank_perplexity(order: int, published: float) -> None:
    """lmplz on the same text; Mikolov's thesis (2012) has 148.3 (KN3) and 141.2 (KN5)."""
    splits = penn_treebank()
    model = fitted(splits["train"], order=order)
    assert model.fallback_orders == []
    assert perplexity(model.log_probs(splits["test"])) == pytest.approx(published, abs=0.02)


@pytest.mark.parametrize("order", [1, 3, 10])
@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_keeps_the_contract(order: int, context: str) -> None:
    findings = check_model(lambda: KneserNey(order=order, context=context))  # type: ignore[arg-type]
    assert [finding for finding in findings if finding.problem] == []


def test_progress_ends_with_every_token_done() -> None:
    stream, notes = stream_of(with_ends([["a", "b"], ["a", "c"]])), Notes()
    KneserNey(order=3).fit(stream, stream, notes)
    assert {total for _, total in notes.done} == {6}
    done = [done for done, _ in notes.done]
    assert done == sorted(done)
    assert done[-1] == 6


def test_size_counts_stored_ngrams() -> None:
    """Words a, b, c, </s>, <unk>; bigrams <s> a, a b, a c, b </s>, c </s>; trigrams <s> a b, <s> a c,
    a b </s>, a c </s>. In bytes: 4 a probability, 4 a weight below order 3; beyond order 1, 2 a word; where
    the continuations of each of 6 words and 5 bigrams begin and end, 4 each, and 1 each and 4 a block."""
    size = fitted(stream_of(with_ends([["a", "b"], ["a", "c"]])), order=3).size()
    assert size.entries == 5 + 5 + 4
    assert size.bytes_in_memory == 4 * (5 + 5 + 4) + 4 * (6 + 5) + 2 * (5 + 4) + 4 * 7 + (5 + 4)


def test_what_was_learned_is_saved_beside_the_table(tmp_path: Path) -> None:
    stream = stream_of(with_ends([["a", "b"], ["a", "c"]]))
    model = fitted(stream, order=3, context="stream")
    model.save(tmp_path)
    loaded = KneserNey.load(tmp_path, stream.vocabulary)
    assert (loaded.order, loaded.context) == (3, "stream")
    assert (loaded.discounts, loaded.fallback_orders) == (model.discounts, model.fallback_orders)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy", ".json"}
