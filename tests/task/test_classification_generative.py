"""A language model a class: its scores are those of the language models, by Bayes' rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from classification_cases import (
    TRAIN,
    VALID,
    accuracy,
    corpus,
    fitted,
    item,
    labelled,
    needs_mirror,
    validation_loss,
)
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st

from baselines.neural.architectures.recurrent import Lstm
from baselines.neural.training.recipe import Training
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.tasks.classification.generative import GenerativeClassifier
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError
from benchmark.task.contract import Input, Items, inputs_of


def stream(texts: list[Input], vocabulary: Vocabulary) -> TokenStream:
    """Texts, one a line, by hand."""
    ids = [np.append(vocabulary.encode(text.tokens), vocabulary.end) for text in texts]
    return TokenStream.from_ids(np.concatenate(ids).astype(np.uint32), vocabulary)


@few
@given(
    train=labelled, texts=st.lists(st.lists(st.sampled_from("abcdef"), max_size=5), min_size=1, max_size=4)
)
def test_scores_are_priors_plus_the_log_probs_of_the_classes_models(
    train: Items, texts: list[list[str]]
) -> None:
    asked = [Input(tuple(text)) for text in texts]
    model = fitted(GenerativeClassifier(component=KneserNey(order=3), min_count=1, temperature=2.0), train)
    tokens = sorted({token for each in train for token in each.input.tokens})
    vocabulary = Vocabulary((*tokens, "<unk>", "</s>"), np.ones(len(tokens) + 2, dtype=np.int64))
    scores = []
    for name in model.classes:
        own = [each.input for each in train if each.target == (name,)]
        single = KneserNey(order=3)
        single.fit(stream(own, vocabulary), stream(asked, vocabulary), RunLog())
        of_texts = [single.log_probs(stream([text], vocabulary)).sum(dtype=np.float64) for text in asked]
        scores.append(np.log(len(own) / len(train)) + np.array(of_texts) / 2)
    expected = np.array(scores).T
    expected -= np.logaddexp.reduce(expected, axis=1)[:, None]
    assert model.log_probs(asked) == pytest.approx(expected, abs=1e-4)


def test_a_text_by_hand() -> None:
    """Unigrams with 1 added, `</s>` and `<unk>` among the five words: p(a | x) = (2 + 1) / (2 + 2 + 5)."""
    train = [item("x", "a"), item("x", "a"), item("y", "b"), item("y", "c")]
    model = GenerativeClassifier(component=AddK(order=1, k=1.0), min_count=1, temperature=1.0)
    fitted(model, train)
    p = np.exp(model.log_probs([Input(("a",)), Input(("?",))]))
    of_x, of_y = 3 / 9, 1 / 9  # and `</s>` has 3 / 9 in both
    assert p[0] == pytest.approx([of_x / (of_x + of_y), of_y / (of_x + of_y)], abs=1e-6)
    assert p[1] == pytest.approx([0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize(
    ("component", "losses"),
    [
        (KneserNey(order=2), []),
        (
            Lstm(hidden_size=8, training=Training(epochs=2, batch=2), device="cpu"),
            ["against loss", "for loss"],
        ),
    ],
    ids=["counted", "neural"],
)
def test_progress_is_that_of_all_classes(component: LanguageModel, losses: list[str]) -> None:
    class Progress(RunLog):
        def __init__(self) -> None:
            self.seen: list[tuple[int, int]] = []
            self.names: dict[str, None] = {}

        def progress(self, done: int, total: int, **figures: float) -> None:
            self.seen.append((done, total))
            self.names |= dict.fromkeys(name for name in figures if name.endswith("loss"))

    log = Progress()
    GenerativeClassifier(component=component).fit(TRAIN, VALID, log)
    done, totals = zip(*log.seen, strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == totals[-1]
    assert max(totals) - min(totals) <= 0.2 * totals[-1]  # epochs are of whole batches
    assert list(log.names) == losses


def test_rare_words_are_unknown() -> None:
    model = fitted(GenerativeClassifier(component=KneserNey(order=1), min_count=5))
    rare, never = model.log_probs(
        [Input(("good",)), Input(("never",))]
    )  # `good` stands twice in each of two texts
    assert rare == pytest.approx(never)
    model = fitted(GenerativeClassifier(component=KneserNey(order=1), min_count=4))
    rare, never = model.log_probs([Input(("good",)), Input(("never",))])
    assert rare != pytest.approx(never)


def test_the_temperature_with_the_least_log_loss_is_taken() -> None:
    chosen = GenerativeClassifier(component=KneserNey(order=2))
    fitted(chosen)
    for temperature in (0.1, 0.5, 1.0, 2.0, 10.0, chosen.chosen_temperature * 1.1):
        other = GenerativeClassifier(component=KneserNey(order=2), temperature=temperature)
        fitted(other)
        assert validation_loss(chosen) <= validation_loss(other) + 1e-9


def test_a_network_is_a_component_too(tmp_path: Path) -> None:
    """Its family is that of its component; each class has its own copy; saved, it answers alike."""
    component = Lstm(
        embedding_size=4,
        hidden_size=4,
        layers=1,
        context="sentence",
        device="cpu",
        training=Training(epochs=1),
    )
    model = fitted(GenerativeClassifier(component=component))
    assert model.family == "neural"
    assert model.size().parameters
    model.save(tmp_path)
    again = GenerativeClassifier.load(tmp_path)
    assert again.log_probs(inputs_of(VALID)) == pytest.approx(model.log_probs(inputs_of(VALID)), abs=1e-6)
    assert again.family == "neural"


def test_a_component_without_a_distribution_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.component has no distribution"):
        GenerativeClassifier(component=StupidBackoff())


@needs_mirror
def test_accuracy_on_trec_questions(tmp_path: Path) -> None:
    data = corpus("trec", tmp_path)
    model = fitted(GenerativeClassifier(component=KneserNey(order=2)), data.train, data.valid)
    assert accuracy(model, data.valid) > 0.79
