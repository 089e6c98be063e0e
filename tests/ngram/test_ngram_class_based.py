"""Class-based n-grams against plain Python, and the classes they keep."""

from __future__ import annotations

from collections import Counter
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

from baselines.ngram.estimation.discounts import FALLBACK, closed_form, counts_of_counts
from baselines.ngram.factored.class_based import ClassBased, Form, read_classes, write_classes
from benchmark.check import check_model
from benchmark.contract import RunLog, TokenStream
from benchmark.corpus import END, UNKNOWN
from benchmark.errors import UserError

FORMS: tuple[Form, ...] = ("ibm", "fullibm", "predict", "fullibmpredict")


def fitted(stream: TokenStream, valid: TokenStream | None = None, **settings: object) -> ClassBased:
    model = ClassBased(**settings)  # type: ignore[arg-type]
    model.fit(stream, valid or stream, RunLog())
    return model


@given(lines=small_texts, order=st.integers(1, 4), classes=st.integers(3, 5))
def test_the_classic_form_agrees_with_the_formulas(lines: Lines, order: int, classes: int) -> None:
    """p(c | classes before) is Kneser-Ney on the text of classes; p(w | c) a discounted frequency."""
    tokens = with_ends(lines)
    stream = stream_of(tokens)
    model = fitted(stream, order=order, classes=classes, form="ibm")
    class_of = {word: str(model.class_of[i]) for word, i in stream.vocabulary.ids.items()}
    of_classes = ReferenceKneserNey(
        [[class_of[word] for word in [*line, END]] for line in lines], sorted(set(class_of.values())), order
    )
    counts, members = Counter(tokens), Counter(class_of.values())
    totals = Counter(class_of[word] for word in tokens)
    seen = counts_of_counts(np.array([*counts.values()]))
    discounts = [0, *(closed_form(*seen) or FALLBACK)]

    def share(word: str) -> float:
        group = class_of[word]
        if not totals[group]:
            return 1 / members[group]
        freed = sum(discounts[min(counts[w], 3)] for w in class_of if class_of[w] == group)
        own = counts[word] - discounts[min(counts[word], 3)]
        return (own + freed / members[group]) / totals[group]

    expected = []
    for line in lines:
        history = ["<s>"]
        for word in [*line, END]:
            expected.append(of_classes.probability(class_of[word], history) * share(word))
            history.append(class_of[word])
    assert np.exp(model.log_probs(stream)) == pytest.approx(expected, rel=2e-5)


@given(
    lines=small_texts,
    order=st.integers(1, 3),
    skips=st.integers(0, 1),
    form=st.sampled_from(FORMS),
    seed=st.integers(0, 99),
)
def test_sums_to_one(lines: Lines, order: int, skips: int, form: Form, seed: int) -> None:
    stream = stream_of(with_ends(lines))
    model = fitted(stream, order=order, skips=skips, classes=3, form=form)
    random = np.random.default_rng(seed)
    contexts = [random.integers(0, len(stream.vocabulary), length) for length in range(6)]
    assert np.exp(model.next_log_probs(contexts)).sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_keeps_the_contract(form: Form) -> None:
    findings = check_model(lambda: ClassBased(order=2, classes=8, form=form, context="stream"))
    assert [finding for finding in findings if finding.problem] == []


def test_ends_and_unknown_words_have_classes_of_their_own(tmp_path: Path) -> None:
    """The file of classes says so: a class, then its words from the most frequent on."""
    lines = [["the", "cat", UNKNOWN], ["the", "dog", UNKNOWN], ["a", "cat"], ["a", "dog"], ["the", "cat"]]
    model = fitted(stream_of(with_ends(lines)), order=2, classes=4)
    model.save(tmp_path)
    rows = [line.split("\t") for line in (tmp_path / "classes.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    assert sorted(row[1:] for row in rows) == [[END], [UNKNOWN], ["cat", "dog"], ["the", "a"]]


def test_classes_of_odd_words_are_read_back(tmp_path: Path) -> None:
    vocabulary = vocabulary_of(["\t", "\n", "\\n", "\\", "\r", "\u2028", "", "ä"])
    class_of = np.array([0, 1, 1, 0, 2, 2, 2, 0])
    write_classes(tmp_path / "classes.tsv", class_of, vocabulary)
    assert read_classes(tmp_path / "classes.tsv", vocabulary).tolist() == class_of.tolist()


def test_classes_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "classes.tsv", np.array([0, 1]), vocabulary_of(["a", "b"]))
    with pytest.raises(UserError, match=r"classes\.tsv: no class for 'c'"):
        read_classes(tmp_path / "classes.tsv", vocabulary_of(["a", "b", "c"]))


def test_sweeps_are_logged_as_progress() -> None:
    stream, notes = stream_of(with_ends([["a", "b", "c", "d"], ["b", "a", "d", "c"]] * 3)), Notes()
    ClassBased(order=2, classes=4, sweeps=2).fit(stream, stream, notes)
    assert notes.messages[0].startswith("sweep 1: ")
    assert notes.done[-1] == (len(stream), len(stream))
    assert notes.done == sorted(notes.done)
    assert {total for _, total in notes.done} == {len(stream)}


@pytest.mark.slow
def test_penn_treebank_perplexity() -> None:
    """As measured with few classes and one sweep; modified Kneser-Ney alone has 148.28."""
    splits = penn_treebank()
    model = fitted(splits["train"], splits["valid"], order=3, classes=30, sweeps=1)
    assert perplexity(model.log_probs(splits["test"])) < 139
