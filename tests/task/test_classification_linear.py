"""NB-SVM: its objective, its minimiser, its log-count ratios and its probabilities."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from classification_cases import TRAIN, VALID, accuracy, corpus, fitted, item, labelled, needs_mirror
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st

from baselines.tasks.classification.features import Ngrams, Rows
from baselines.tasks.classification.linear import Loss, objective, trained
from baselines.tasks.classification.minimise import minimised
from baselines.tasks.classification.nb_svm import NbSvm
from benchmark.errors import UserError
from benchmark.task.contract import Input, Items, inputs_of

LOSSES: list[Loss] = ["squared_hinge", "logistic"]


def problem(seed: int) -> tuple[Rows, np.ndarray, np.ndarray]:
    """Random texts with random signs and scales of their words."""
    draw = np.random.default_rng(seed)
    texts = [Input(tuple(draw.choice(list("abcdefgh"), size=draw.integers(0, 9)))) for _ in range(15)]
    rows = Ngrams.of(texts, 2).rows(texts)
    return rows, draw.normal(size=rows.features), draw.choice([-1.0, 1.0], size=len(texts))


@given(seed=st.integers(0, 999))
def test_sparse_products_are_those_of_the_dense_matrix(seed: int) -> None:
    rows, scales, signs = problem(seed)
    dense = np.zeros((rows.texts, rows.features))
    dense[rows.rows, rows.columns] = rows.counts
    assert rows.dot(scales) == pytest.approx(dense @ scales)
    assert rows.transposed_dot(signs) == pytest.approx(dense.T @ signs)
    groups = (signs > 0).astype(int)
    assert pytest.approx(np.stack([(1 - groups) @ dense, groups @ dense])) == rows.sums(groups, 2).T


def test_ngrams_are_counted_with_an_edge_on_either_side() -> None:
    """`a b` has a, b, and with the edge ⟨: ⟨a, ab, b⟨. Of `b a c` it knows b and a, and c is new."""
    features = Ngrams.of([Input(("a", "b"))], 2)
    assert len(features) == 5
    rows = features.rows([Input(("a", "b")), Input(("b", "a", "c")), Input(())])
    assert np.bincount(rows.rows, rows.counts, minlength=3).tolist() == [5, 2, 0]


@pytest.mark.parametrize("loss", LOSSES)
@given(seed=st.integers(0, 999))
def test_the_gradient_is_that_of_torch(loss: Loss, seed: int) -> None:
    rows, scales, signs = problem(seed)
    point = np.random.default_rng(seed + 1).normal(size=rows.features + 1)
    value, gradient = objective(rows, scales, signs, 0.7, loss, point)
    weights = torch.tensor(point, requires_grad=True)
    dense = torch.zeros((rows.texts, rows.features), dtype=torch.float64)
    dense[rows.rows, rows.columns] = torch.from_numpy(rows.counts)
    margins = torch.from_numpy(signs) * (dense @ (weights[:-1] * torch.from_numpy(scales)) + weights[-1])
    losses = (
        (1 - margins).clamp(min=0) ** 2 if loss == "squared_hinge" else torch.nn.functional.softplus(-margins)
    )
    expected = (weights[:-1] ** 2).sum() / 2 + 0.7 * losses.sum()
    expected.backward()
    assert value == pytest.approx(expected.item())
    assert weights.grad is not None
    assert gradient == pytest.approx(weights.grad.numpy())


@pytest.mark.parametrize("loss", LOSSES)
@few
@given(seed=st.integers(0, 99), cost=st.sampled_from([0.01, 1.0, 30.0]))
def test_no_point_near_the_trained_weights_is_better(loss: Loss, seed: int, cost: float) -> None:
    rows, scales, signs = problem(seed)
    found = trained(rows, scales, signs, cost, loss)
    least, gradient = objective(rows, scales, signs, cost, loss, found)
    at_zero = objective(rows, scales, signs, cost, loss, np.zeros_like(found))[1]
    assert np.linalg.norm(gradient) <= 2e-4 * np.linalg.norm(at_zero)
    for step in np.random.default_rng(seed).normal(scale=0.1, size=(5, len(found))):
        assert least <= objective(rows, scales, signs, cost, loss, found + step)[0] + 1e-6


def test_a_quadratic_function_is_minimised_where_its_gradient_is_zero() -> None:
    draw = np.random.default_rng(1)
    root, target = draw.normal(size=(30, 30)), draw.normal(size=30)
    matrix = root @ root.T + np.eye(30)
    found = minimised(lambda x: (x @ matrix @ x / 2 - target @ x, matrix @ x - target), np.zeros(30), 1e-9)
    assert found == pytest.approx(np.linalg.solve(matrix, target), abs=1e-6)


def test_without_trained_weights_it_decides_as_naive_bayes_ratios_do() -> None:
    """β = 0 leaves Σ r(w), scaled, and the bias; r is the log of the ratio of the words' shares."""
    train = [item("x", "a b"), item("y", "b c"), item("y", "c")]
    model = fitted(NbSvm(order=1, interpolation=0.0, cost=1.0), train, train)
    p, q = {"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 2, "c": 1}  # of y and of x, each with 1 added
    ratio = {w: np.log(p[w] / sum(p.values())) - np.log(q[w] / sum(q.values())) for w in "abc"}
    odds = np.diff(model.log_probs([Input((w,)) for w in "abc"]))[:, 0]
    differences = [odds[i] - odds[j] for i, j in itertools.combinations(range(3), 2)]
    expected = [ratio[a] - ratio[b] for a, b in itertools.combinations("abc", 2)]
    factor = differences[1] / expected[1]
    assert factor > 0
    assert differences == pytest.approx([factor * each for each in expected])


@pytest.mark.parametrize("loss", LOSSES)
@few
@given(train=labelled, valid=labelled)
def test_whatever_the_texts_probabilities_sum_to_one(loss: Loss, train: Items, valid: Items) -> None:
    known = {each.target for each in train}
    model = NbSvm(loss=loss)
    if not any(each.target in known for each in valid):
        with pytest.raises(UserError, match="no validation item"):
            fitted(model, train, valid)
        return
    fitted(model, train, valid)
    p = np.exp(model.log_probs([*inputs_of(valid), Input(()), Input(("?",))]))
    assert p.sum(axis=1) == pytest.approx(np.ones(len(valid) + 2))


def test_three_classes_are_told_apart() -> None:
    train = [item(label, f"{label} of {word}") for label in "xyz" for word in ["one", "two", "three"]]
    model = fitted(NbSvm(), train, train)
    assert accuracy(model, train) == 1
    assert model.size().parameters == 3 * (len(model._features) + 1)  # type: ignore[attr-defined]


def test_the_order_of_classes_does_not_matter_to_two() -> None:
    """One classifier serves both; renaming them turns it round."""
    turned = [
        item({"for": "a", "against": "b"}[each.target[0]], " ".join(each.input.tokens)) for each in TRAIN
    ]
    beside = [
        item({"for": "a", "against": "b"}[each.target[0]], " ".join(each.input.tokens)) for each in VALID
    ]
    one = fitted(NbSvm()).log_probs(inputs_of(VALID))
    other = fitted(NbSvm(), turned, beside).log_probs(inputs_of(VALID))
    assert np.exp(one) == pytest.approx(np.exp(other[:, ::-1]), abs=1e-3)


@needs_mirror
@pytest.mark.slow
def test_accuracy_on_sentences_of_reviews(tmp_path: Path) -> None:
    """Wang & Manning 2012 have 79.4% over ten splits, with more training sentences."""
    data = corpus("sentence_polarity", tmp_path)
    assert accuracy(fitted(NbSvm(), data.train, data.valid), data.valid) > 0.755
