"""The training loop: what it spends, what it keeps, what it says, and how it ends."""

import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from neural_cases import CLASSES, QUICK, fitted, small, stream, vocabulary
from pydantic import TypeAdapter, ValidationError

from baselines.neural.training import loop
from baselines.neural.training.monitor import Monitor
from baselines.neural.training.recipe import Training
from benchmark.contract import Diverged, RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError


class Notes(RunLog):
    """Remembers all that is said."""

    def __init__(self):
        self.steps, self.rows, self.lines, self.evaluations = [], [], [], 0
        self.evaluating = False

    def info(self, message):
        self.lines.append(message)

    def progress(self, done, total, **figures):
        assert not self.evaluating
        self.steps.append((done, total, figures))

    def curve(self, **row):
        self.rows.append(row)

    @contextmanager
    def evaluation(self):
        self.evaluations += 1
        self.evaluating = True
        yield
        self.evaluating = False

    @property
    def validations(self):
        return [row for row in self.rows if "valid_perplexity" in row]


def fit(model, train=None, valid=None):
    notes = Notes()
    train = stream(300) if train is None else train
    model.fit(train, stream(60, seed=1) if valid is None else valid, notes)
    return notes


def perplexity(model, valid):
    return float(np.exp(-model.log_probs(valid).mean(dtype=np.float64)))


def trained(name="rnn", **recipe):
    model = small(name, training=replace(QUICK, **recipe))
    return model, fit(model)


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("name", CLASSES)
def test_a_repeating_text_is_learnt_by_heart(name, context):
    text = np.tile([0, 1, 2, 3, 3, 1, 4, 2], 24).astype(np.uint16)  # 2 is </s>
    words = TokenStream.from_ids(text, vocabulary())
    slow = name == "transformer"
    recipe = Training(
        epochs=None,
        tokens=4000 if slow else 1800,
        batch=2,
        unroll=8,
        optimiser="adam",
        learning_rate=0.02 if slow else 0.03,
        clip=1.0,
        init_range=0.5,
    )
    model = small(name, context=context, training=recipe, embedding_size=16, hidden_size=16)
    model.fit(words, words, RunLog())
    losses = -model.log_probs(words)
    # Sentences begin in two ways, equally often: who forgets the last one pays ln 2 for the first word.
    certain = np.ones(len(text), bool)
    if context == "sentence":
        certain[(np.arange(len(text)) % 8 == 0) | (np.arange(len(text)) % 8 == 3)] = False
    assert losses[certain][8:].mean() < 0.05
    if context == "sentence":
        assert losses[~certain].mean() == pytest.approx(np.log(2), abs=0.1)


def test_every_training_token_is_spent_once_an_epoch():
    for context in ("stream", "sentence"):
        model = small("rnn", context=context, training=replace(QUICK, epochs=2))
        notes = fit(model, stream(307))
        assert notes.steps[-1][:2] == (614, 614)
        assert [row["tokens"] for row in notes.validations] == [307, 614]


def test_the_budget_is_what_comes_first_of_epochs_and_tokens():
    batch = QUICK.batch * QUICK.unroll
    for recipe, spent in (
        ({"epochs": 1.5}, 450),
        ({"epochs": None, "tokens": 100}, 100),
        ({"epochs": 9, "tokens": 700}, 700),
        ({"epochs": 0.1, "tokens": 700}, 30),
    ):
        done = trained(**recipe)[1].steps[-1][0]
        assert spent <= done < spent + batch
    with pytest.raises(UserError, match=r"training\.epochs, tokens, steps and seconds are all null"):
        trained(epochs=None)


def test_steps_and_seconds_end_the_training_and_its_schedule():
    _, notes = trained(epochs=None, steps=11, schedule="linear", learning_rate=2.2)
    assert len(notes.validations) == 1
    assert notes.validations[0]["tokens"] == pytest.approx(11 * QUICK.batch * QUICK.unroll, rel=0.1)
    assert notes.validations[0]["learning_rate"] == pytest.approx(0.2)  # the last of 11 steps to zero
    begun = time.perf_counter()
    _, notes = trained(epochs=None, seconds=1, validate_every=10**9)
    assert 1 <= time.perf_counter() - begun < 20
    assert notes.steps[-1][0] > 0
    assert 0 < notes.validations[-1]["learning_rate"] < 0.2  # about at the end of the linear fall


def test_validation_is_regular_outside_training_time_and_last():
    _, notes = trained(epochs=1, validate_every=100)
    assert [row["tokens"] // 100 for row in notes.validations] == [1, 2, 3]
    assert notes.validations[-1]["tokens"] == 300
    assert notes.evaluations == 1 + 3  # the first is for what training imports
    assert any("validation perplexity" in line for line in notes.lines)


def test_validation_may_be_on_the_first_lines():
    valid = stream(60, seed=1)
    model, notes = trained(validation_targets=20)
    first = valid.head(20)
    assert 20 <= len(first) < 40
    assert notes.validations == []  # other events than the whole split, so under another name
    last = [row["valid_head_perplexity"] for row in notes.rows if "valid_head_perplexity" in row][-1]
    assert last == pytest.approx(perplexity(model, first), rel=1e-6)


def test_the_curve_holds_what_the_report_draws(monkeypatch):
    monkeypatch.setattr(loop, "INTERVAL", 4)
    _, notes = trained()
    losses = [row for row in notes.rows if "train_loss" in row]
    assert len(losses) >= 4
    for row in losses:
        assert set(row) == {"tokens", "train_loss", "learning_rate", "gradient_norm"}
        assert 0 < row["train_loss"] < 5
        assert row["gradient_norm"] > 0
    assert all(set(figures) >= {"epoch", "loss", "gradient_norm"} for _, _, figures in notes.steps)
    assert notes.steps[-1][2]["epoch"] == 1.0
    assert [done for done, _, _ in notes.steps] == sorted(row["tokens"] for row in losses)


def test_the_weights_of_the_best_validation_are_kept():
    valid = stream(60, seed=1)
    recipe = replace(QUICK, epochs=12, schedule="constant", learning_rate=6.0, clip=None)
    model = small("rnn", training=recipe)
    notes = fit(model, valid=valid)
    seen = [row["valid_perplexity"] for row in notes.validations]
    assert min(seen) < seen[-1], "the case no longer overfits: it would pass without keeping anything"
    assert perplexity(model, valid) == pytest.approx(min(seen), rel=1e-6)


def test_patience_ends_the_training():
    _, notes = trained(epochs=50, schedule="constant", learning_rate=4.0, patience=2)
    seen = [row["valid_perplexity"] for row in notes.validations]
    assert len(seen) < 50
    assert int(np.argmin(seen)) == len(seen) - 3


def test_the_rate_is_halved_when_validation_stops_improving():
    _, notes = trained(epochs=15, schedule="plateau", learning_rate=4.0)
    rates = [row["learning_rate"] for row in notes.validations]
    seen = [row["valid_perplexity"] for row in notes.validations]
    for epoch in range(1, 15):
        halved = epoch > 1 and seen[epoch - 1] >= min(seen[: epoch - 1])
        assert rates[epoch] == rates[epoch - 1] * (0.5 if halved else 1)
    assert rates[-1] < 4.0


@pytest.mark.parametrize("initialisation", ["uniform", "xavier", "orthogonal", "fan_in"])
def test_every_initialisation_learns(initialisation):
    assert learnt(initialisation=initialisation) < 4


@pytest.mark.parametrize(
    ("optimiser", "rate"),
    [("adagrad", 0.1), ("rmsprop", 0.01), ("adam", 0.01), ("adamw", 0.01), ("nadam", 0.01), ("nt_asgd", 1.0)],
)
def test_every_optimiser_learns(optimiser, rate):
    assert learnt(optimiser=optimiser, learning_rate=rate) < 4


def learnt(**recipe):
    """Validation perplexity after some epochs of a text in which three of eleven words occur."""
    train = TokenStream.from_ids(np.tile([1, 3, 2], 100).astype(np.uint16), vocabulary())
    model = small("lstm", training=replace(QUICK, **{"epochs": 8, "clip": 1.0, **recipe}))
    return fit(model, train, train).validations[-1]["valid_perplexity"]


def test_l2_shrinks_the_weights():
    def norm(l2):
        model = fitted("rnn", training=replace(QUICK, epochs=5, l2=l2))
        return sum(float(p.detach().square().sum()) for p in model._network.parameters())

    assert norm(0.05) < 0.7 * norm(0.0)


def test_the_monitor_names_the_step_that_diverged_and_the_gradient_before_it():
    monitor = Monitor(4, 11, torch.device("cpu"))
    for loss in (1.0, 2.0):
        monitor.add(torch.tensor(loss), torch.tensor(3.0), 10)
    assert monitor.read() == (1.5, 3.0)
    monitor.add(torch.tensor(1.0), torch.tensor(7.0), 10)
    monitor.add(torch.tensor(1.0), torch.tensor(float("inf")), 10)
    monitor.add(torch.tensor(float("nan")), torch.tensor(float("nan")), 10)
    with pytest.raises(Diverged, match=r"loss 1, gradient norm inf, after one of 7 at step 4"):
        monitor.read()


def test_the_monitor_takes_three_times_the_loss_of_a_guess_for_an_explosion():
    guess = np.log(11)
    for factor, first, exploded in ((2.9, 1.0, False), (3.1, 1.0, True), (3.1, 2 * guess, False)):
        monitor = Monitor(4, 11, torch.device("cpu"))
        monitor.add(torch.tensor(first), torch.tensor(1.0), 10)  # may have a scale of its own
        monitor.read()
        monitor.add(torch.tensor(factor * guess), torch.tensor(1.0), 10)
        if exploded:
            with pytest.raises(Diverged, match=r"loss 7\.4.* at step 2"):
                monitor.read()
        else:
            monitor.read()


def test_clipping_bounds_the_step():
    """One step of SGD moves the weights by at most learning rate × clip."""
    before = fitted("rnn", training=replace(QUICK, tokens=1, learning_rate=1e-30))
    after = fitted("rnn", training=replace(QUICK, tokens=1, learning_rate=10.0, clip=0.01))
    moved = sum(
        float((p - q).detach().square().sum())
        for p, q in zip(before._network.parameters(), after._network.parameters(), strict=True)
    )
    assert moved**0.5 == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("name", CLASSES)
def test_tiny_corpora_work(name, context):
    one = Vocabulary(("</s>",), np.array([3]))
    for words, ids in ((one, [0, 0, 0]), (vocabulary(), [4]), (vocabulary(2, end=False), [0, 1, 1])):
        train = TokenStream.from_ids(np.array(ids, np.uint16), words)
        model = small(name, context=context)
        notes = fit(model, train, train.head(0))
        assert not notes.validations
        assert notes.steps[-1][0] == len(ids)
        assert np.isfinite(model.log_probs(train)).all()
    np.testing.assert_allclose(fitted(name, TokenStream.from_ids(np.zeros(3, np.uint16), one)).log_probs(
        TokenStream.from_ids(np.zeros(2, np.uint16), one)), 0, atol=1e-6)  # fmt: skip


def test_an_empty_training_split_is_refused():
    with pytest.raises(UserError, match="training split is empty"):
        fit(small("rnn"), stream().head(0))


def test_an_unknown_device_is_refused():
    with pytest.raises(UserError, match="device=banana"):
        fit(small("rnn", device="banana"))


def test_arithmetic_that_is_not_here_is_refused(monkeypatch):
    with pytest.raises(UserError, match="precision=tf32 is arithmetic of CUDA devices"):
        trained(precision="tf32")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(UserError, match=r"compile=true needs a C\+\+ compiler"):
        trained(compile=True)


@pytest.mark.parametrize("name", ["fixed_window", "rnn", "lstm"])
def test_training_in_bfloat16_comes_to_nearly_the_same(name):
    valid = stream(60, seed=1)
    found, exact = (trained(name, precision=kind)[0] for kind in ("bfloat16", "float32"))
    assert not np.array_equal(found.log_probs(valid), exact.log_probs(valid))
    np.testing.assert_allclose(found.log_probs(valid), exact.log_probs(valid), atol=0.1)


def test_recipes_are_validated():
    check = TypeAdapter(Training).validate_python
    assert check({"epochs": 3, "clip": None}) == Training(epochs=3, clip=None)
    with pytest.raises(UserError, match=r"momentum=0\.9 has no meaning for optimiser=adam"):
        check({"optimiser": "adam", "momentum": 0.9})
    for wrong in ({"epochs": 0}, {"optimiser": "sdg"}, {"warmup": 1.0}, {"epoch": 3}, {"batch": 0}):
        with pytest.raises(ValidationError):
            check(wrong)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("name", CLASSES)
def test_a_cuda_device_trains_and_scores_like_the_cpu(name, context, tmp_path):
    test = stream(150, seed=2)
    model = fitted(name, context=context, device="cuda")
    model.save(tmp_path)
    scores = model.log_probs(test)
    reference = fitted(name, context=context, device="cpu")
    np.testing.assert_allclose(scores, reference.log_probs(test), atol=1e-3)
    again = type(model).load(tmp_path, test.vocabulary)
    np.testing.assert_array_equal(again.log_probs(test), scores)
