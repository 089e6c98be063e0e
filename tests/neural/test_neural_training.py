"""The training loop: what it spends, what it keeps, what it says, and how it ends."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from neural_cases import CLASSES, QUICK, fitted, small, stream, vocabulary
from pydantic import TypeAdapter, ValidationError

from baselines.neural.training import loop
from baselines.neural.training.monitor import Monitor
from baselines.neural.training.schedule import Schedule
from baselines.neural.training.settings import Training
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
    recipe = Training(
        epochs=None,
        tokens=4000,
        batch=2,
        unroll=8,
        optimiser="adam",
        learning_rate=0.02,
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
    with pytest.raises(UserError, match=r"training\.epochs and model\.training\.tokens are both null"):
        trained(epochs=None)


def test_validation_is_regular_outside_training_time_and_last():
    _, notes = trained(epochs=1, validate_every=100)
    assert [row["tokens"] // 100 for row in notes.validations] == [1, 2, 3]
    assert notes.validations[-1]["tokens"] == 300
    assert notes.evaluations == 3
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
    assert [done for done, _, _ in notes.steps] == sorted(row["tokens"] for row in losses)


def test_the_weights_of_the_best_validation_are_kept():
    valid = stream(60, seed=1)
    recipe = replace(QUICK, epochs=12, schedule="constant", learning_rate=4.0, clip=None)
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


def test_schedules():
    linear = Schedule(Training(learning_rate=2.0, schedule="linear", warmup=0.2))
    assert [linear.rate(p) for p in (0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([0, 1, 2, 1, 0])
    constant = Schedule(Training(learning_rate=2.0, schedule="constant"))
    constant.validated(best=False)
    assert constant.rate(0.0) == constant.rate(0.9) == 2.0
    plateau = Schedule(Training(learning_rate=2.0, schedule="plateau"))
    for best in (True, False, True, False):
        plateau.validated(best)
    assert plateau.rate(0.5) == 0.5


def test_the_rate_is_halved_when_validation_stops_improving():
    _, notes = trained(epochs=15, schedule="plateau", learning_rate=4.0)
    rates = [row["learning_rate"] for row in notes.validations]
    seen = [row["valid_perplexity"] for row in notes.validations]
    for epoch in range(1, 15):
        halved = epoch > 1 and seen[epoch - 1] >= min(seen[: epoch - 1])
        assert rates[epoch] == rates[epoch - 1] * (0.5 if halved else 1)
    assert rates[-1] < 4.0


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("initialisation", ["uniform", "xavier"])
def test_every_optimiser_and_initialisation_learns(optimiser, initialisation):
    rate = 1.0 if optimiser == "sgd" else 0.01
    train = TokenStream.from_ids(np.tile([1, 3, 2], 100).astype(np.uint16), vocabulary())
    recipe = replace(
        QUICK, epochs=8, optimiser=optimiser, initialisation=initialisation, learning_rate=rate, clip=1.0
    )
    model = small("lstm", training=recipe)
    notes = fit(model, train, train)
    assert notes.validations[-1]["valid_perplexity"] < 4  # three of eleven words occur


def test_l2_shrinks_the_weights():
    def norm(l2):
        model = fitted("rnn", training=replace(QUICK, epochs=5, l2=l2))
        return sum(float(p.detach().square().sum()) for p in model._network.parameters())

    assert norm(0.05) < 0.7 * norm(0.0)


@pytest.mark.parametrize(
    ("said", "recipe"),
    [
        (r"gradient norm nan at step \d+", {"init_range": 1e38}),
        (r"validation loss \S+ nats a token after 300", {"learning_rate": 1e30, "clip": None}),
    ],
)
def test_training_that_leaves_the_finite_numbers_is_diverged(said, recipe):
    with pytest.raises(Diverged, match=rf"{said}.*learning_rate"):
        trained("rnn", epochs=3, **recipe)


def test_the_monitor_names_the_step_that_diverged():
    monitor = Monitor(4, torch.device("cpu"))
    for loss in (1.0, 2.0):
        monitor.add(torch.tensor(loss), torch.tensor(3.0), 10)
    assert monitor.read() == (1.5, 3.0)
    monitor.add(torch.tensor(1.0), torch.tensor(1.0), 10)
    monitor.add(torch.tensor(1.0), torch.tensor(float("inf")), 10)
    monitor.add(torch.tensor(float("nan")), torch.tensor(float("nan")), 10)
    with pytest.raises(Diverged, match=r"loss 1, gradient norm inf at step 4"):
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


def test_recipes_are_validated():
    check = TypeAdapter(Training).validate_python
    assert check({"epochs": 3, "clip": None}) == Training(epochs=3, clip=None)
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
