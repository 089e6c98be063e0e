"""The nltk baselines: the scores are nltk's own, on our vocabulary and histories."""

from __future__ import annotations

import nltk.lm
import numpy as np
import pytest
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, small_texts, stream_of, with_ends
from nltk.util import everygrams

from baselines.ngram.external.nltk_lm import NltkLM, NltkModel, NltkScore
from benchmark.contract import RunLog
from benchmark.errors import Skip, UserError

METHODS: dict[str, dict[str, float]] = {
    "MLE": {},
    "Lidstone": {"gamma": 0.1},
    "Laplace": {},
    "WittenBellInterpolated": {},
    "AbsoluteDiscountingInterpolated": {"discount": 0.75},
    "KneserNeyInterpolated": {"discount": 0.75},
    "StupidBackoff": {"alpha": 0.4},
}
UNNORMALISED = ("MLE", "StupidBackoff")


def model_of(method: str, **settings: object) -> NltkModel:
    kind = NltkScore if method in UNNORMALISED else NltkLM
    return kind(method=method, options=METHODS[method], **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
@few
@given(lines=small_texts, order=st.integers(2, 4), strange=st.lists(st.sampled_from("abcde"), max_size=5))
def test_scores_are_nltks(method: str, lines: Lines, order: int, strange: list[str]) -> None:
    """An nltk model trained here, on lines padded by n − 1 `<s>`, gives every score and every row."""
    stream = stream_of(with_ends(lines))
    words = stream.vocabulary.tokens
    theirs = getattr(nltk.lm, method)(
        order=order, vocabulary=nltk.lm.Vocabulary(words[1:], unk_label=words[0]), **METHODS[method]
    )
    assert len(theirs.vocab) == len(words)
    padded = [["<s>"] * (order - 1) + [*line, "</s>"] for line in lines]
    for text in padded:
        theirs.counts.update([[gram for gram in everygrams(text, max_len=order) if gram[-1] != "<s>"]])

    ours = model_of(method, order=order)
    ours.fit(stream, stream.head(1), RunLog())
    expected = [
        theirs.unmasked_score(text[i], tuple(text[i - order + 1 : i]))
        for text in padded
        for i in range(order - 1, len(text))
    ]
    assert np.exp(ours.log_probs(stream)) == pytest.approx(expected, rel=1e-5)

    strange = [word for word in strange if word in words]
    rows = np.exp(ours.next_log_probs([stream.vocabulary.encode(history) for history in (strange, [])]))
    for row, history in zip(rows, (strange, []), strict=True):
        context = tuple((["<s>"] * (order - 1) + history)[-(order - 1) :])
        assert row == pytest.approx([theirs.unmasked_score(word, context) for word in words], rel=1e-5)
        if method not in UNNORMALISED:
            assert row.sum() == pytest.approx(1, abs=1e-5)


def test_what_is_not_normalised() -> None:
    """After a context never seen MLE gives nothing to any word; stupid backoff's scores sum to 0.4 there."""
    stream = stream_of(with_ends([["a", "b"], ["b", "a"]]))
    sums = {}
    for method in UNNORMALISED:
        model = model_of(method, order=3)
        model.fit(stream, stream, RunLog())
        assert not model.normalised
        sums[method] = np.exp(model.next_log_probs([stream.vocabulary.encode(["a", "a"])])).sum()
    assert sums["MLE"] == 0
    # after a: b and </s> ½ each; the other two are backed off to once more
    assert sums["StupidBackoff"] == pytest.approx(0.4 * (1 + 0.4 * (2 / 6)))


def test_words_never_seen_have_no_probability() -> None:
    stream = stream_of(with_ends([["a"]]))
    model = model_of("WittenBellInterpolated", order=2)
    model.fit(stream, stream, RunLog())
    assert np.isneginf(model.next_log_probs([np.array([], dtype=int)])[0, stream.vocabulary.unknown])


def test_a_method_too_slow_is_skipped_with_its_rate() -> None:
    stream = stream_of(with_ends([["a", "b", "c"]] * 100))
    model = model_of("KneserNeyInterpolated", order=2, time_limit=1e-6)
    with pytest.raises(Skip, match=r"nltk scores .* tokens a second here.*time_limit"):
        model.fit(stream, stream, RunLog())


def test_more_n_grams_than_nltk_holds_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(nltk.lm.counter, "MAX_NGRAMS"):
        pytest.skip("this nltk counts without a limit")
    monkeypatch.setattr("nltk.lm.counter.MAX_NGRAMS", 3)
    stream = stream_of(with_ends([["a", "b", "c"]]))
    with pytest.raises(Skip, match=r"n-?grams"):
        model_of("MLE", order=2).fit(stream, stream, RunLog())


def test_wrong_options_are_named() -> None:
    stream = stream_of(["a"])
    with pytest.raises(UserError, match=r"model\.options=.*gama"):
        NltkLM(method="Lidstone", options={"gama": 1}).fit(stream, stream, RunLog())
    with pytest.raises(UserError, match=r"model\.options=.*between 0 and 1"):
        NltkLM(method="KneserNeyInterpolated", options={"discount": 2}).fit(stream, stream, RunLog())
    with pytest.raises(UserError, match=r"model\.order=1"):
        NltkLM(method="KneserNeyInterpolated", options={}, order=1)
