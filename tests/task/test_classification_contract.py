"""Every classifier: the rules of the contract, odd items, saved models and damaged ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from classification_cases import TRAIN, VALID, fitted, item

from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.unigram import Unigram
from baselines.tasks.classification.encoder_classifier import EncoderClassifier
from baselines.tasks.classification.generative import GenerativeClassifier
from baselines.tasks.classification.naive_bayes import NaiveBayes
from baselines.tasks.classification.nb_svm import NbSvm
from baselines.tasks.training import Recipe
from benchmark.errors import UserError
from benchmark.task.check import check_task_model
from benchmark.task.contract import Classifier, Input, inputs_of

SMALL = {"embedding_size": 4, "hidden_size": 4, "device": "cpu", "training": Recipe(epochs=2)}

MODELS: dict[str, Callable[[], Classifier]] = {
    "naive Bayes": NaiveBayes,
    "naive Bayes, Bernoulli": lambda: NaiveBayes(events="bernoulli", order=1),
    "NB-SVM": NbSvm,
    "NB-SVM, logistic": lambda: NbSvm(loss="logistic", order=1),
    "Kneser-Ney a class": lambda: GenerativeClassifier(component=KneserNey(order=2)),
    "unigrams a class": lambda: GenerativeClassifier(component=Unigram(), min_count=2),
    "LSTM": lambda: EncoderClassifier(**SMALL),  # type: ignore[arg-type]
    "GRU, attention": lambda: EncoderClassifier(cell="gru", pooling="attention", **SMALL),  # type: ignore[arg-type]
    "Elman, predicting first": lambda: EncoderClassifier(
        cell="elman",
        pooling="final",
        layers=2,
        language_model_epochs=1,
        **SMALL,  # type: ignore[arg-type]
    ),
}

every_model = pytest.mark.parametrize("build", MODELS.values(), ids=MODELS.keys())


@every_model
def test_it_keeps_the_contract(build: Callable[[], Classifier]) -> None:
    findings = check_task_model(build, "classification", None)
    problems = [str(finding.problem) for finding in findings if finding.problem]
    assert len(findings) > 5
    assert not problems


@every_model
def test_odd_items_are_learnt_from_and_answered(build: Callable[[], Classifier]) -> None:
    """Empty texts, a class that validation lacks, one that training lacks, `</s>` as a word."""
    train = [*TRAIN, item("rare", ""), item("for", "</s> <unk>")]
    valid = [*VALID, item("new", "good"), item("for", "")]
    model = fitted(build(), train, valid)
    assert model.classes == ("against", "for", "rare")
    p = np.exp(model.log_probs([Input(()), Input(("</s>", "?")), Input(("<unk>",) * 600)]))
    assert p.sum(axis=1) == pytest.approx(np.ones(3))
    assert model.log_probs([]).shape == (0, 3)


@every_model
def test_one_class_is_certain(build: Callable[[], Classifier]) -> None:
    train = [each for each in TRAIN if each.target == ("for",)]
    model = fitted(build(), train, VALID)
    assert np.exp(model.log_probs(inputs_of(VALID))) == pytest.approx(np.ones((len(VALID), 1)))


@every_model
def test_a_text_without_a_word_in_training_is_no_obstacle(build: Callable[[], Classifier]) -> None:
    train = [item("x", ""), item("y", ""), item("x", "")]
    model = fitted(build(), train, [item("x", "a"), item("y", "")])
    assert np.isfinite(model.log_probs([Input(()), Input(("a",))])).all()


@every_model
def test_a_damaged_file_is_one_clear_error(build: Callable[[], Classifier], tmp_path: Path) -> None:
    """Each file in turn is cut off in the middle, then missing."""
    model = fitted(build())
    model.save(tmp_path)
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for damage in (lambda p, c: p.write_bytes(c[: len(c) // 2]), lambda p, _: p.unlink()):
            damage(path, content)
            place = path if path.parent == tmp_path else path.parent
            with pytest.raises(UserError, match=re.escape(str(place))) as caught:
                type(model).load(tmp_path)
            assert "\n" not in str(caught.value)
        path.write_bytes(content)
    type(model).load(tmp_path)


@every_model
def test_a_saved_model_of_another_make_is_one_clear_error(
    build: Callable[[], Classifier], tmp_path: Path
) -> None:
    model = fitted(build())
    model.save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(path.read_text(encoding="utf-8").replace("for", "or"), encoding="utf-8")
    again = type(model).load(tmp_path)
    assert again.classes == ("against", "or")
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match=r"model\.json"):
        type(model).load(tmp_path)


@every_model
def test_validation_items_that_are_all_right_make_nothing_certain(build: Callable[[], Classifier]) -> None:
    """A wrong answer to a test item would cost far more than all right ones bring."""
    train = [item(label, label) for label in ("x", "y")] * 8
    model = fitted(build(), train, train[:2])
    assert np.exp(model.log_probs([Input(("x",)), Input(("y",))])).max() < 0.99
