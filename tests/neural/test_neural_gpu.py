"""What must hold on a CUDA device. The same tests run on the CPU, so that only CUDA itself can fail.

What need not repeat to the last bit there: cuDNN does not promise it of recurrent layers, and sums of rows
that occur several times (`index_add_`: sampled output layers, hashed features) are added in any order.
"""

import copy
import warnings
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from neural_cases import CLASSES, QUICK, fitted, small, stream, vocabulary
from test_neural_devices import OUTPUTS
from test_neural_kernels import weighted
from test_neural_resume import Notes, fit

from baselines.neural.arithmetic import tf32
from baselines.neural.kernels.device import float16_recurrence
from baselines.neural.output.kinds import Output
from baselines.neural.output.softmax import softmax_loss
from baselines.neural.training import loop
from baselines.neural.training.initialise import initialise
from baselines.neural.training.minibatches import Minibatches
from baselines.neural.training.parallel import ProcessGroup
from baselines.neural.training.precision import Precision
from baselines.neural.training.step import Stepper

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
#: Names of networks, and of output layers for an LSTM.
EVERY = [*CLASSES, *OUTPUTS]
#: Without recurrent layers by cuDNN and without sums in any order.
REPEATING = {"fixed_window", "log_bilinear", "modern_window", "transformer", "min_gru", "min_lstm"}
ADAM = replace(QUICK, optimiser="adam", learning_rate=0.01, clip=1.0, epochs=2)

pytestmark = pytest.mark.parametrize("device", DEVICES)


def named(name, **options):
    """An untrained model by the name of its network or of its output layer."""
    if name in OUTPUTS:
        return small("lstm", output=Output(**OUTPUTS[name]), **options)
    return small(name, **options)


def assert_near(found, expected, name, device):
    """Equal to the last bit where that is promised."""
    exact = device == "cpu" or name in REPEATING
    np.testing.assert_allclose(found, expected, rtol=0, atol=0 if exact else 1e-4)


@pytest.fixture(scope="module")
def models():
    """Each model, trained on the CPU once; copies of it may be moved."""
    trained = {}

    def of(name, context):
        if (name, context) not in trained:
            trained[name, context] = named(name, context=context)
            trained[name, context].fit(stream(), stream(20), Notes(None))
        return copy.deepcopy(trained[name, context])

    return of


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("name", EVERY)
def test_scores_are_those_of_the_cpu(name, context, device, models):
    model, text = models(name, context), stream(150, seed=2)
    contexts = [text.ids[:place] for place in (0, 1, 7, 40, 40, 90)]
    scores, table = model.log_probs(text), model.next_log_probs(contexts)
    model.network.to(device)
    np.testing.assert_allclose(model.log_probs(text), scores, atol=1e-4)
    np.testing.assert_allclose(model.next_log_probs(contexts), table, atol=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_losses_and_gradients_are_those_of_the_cpu(name, device, models):
    network = models(name, "stream").network.train()
    tokens, targets = torch.randint(11, (7, 3)), torch.randint(11, (21,))

    def gradients(place):
        network.to(place)
        with tf32(False, torch.device(place)):
            features, _ = network(tokens.to(place), network.initial_state(3))
            loss = network.output.exact_loss(features.flatten(0, 1), targets.to(place))
            found = torch.autograd.grad(loss, list(network.parameters()), materialize_grads=True)
        return [part.to_dense().cpu() for part in (loss.detach(), *found)]

    for there, here in zip(gradients(device), gradients("cpu"), strict=True):
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("words", [500, 50_000])  # below and above the size that is cut into chunks
def test_the_loss_of_many_words_is_that_of_the_cpu(words, device):
    draw = torch.Generator().manual_seed(1)
    parts = [torch.randn(*shape, generator=draw) for shape in ((800, 16), (words, 16), (words,))]
    target = torch.randint(words, (800,), generator=draw)

    def gradients(place):
        inputs = [part.to(place).requires_grad_() for part in parts]
        with tf32(False, torch.device(place)):
            loss = softmax_loss(*inputs, target.to(place))
            return [part.cpu() for part in (loss.detach(), *torch.autograd.grad(3.7 * loss, inputs))]

    for there, here in zip(gradients(device), gradients("cpu"), strict=True):
        torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_a_training_repeats_with_its_seed(name, device):
    def scores():
        return fit(named(name, device=device, training=ADAM), Notes(None))

    assert_near(scores(), scores(), name, device)


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "nadam", "rmsprop", "adagrad"])
@pytest.mark.parametrize("name", ["fixed_window", "lstm", "transformer"])
def test_an_interrupted_training_ends_as_an_unbroken_one(name, optimiser, device, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "INTERVAL", 3)
    monkeypatch.setenv("NEXTWORD_CHECKPOINT_SECONDS", "0")

    def scores(folder, stop=None):
        training = replace(ADAM, optimiser=optimiser)
        return fit(small(name, device=device, training=training), Notes(folder, stop))

    expected = scores(None)
    with pytest.raises(KeyboardInterrupt):
        scores(tmp_path, stop=6)
    assert list(tmp_path.glob("*.json"))
    assert_near(scores(tmp_path), expected, name, device)


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn", "transformer"])
def test_scoring_is_never_in_tf32(name, device):
    """Even where a user's program allows it."""
    model = fitted(name, hidden_size=64, embedding_size=64)
    model.network.to(device)
    text = stream(100, seed=2)
    strict = model.log_probs(text)
    with tf32(True, torch.device("cuda")):
        np.testing.assert_array_equal(model.log_probs(text), strict)


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "auto"])
@pytest.mark.parametrize("name", ["lstm", "rnn", "gru", "transformer"])
def test_coarser_arithmetic_trains_to_nearly_the_same_loss(name, precision, device):
    """The sizes are those for which cuDNN has persistent kernels in float16."""
    if device == "cpu" and precision == "float16":
        precision = "bfloat16"

    def loss(chosen):
        training = replace(ADAM, precision=chosen, batch=8, init_range=0.1, learning_rate=0.003)
        model = small(name, device=device, training=training, hidden_size=128, embedding_size=128)
        return -fit(model, Notes(None), stream(400)).mean()

    assert loss(precision) == pytest.approx(loss("float32"), abs=0.02)


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("drop", [0.0, 0.3])
def test_weights_are_where_they_are_wanted(name, kind, drop, device):
    """cuDNN warns if it has to copy them. (torch 2.10 and cuDNN 9.13 brought it bfloat16.)"""
    network = small(name, hidden_size=128, embedding_size=128, weight_drop=drop).build(vocabulary())
    initialise(network, QUICK, vocabulary())
    network.to(device).train()
    rounded = nullcontext() if kind == "float32" else torch.autocast(device, torch.bfloat16)
    half = float16_recurrence() if kind == "float16" and device == "cuda" else nullcontext()
    with warnings.catch_warnings(), rounded, half:
        warnings.simplefilter("error")
        tokens = torch.randint(11, (5, 8), device=device)
        features, state = network(tokens, network.initial_state(8))
    weighted([part.float().cpu() for part in (features, *state)]).backward()
    assert {part.dtype for part in state} == {torch.float32}
    assert all(part.grad.isfinite().all() for part in network.stack.parameters())


@pytest.mark.parametrize("name", CLASSES)
def test_states_keep_their_type_under_autocast(name, device, models):
    network = models(name, "stream").network.to(device).train()
    state = network.initial_state(3)
    with torch.autocast(device, torch.bfloat16):
        for _ in range(2):
            _, after = network(torch.randint(11, (7, 3), device=device), state)
            assert [part.dtype for part in after] == [part.dtype for part in state]
            state = after


@contextmanager
def no_waiting(device):
    """Within this block torch raises an error where it would wait for a CUDA device."""
    if device != "cuda":
        yield
        return
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize(
    ("name", "optimiser"),
    [
        *((name, "adam") for name in EVERY if name != "adaptive"),  # that one waits once a step
        *(("lstm", optimiser) for optimiser in ("sgd", "adamw", "nadam", "rmsprop", "adagrad", "nt_asgd")),
    ],
)
def test_steps_do_not_wait_for_the_device(name, optimiser, device):
    training, place = replace(ADAM, optimiser=optimiser), torch.device(device)
    network = named(name, training=training).build(vocabulary())
    initialise(network, training, vocabulary())
    network.to(place).train()
    stepper = Stepper(network, training, Precision(training, place), ProcessGroup())
    minibatches = Minibatches(stream(), network.start, place, "stream", training, 1).starting_at()
    for count, minibatch in zip(range(5), minibatches, strict=False):
        with no_waiting(device) if count > 1 else nullcontext():  # the first steps set kernels up
            loss, norm = stepper.step(minibatch, 0.01)
    assert loss.isfinite()
    assert norm.isfinite()
