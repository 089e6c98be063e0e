"""The inside of a network: states, outputs and gradients by step, against passes over a whole text and
differences of losses."""

import numpy as np
import pytest
import torch
from neural_cases import fitted, small, stream, vocabulary
from recurrent_cases import network

from baselines.neural.inside import OpenNetwork
from benchmark.errors import UserError
from benchmark.inside import inside_of, untrained

KINDS = {
    "rnn": {"layers": 2},
    "relu": {"layers": 2, "nonlinearity": "relu"},
    "linear": {"layers": 2, "nonlinearity": "linear"},
    "gru": {"layers": 2, "skip": "residual"},
    "lstm": {"layers": 2, "tied": False, "skip": "dense"},
    "min_gru": {"layers": 2},
}
TEXTS = np.array([[3, 5, 2, 2, 7], [1, 10, 4, 4, 0], [9, 2, 3, 3, 6]])


def opened(kind):
    name = "rnn" if kind in ("relu", "linear") else kind
    built = network(name, **KINDS[kind])
    return built, OpenNetwork(built, name)


def whole_pass(built):
    """The losses [rows, time] of one pass over whole texts, and the mean loss with its gradient."""
    ids = torch.tensor(TEXTS).t()
    inputs = torch.cat([torch.full((1, len(TEXTS)), built.start), ids[:-1]])
    features, state = built(inputs, built.initial_state(len(TEXTS)))
    flat = features.flatten(0, 1)
    losses = -built.output.log_probs(flat.detach(), ids.flatten()).view(ids.shape).t()
    return losses.numpy(), built.output.exact_loss(flat, ids.flatten()), state


@pytest.mark.parametrize("kind", KINDS)
def test_steps_compute_what_a_pass_over_the_whole_text_does(kind):
    built, inside = opened(kind)
    losses, mean, state = whole_pass(built)
    reading = inside.read(TEXTS)
    np.testing.assert_allclose(reading.losses, losses, atol=1e-12)
    last = [part for layer in reading.states for part in layer.values()]
    for ours, theirs in zip(last, state, strict=True):
        np.testing.assert_allclose(ours[:, -1], theirs.detach().transpose(0, 1).flatten(1), atol=1e-12)
        assert ours.shape[:2] == (3, 6)
        assert (ours[:, 0] == 0).all()
    mean.backward()
    gradients = inside.gradients(TEXTS).weights
    assert gradients.keys() == dict(built.named_parameters()).keys()
    for name, parameter in built.named_parameters():
        np.testing.assert_allclose(gradients[name], parameter.grad.to_dense(), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_steps_add_up_to_those_of_the_text(kind):
    _, inside = opened(kind)
    whole = inside.gradients(TEXTS).weights
    steps = inside.gradients_by_step(TEXTS, list(whole))
    for name, by_step in steps.items():
        assert by_step.shape == (5, *whole[name].shape)
        np.testing.assert_allclose(by_step.sum(0), whole[name], atol=1e-12)
    assert all(np.abs(by_step).max() > 0 for by_step in steps["output.bias"])


@pytest.mark.parametrize("kind", ["rnn", "linear", "gru", "lstm"])
def test_gradients_by_states_are_differences_of_losses(kind):
    built, inside = opened(kind)
    ids = torch.tensor(TEXTS).t()

    def last_losses(place, part, size):
        """The last losses when a number of a state is moved after some steps."""
        state = built.initial_state(len(TEXTS))
        inputs = torch.cat([torch.full((1, len(TEXTS)), built.start), ids[:-1]])
        with torch.no_grad():
            for t in range(len(ids) + 1):
                if t == place:
                    state = tuple(
                        each + size * (torch.arange(each.shape[2]) == 1) if number == part else each
                        for number, each in enumerate(state)
                    )
                if t < len(ids):
                    features, state = built(inputs[t : t + 1], state)
        return -built.output.log_probs(features[0], ids[-1]).numpy()

    found = [part for layer in inside.state_gradients(TEXTS) for part in layer.values()]
    for number, part in enumerate(found):
        for place in (0, 3, 4):
            numeric = (last_losses(place, number, 1e-6) - last_losses(place, number, -1e-6)) / 2e-6
            np.testing.assert_allclose(part[:, place, 1], numeric, rtol=1e-5, atol=1e-9)
    assert max(np.abs(part[:, 4]).max() for part in found) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_by_weights_are_differences_of_losses(kind):
    _, inside = opened(kind)
    weights, found = inside.weights, inside.gradients(TEXTS).weights
    draw = np.random.default_rng(0)
    for name in weights:
        way = draw.normal(size=weights[name].shape)
        moved = [
            inside.with_weights({name: weights[name] + size * way}).read(TEXTS).losses.mean()
            for size in (1e-6, -1e-6)
        ]
        expected = (moved[0] - moved[1]) / 2e-6
        np.testing.assert_allclose((found[name] * way).sum(), expected, rtol=1e-5, atol=1e-8)


def test_the_gradient_by_the_highest_outputs_is_that_of_the_softmax():
    """∂ loss / ∂ h = Wᵀ (p − onehot) / number of losses, for the last step, after which no other comes."""
    _, inside = opened("rnn")
    weights, reading = inside.weights, inside.read(TEXTS)
    matrix, h = weights["embedding.weight"], reading.outputs[-1][:, -1]
    logits = h @ matrix.T + weights["output.bias"]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p[np.arange(3), TEXTS[:, -1]] -= 1
    np.testing.assert_allclose(
        inside.gradients(TEXTS).outputs[-1][:, -1], p @ matrix / TEXTS.size, atol=1e-12
    )


def test_changed_weights_change_neither_the_original_nor_the_model():
    built, inside = opened("rnn")
    name = inside.recurrent[1]
    assert name == "stack.layers.1.weight_hh"
    before = inside.read(TEXTS).losses
    moved = inside.with_weights({name: np.eye(6)})
    np.testing.assert_array_equal(moved.weights[name], np.eye(6))
    assert np.abs(moved.read(TEXTS).losses - before).max() > 1e-3
    np.testing.assert_array_equal(inside.read(TEXTS).losses, before)
    np.testing.assert_array_equal(inside.weights[name], dict(built.named_parameters())[name].detach())
    with pytest.raises(ValueError, match="no weight nonsense of shape"):
        inside.with_weights({"nonsense": np.eye(6)})


def test_untrained_weights_are_those_with_which_training_begins():
    model = small("lstm", forget_bias=2.0)
    state = torch.get_rng_state()
    weights = untrained(model, vocabulary()).weights
    assert torch.equal(state, torch.get_rng_state())
    again = untrained(small("lstm", forget_bias=2.0), vocabulary()).weights
    assert all((weights[name] == again[name]).all() for name in weights)
    assert (weights["stack.layers.0.bias_ih"][6:12] == 2).all()
    other = untrained(small("lstm", seed=4), vocabulary()).weights
    assert (other["embedding.weight"] != weights["embedding.weight"]).any()


def test_the_inside_of_a_trained_model_gives_its_scores():
    model, text = fitted("gru"), stream(20)
    losses = inside_of(model).read(np.asarray(text.ids)[None]).losses[0]
    np.testing.assert_allclose(-losses, model.log_probs(text), atol=1e-5)


@pytest.mark.parametrize("name", ["fixed_window", "rnn_maxent"])
def test_other_networks_decline(name):
    with pytest.raises(UserError, match="no recurrent layers"):
        untrained(small(name), vocabulary())


def test_other_models_decline():
    with pytest.raises(UserError, match="object shows no states and gradients"):
        inside_of(object())


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_losses_with_dropout_are_those_of_a_pass_in_training(kind):
    built = network(kind, **KINDS[kind], dropout=0.5, input_dropout=0.25)
    inside, ids = OpenNetwork(built, kind), torch.tensor(TEXTS).t()
    inputs = torch.cat([torch.full((1, len(TEXTS)), built.start), ids[:-1]])
    torch.manual_seed(7)
    features, _ = built.train()(inputs, built.initial_state(len(TEXTS)))
    losses = -built.output.log_probs(features.flatten(0, 1), ids.flatten()).view(ids.shape).t()
    before = torch.get_rng_state()
    np.testing.assert_allclose(inside.losses_with_dropout(TEXTS, 7), losses.detach().numpy(), atol=1e-12)
    assert torch.equal(torch.get_rng_state(), before)
    assert (inside.losses_with_dropout(TEXTS, 8) != inside.losses_with_dropout(TEXTS, 7)).all()
    whole = inside.read(TEXTS).losses
    np.testing.assert_array_equal(inside.read(TEXTS).losses, whole)  # and nothing is dropped afterwards


def test_without_dropout_there_is_nothing_to_drop():
    _, inside = opened("gru")
    np.testing.assert_allclose(inside.losses_with_dropout(TEXTS, 1), inside.read(TEXTS).losses, atol=1e-12)
