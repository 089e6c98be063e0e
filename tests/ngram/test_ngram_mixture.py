"""Mixtures against sums in plain Python, their weights against better ones sought around them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bigram import Bigram
from hypothesis import given
from hypothesis import strategies as st
from named_models import LANGUAGE_MODELS
from ngram_texts import Notes, perplexity, stream_of, with_ends

from baselines.mixture.components import Composite
from baselines.mixture.gated import GatedMixture
from baselines.mixture.linear import LinearMixture
from baselines.mixture.log_linear import LogLinearMixture
from baselines.ngram.adaptive.cache import Cache
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.uniform import Uniform
from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog, Skip, TokenStream
from benchmark.errors import UserError
from benchmark.statistics.mixing import expectation_maximisation, mixed
from benchmark.sweep.compose import collect

TRAIN = stream_of(with_ends([list("abcab"), list("bca"), list("aab"), list("cabc"), list("bb")]))
VALID = stream_of(with_ends([list("abca"), list("ccb"), list("aabb")]), TRAIN.vocabulary)
TEST = stream_of(with_ends([list("bcab"), list("acc"), list("a")]), TRAIN.vocabulary)


class Neural(Bigram):
    family = "neural"


class Score(Bigram):
    normalised = False


class Absent(Bigram):
    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        raise Skip("needs what is not here")


def components() -> dict[str, LanguageModel]:
    return {"bigram": AddK(order=2, k=0.1), "unigram": AddK(order=1, k=1.0), "cache": Cache(order=2)}


def fitted(model: Composite) -> Composite:
    model.fit(TRAIN, VALID, RunLog())
    return model


probabilities = st.lists(st.tuples(*[st.floats(1e-6, 1.0)] * 3), min_size=1, max_size=30).map(
    lambda rows: np.log(np.array(rows)).T
)


@given(log_probs=probabilities, other=st.tuples(*[st.floats(0.01, 1.0)] * 3))
def test_no_weights_are_likelier_than_those_of_em(log_probs: np.ndarray, other: tuple[float, ...]) -> None:
    weights, nats = expectation_maximisation(log_probs, tolerance=1e-9)
    rival = np.array(other) / sum(other)
    assert weights.sum() == pytest.approx(1)
    assert nats == pytest.approx(-mixed(log_probs, weights).mean(), abs=1e-4)
    assert nats <= -np.mean(np.log(rival @ np.exp(log_probs))) + 1e-4


def test_every_em_iteration_gains() -> None:
    log_probs = np.log(np.random.default_rng(5).uniform(0.01, 1, (4, 200)))
    reached = [expectation_maximisation(log_probs, tolerance)[1] for tolerance in (1.0, 1e-2, 1e-4, 1e-6)]
    assert reached == sorted(reached, reverse=True)
    assert reached[0] > reached[-1]


def test_zero_probabilities_leave_the_weights_finite() -> None:
    log_probs = np.array([[-np.inf, -1.0, -np.inf], [-2.0, -np.inf, -np.inf]])
    weights, nats = expectation_maximisation(log_probs)
    assert weights == pytest.approx([0.5, 0.5])
    assert np.isfinite(nats)
    assert mixed(log_probs, weights)[2] == -np.inf


def test_a_linear_mixture_is_the_weighted_sum() -> None:
    model = fitted(LinearMixture(components=components()))
    assert isinstance(model, LinearMixture)
    parts = {name: np.exp(part.log_probs(TEST)) for name, part in model.components.items()}
    expected = sum(model.weights[name] * part for name, part in parts.items())
    assert np.exp(model.log_probs(TEST)) == pytest.approx(expected, rel=1e-5)
    assert sum(model.weights.values()) == pytest.approx(1)


def test_a_log_linear_mixture_is_the_normalised_product() -> None:
    model = fitted(LogLinearMixture(components=components(), fit_targets=10_000))
    assert isinstance(model, LogLinearMixture)
    ids = TEST.ids.astype(np.int64)
    for place in range(len(ids)):
        rows = [(w, model.components[n].next_log_probs([ids[:place]])[0]) for n, w in model.weights.items()]
        product = np.prod([np.exp(row.astype(np.float64)) ** weight for weight, row in rows], axis=0)
        assert np.exp(model.log_probs(TEST)[place]) == pytest.approx(
            product[ids[place]] / product.sum(), rel=1e-4
        )


def test_no_log_linear_weights_nearby_are_likelier() -> None:
    model = fitted(LogLinearMixture(components=components(), fit_targets=10_000))
    assert isinstance(model, LogLinearMixture)
    best, weights = model.log_probs(VALID).mean(dtype=np.float64), dict(model.weights)
    for name in weights:
        for change in (-0.05, 0.05):
            model.weights = {**weights, name: weights[name] + change}
            assert model.log_probs(VALID).mean(dtype=np.float64) < best + 1e-5


def test_the_validation_text_is_scored_once_in_a_fit_and_the_score_after_it(monkeypatch) -> None:
    """Both need the same scores, which can take as long as the fit."""
    scored: list[TokenStream] = []
    own = AddK.log_probs
    monkeypatch.setattr(AddK, "log_probs", lambda model, text: (scored.append(text), own(model, text))[1])
    gated = fitted(GatedMixture(components={"bigram": AddK(order=2, k=0.1), "cache": Cache(order=2)}))
    first = gated.log_probs(VALID)
    assert [text is VALID for text in scored] == [True]
    np.testing.assert_array_equal(gated.log_probs(VALID), first)
    assert len(scored) == 2


def test_weights_by_history_are_likelier_than_constant_ones() -> None:
    constant = fitted(LinearMixture(components=components()))
    gated = fitted(GatedMixture(components=components()))
    assert perplexity(gated.log_probs(VALID)) < perplexity(constant.log_probs(VALID))


def test_a_gated_mixture_scores_each_line_by_itself() -> None:
    """Its cache and what the gate knows of recent success begin anew with each line."""
    gated = fitted(GatedMixture(components=components()))
    alone = np.concatenate([gated.log_probs(line) for line in TEST.each_line()])
    assert gated.log_probs_by_line(TEST) == pytest.approx(alone, abs=1e-5)
    assert np.abs(gated.log_probs(TEST) - alone).max() > 0.1


def test_a_mixture_of_counted_models_is_counted_and_of_both_a_mixture() -> None:
    assert LinearMixture(components=components()).family == "count"
    assert LinearMixture(components={"a": Neural()}).family == "neural"
    assert LinearMixture(components={"a": Neural(), "b": Uniform()}).family == "mixture"


def test_history_crosses_lines_if_it_does_for_any_component() -> None:
    assert LinearMixture(components={"a": AddK()}).context == "sentence"
    assert LinearMixture(components={"a": AddK(), "b": Cache()}).context == "stream"


def test_sizes_are_added_up() -> None:
    model = fitted(LinearMixture(components=components()))
    sizes = [part.size() for part in model.components.values()]
    assert model.size().entries == sum(size.entries or 0 for size in sizes)
    assert model.size().bytes_in_memory == sum(size.bytes_in_memory for size in sizes)


def test_a_component_that_cannot_run_skips_the_whole() -> None:
    with pytest.raises(Skip, match="needs what is not here"):
        fitted(LinearMixture(components={"a": Uniform(), "b": Absent()}))


@pytest.mark.parametrize(
    ("parts", "says"),
    [({}, "components is empty"), ({"odd": Score()}, r"model\.components\.odd is a score")],
)
def test_a_mixture_that_makes_no_sense_is_refused(parts: dict[str, LanguageModel], says: str) -> None:
    with pytest.raises(UserError, match=says):
        LinearMixture(components=parts)


def test_what_is_learned_is_said_and_saved(tmp_path: Path) -> None:
    model, notes = LinearMixture(components=components()), Notes()
    model.fit(TRAIN, VALID, notes)
    assert any(message.startswith("weight ") and "for cache" in message for message in notes.messages)
    model.save(tmp_path)
    assert LinearMixture.load(tmp_path, TRAIN.vocabulary).weights == model.weights


def test_a_saved_component_of_no_model_class_is_refused(tmp_path: Path) -> None:
    fitted(LinearMixture(components=components())).save(tmp_path)
    saved = json.loads((tmp_path / "composite.json").read_text())
    saved["components"]["cache"] = "pathlib.Path"
    (tmp_path / "composite.json").write_text(json.dumps(saved))
    with pytest.raises(UserError, match=r"pathlib\.Path, and loading it would run code of 'pathlib'"):
        LinearMixture.load(tmp_path, TRAIN.vocabulary)


def test_every_model_can_be_a_component() -> None:
    """Settings refer to each other relatively (`${.order}`), so that a config can stand anywhere."""
    names = LANGUAGE_MODELS
    (job,) = collect(["model=mixture", *(f"+model@model.components.a_{name}={name}" for name in names)])
    components = job.config["model"]["components"]
    assert all(components[f"a_{name}"]["name"] == name for name in names)


def test_components_come_from_the_command_line() -> None:
    arguments = ["model=mixture", "model.components.kneser_ney.order=3", "~model@model.components.cache"]
    (job,) = collect([*arguments, "+model@model.components.plain=add_k"])
    model = build_model(job.config["model"])
    assert isinstance(model, LinearMixture)
    assert set(model.components) == {"plain", "kneser_ney"}
    assert getattr(model.components["kneser_ney"], "order", None) == 3
