"""Naive Bayes: probabilities by hand, by brute force and by NLTK; what is chosen on the validation items."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from classification_cases import (
    TRAIN,
    VALID,
    Notes,
    accuracy,
    corpus,
    fitted,
    item,
    labelled,
    needs_mirror,
    validation_loss,
)
from few_examples import few
from hypothesis import assume, given
from hypothesis import strategies as st
from nltk import NaiveBayesClassifier

from baselines.tasks.classification.naive_bayes import NaiveBayes
from benchmark.errors import UserError
from benchmark.task.contract import Input, Items, labels_of


def ngrams(text: Input, order: int) -> Counter[tuple[str, ...]]:
    """The n-grams of a text, counted one by one; longer ones may reach one place beyond either end."""
    tokens = list(text.tokens)
    counts = Counter((token,) for token in tokens)
    for n in range(2, order + 1):
        edged = ["<", *tokens, ">"]
        # both ends are the same edge
        edged = ["|" if token in "<>" else token for token in edged]
        counts.update(tuple(edged[place : place + n]) for place in range(len(edged) - n + 1))
    return counts


def by_hand(
    train: Items, text: Input, events: str, order: int, repeats: bool, k: float, t: float
) -> np.ndarray:
    """ln p of each class, by McCallum & Nigam's formulas, one n-gram after the other."""
    known = sorted({gram for each in train for gram in ngrams(each.input, order)})
    asked = ngrams(text, order)
    scores = []
    for name in labels_of(train):
        own = [ngrams(each.input, order) for each in train if each.target == (name,)]
        score = 0.0
        if events == "multinomial":
            n = {gram: sum(c[gram] if repeats else min(c[gram], 1) for c in own) for gram in known}
            for gram in known:
                times = asked[gram] if repeats else min(asked[gram], 1)
                score += times * math.log((n[gram] + k) / (sum(n.values()) + k * len(known)))
        else:
            for gram in known:
                p = (sum(gram in c for c in own) + k) / (len(own) + 2 * k)
                score += math.log(p if gram in asked else 1 - p)
        scores.append(math.log(len(own) / len(train)) + score / t)
    return np.array(scores) - np.logaddexp.reduce(scores)


@given(
    train=labelled,
    text=st.lists(st.sampled_from("abcdef"), max_size=6).map(" ".join),
    events=st.sampled_from(["multinomial", "bernoulli"]),
    order=st.integers(1, 3),
    repeats=st.booleans(),
    k=st.sampled_from([0.1, 1.0, 3.0]),
    temperature=st.sampled_from([0.5, 1.0, 4.0]),
)
def test_probabilities_are_those_of_the_formulas(
    train: Items, text: str, events: str, order: int, repeats: bool, k: float, temperature: float
) -> None:
    model = NaiveBayes(events=events, order=order, repeats=repeats, k=k, temperature=temperature)  # type: ignore[arg-type]
    fitted(model, train)
    asked = item("?", text).input
    expected = by_hand(train, asked, events, order, repeats, k, temperature)
    assert model.log_probs([asked])[0] == pytest.approx(expected, abs=1e-9)


def test_a_text_by_hand() -> None:
    """Two words for, one against: p(for | good) = ½ · ⅗ / (½ · ⅗ + ½ · ¼) with k = 1 and three words."""
    train = [item("for", "good good"), item("against", "bad so"), item("for", ""), item("against", "")]
    model = fitted(NaiveBayes(order=1, repeats=True, k=1.0, temperature=1.0), train)
    good = 3 / 5  # (2 + 1) / (2 + 3)
    other = 1 / 5  # (0 + 1) / (2 + 3)
    p = np.exp(model.log_probs([Input(("good",)), Input(())]))
    assert p[0] == pytest.approx([other / (good + other), good / (good + other)])
    assert p[1] == pytest.approx([0.5, 0.5])  # a text without words says nothing


@few
@given(train=labelled, text=st.lists(st.sampled_from("abcde"), max_size=6).map(" ".join))
def test_nltk_gives_the_same(train: Items, text: str) -> None:
    """NLTK's features are whether a text has a word; with its estimator of add-½ the two agree."""
    words = sorted({token for each in train for token in each.input.tokens})
    asked = item("?", text).input

    def features(given: Input) -> dict[str, bool]:
        return {word: word in given.tokens for word in words}

    # it takes a feature that is always there, or never, for one with a single value
    assume(all(len({word in each.input.tokens for each in train}) == 2 for word in words))
    theirs = NaiveBayesClassifier.train([(features(each.input), each.target[0]) for each in train])
    model = fitted(NaiveBayes(events="bernoulli", order=1, k=0.5, temperature=1.0), train)
    of_classes = theirs.prob_classify(features(asked))
    # NLTK smooths the prior, too: take its own out and put ours in
    prior = np.log([np.mean([each.target[0] == name for each in train]) for name in model.classes])
    smoothed = np.array([theirs._label_probdist.logprob(name) for name in model.classes]) * math.log(2)
    scores = np.array([of_classes.logprob(name) for name in model.classes]) * math.log(2) - smoothed + prior
    expected = scores - np.logaddexp.reduce(scores)
    assert model.log_probs([asked])[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("events", ["multinomial", "bernoulli"])
def test_no_other_k_and_temperature_are_better_on_validation(events: str) -> None:
    chosen = NaiveBayes(events=events, order=1)  # type: ignore[arg-type]
    fitted(chosen)
    for k in (0.001, 0.1, 1.0, 10.0):
        for temperature in (0.3, 1.0, 3.0, 100.0):
            other = NaiveBayes(events=events, order=1, k=k, temperature=temperature)  # type: ignore[arg-type]
            fitted(other)
            assert validation_loss(chosen) <= validation_loss(other) + 1e-9
    assert fitted(NaiveBayes(order=1, k=0.5)).chosen_k == 0.5  # type: ignore[attr-defined]


def test_what_is_chosen_is_said() -> None:
    notes, model = Notes(), NaiveBayes()
    model.fit(TRAIN, VALID, notes)
    assert any(
        f"k = {model.chosen_k:.4g}, T = {model.chosen_temperature:.4g}" in line for line in notes.lines
    )


def test_validation_items_without_a_known_class_choose_nothing() -> None:
    strange = [item("neither", "good")]
    with pytest.raises(UserError, match="no validation item has a class of the training items"):
        fitted(NaiveBayes(), TRAIN, strange)
    settled = fitted(NaiveBayes(k=1.0, temperature=1.0), TRAIN, strange)
    assert accuracy(settled, TRAIN) == 1


@needs_mirror
def test_accuracy_on_sentences_of_reviews(tmp_path: Path) -> None:
    """Between the chance of a half and the 79.4% of Wang & Manning's NB-SVM lie about three quarters."""
    data = corpus("sentence_polarity", tmp_path)
    assert accuracy(fitted(NaiveBayes(order=1), data.train, data.valid), data.valid) > 0.74
