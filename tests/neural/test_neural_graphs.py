"""Steps that are captured and replayed train as steps taken one by one: bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from neural_cases import QUICK, small, stream
from recorded_graph import ListRecorder
from test_neural_resume import Notes

from baselines.neural.architectures.transformer_attention import band
from baselines.neural.constants import KEPT, used_constants
from baselines.neural.output.kinds import Output
from baselines.neural.training import loop
from baselines.neural.training.graph import CudaRecorder

ARCHITECTURES = ("lstm", "rnn", "gru", "transformer", "fixed_window", "min_gru")
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
#: Learning rate, momentum, averaging, l2 and clipping in captured steps.
RECIPES = {
    "sgd": {"momentum": 0.9, "schedule": "plateau", "l2": 0.01},
    "nt_asgd": {"learning_rate": 4.0, "schedule": "constant", "nonmonotone": 1, "clip": None, "epochs": 5},
    "adam": {"learning_rate": 0.01, "warmup": 0.2, "schedule": "cosine"},
    "adamw": {"learning_rate": 0.01, "l2": 0.01},
}


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Looks, snapshots and checkpoints after every third step."""
    monkeypatch.setattr(loop, "INTERVAL", 3)
    monkeypatch.setattr(loop, "SNAPSHOT", 6)
    monkeypatch.setenv("NEXTWORD_CHECKPOINT_SECONDS", "0")


def fit(name, log=None, recipe=None, **options):
    """Scores after a training of a few dozen steps with dropout, and its log."""
    log = Notes(None) if log is None else log
    settings = {"training": replace(QUICK, **{"epochs": 2, **(recipe or {})}), "dropout": 0.3, **options}
    model = small(name, **{"span": 8, **settings} if name == "transformer" else settings)
    model.fit(stream(), stream(60, seed=1), log)
    return model.log_probs(stream(100, seed=2)), log


@pytest.fixture
def recorder(monkeypatch):
    """Captures trainings on the CPU from `start` on."""

    class Later(ListRecorder):
        def start(self):
            monkeypatch.setattr(loop, "recorder", lambda device: self)

    return Later()


def check_equal(recorder, name, **options):
    expected, plain = fit(name, **options)
    recorder.start()
    scores, log = fit(name, **options)
    np.testing.assert_array_equal(scores, expected)
    assert log.rows == plain.rows
    return log


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_replayed_steps_train_as_steps_taken_one_by_one(name, recorder):
    log = check_equal(recorder, name)
    assert recorder.replays > 5
    assert recorder.captures <= 2  # segments have one of two lengths
    assert [line for line in log.lines if "graph" in line] == ["steps are replayed as CUDA graphs"]


@pytest.mark.parametrize("optimiser", RECIPES)
def test_replayed_steps_obey_the_recipe(optimiser, recorder):
    log = check_equal(recorder, "rnn", recipe={"optimiser": optimiser, **RECIPES[optimiser]})
    assert recorder.replays > 5
    assert any("averaged" in line for line in log.lines) == (optimiser == "nt_asgd")


REGULARISED = {
    "weight_drop": 0.3,
    "embedding_dropout": 0.2,
    "variational": True,
    "activation_regularisation": 1.0,
    "temporal_activation_regularisation": 1.0,
}


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": {"label_smoothing": 0.1, "output_bias": "unigram"}},
        {"output": Output(kind="sampled", samples=4, power=0.5, exact_from=0.5), "recipe": {"epochs": 4}},
        {"output": Output(kind="nce", samples=4, power=0.5, log_normaliser=2.0)},
        REGULARISED,
    ],
    ids=["smoothed", "sampled, then exact", "nce", "regularised"],
)
def test_losses_and_masks_are_replayed(options, recorder):
    check_equal(recorder, "rnn", **options)
    assert recorder.replays > 5


def test_an_interrupted_training_is_captured_anew_and_ends_as_an_unbroken_one(recorder, tmp_path):
    recipe = {"epochs": 3, "optimiser": "adam", "learning_rate": 0.01}
    expected, whole = fit("rnn", recipe=recipe)
    recorder.start()
    for stop in (len(whole.rows) // 2, len(whole.rows) - 1):
        folder = tmp_path / str(stop)
        with pytest.raises(KeyboardInterrupt):
            fit("rnn", Notes(folder, stop), recipe)
        scores, log = fit("rnn", Notes(folder), recipe)
        assert log.earlier is not None
        np.testing.assert_array_equal(scores, expected)
        assert log.rows == whole.rows


def test_a_training_that_diverged_is_captured_anew(recorder):
    recipe = {"epochs": 5, "learning_rate": 1e6, "clip": None, "recoveries": 100, "schedule": "constant"}
    log = check_equal(recorder, "rnn", recipe=recipe)
    assert sum("recovery" in line for line in log.lines) > 1
    assert recorder.captures > 2
    assert recorder.replays > 5


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"context": "sentence"}, "minibatches of sentences have many shapes"),
        ({"recipe": {"jitter": True}}, "with jitter, steps have many lengths"),
        ({"output": Output(kind="adaptive", cutoffs=[4], division=2.0)}, "output layer waits for the device"),
        ({"recipe": {"scheduled_sampling": 0.5}}, "scheduled sampling replaces other words in every step"),
        ({"recipe": {"optimiser": "adagrad", "learning_rate": 0.05}}, "adagrad counts its steps on the host"),
    ],
)
def test_what_cannot_be_captured_is_taken_step_by_step_and_says_why(options, reason, recorder):
    log = check_equal(recorder, "rnn", **options)
    (line,) = [line for line in log.lines if "graph" in line]
    assert line.startswith("steps are not replayed as CUDA graphs: ")
    assert reason in line
    assert recorder.captures == 0


def test_a_capture_that_fails_does_not_end_the_training(recorder, monkeypatch):
    inner = ListRecorder.capture

    def fails(self, work):
        inner(self, work)  # as on a device, where only the end of a capture may find what is wrong
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(ListRecorder, "capture", fails)
    log = check_equal(recorder, "rnn")
    (line,) = [line for line in log.lines if "graph" in line]
    assert line.endswith("graphs: operation not permitted when stream is capturing")
    assert recorder.captures == 1  # it is tried once
    assert recorder.replays == 0


def test_what_is_captured_keeps_the_numbers_of_the_host(recorder):
    """Otherwise the tests above would not notice, say, a learning rate that is a number of the host."""
    total, number = torch.zeros(()), 1.0
    replay = recorder.capture(lambda: total.add_(number))
    assert total == 0
    number = 5.0
    replay()
    replay()
    assert total == 2


def test_the_constants_that_a_captured_step_reads_are_kept_for_it():
    def mask(keys):
        return band(1, keys, 3, torch.device("cpu"))

    with used_constants() as used:
        first = mask(5)
    for keys in range(6, 6 + 2 * KEPT):  # what was kept for everybody is dropped
        mask(keys)
    assert any(constant is first for constant in used)
    assert mask(5) is not first


def on_cuda(name, recipe=None, **options):
    return fit(name, None, {"epochs": 3, "precision": "float32", **(recipe or {})}, device="cuda", **options)


def check_cuda_graphs(monkeypatch, name, recipe=None):
    """Graphs are captured, and the training comes to what it does without them."""
    captures, inner = [], CudaRecorder.capture
    monkeypatch.setattr(
        CudaRecorder, "capture", lambda self, work: captures.append(self) or inner(self, work)
    )
    scores, log = on_cuda(name, recipe)
    assert "steps are replayed as CUDA graphs" in log.lines
    assert 1 <= len(captures) <= 2
    monkeypatch.setenv("NEXTWORD_CUDA_GRAPHS", "0")
    expected, plain = on_cuda(name, recipe)
    assert not any("graph" in line for line in plain.lines)
    # Sums by atomic additions, as in the gradient of an embedding, differ in their last bits, and steps
    # spread that.
    np.testing.assert_allclose(scores, expected, atol=1e-3)
    for row, other in zip(log.rows, plain.rows, strict=True):
        assert row == pytest.approx(other, rel=1e-2)


@pytest.mark.gpu
@GPU
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_cuda_graphs_are_used_and_train_as_steps_taken_one_by_one(name, monkeypatch):
    check_cuda_graphs(monkeypatch, name)


@pytest.mark.gpu
@GPU
@pytest.mark.parametrize("optimiser", [*RECIPES, "rmsprop", "nadam"])
def test_cuda_graphs_obey_the_recipe(optimiser, monkeypatch):
    recipe = RECIPES.get(optimiser, {"learning_rate": 0.01})
    check_cuda_graphs(monkeypatch, "rnn", {**recipe, "optimiser": optimiser})


@pytest.mark.gpu
@GPU
@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("graphs", ["1", "0"])
def test_the_host_waits_for_the_device_only_at_looks(name, context, graphs, monkeypatch):
    monkeypatch.setenv("NEXTWORD_CUDA_GRAPHS", graphs)
    taken = []

    def watched(work, *arguments):
        taken.append(work)
        # The first steps warm up and are captured.
        torch.cuda.set_sync_debug_mode("error" if len(taken) > 30 else "default")
        try:
            return work(*arguments)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    step, starting_at = loop.Trainer._step, loop.Minibatches.starting_at

    def read(minibatches, *arguments):
        pieces = starting_at(minibatches, *arguments)
        while True:
            yield watched(next, pieces)

    monkeypatch.setattr(loop.Trainer, "_step", lambda *arguments: watched(step, *arguments))
    monkeypatch.setattr(loop.Minibatches, "starting_at", read)
    on_cuda(name, context=context)
    assert len(taken) > 40
