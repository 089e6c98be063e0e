"""Recurrent networks: their equations, shapes, starts and penalties."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from neural_cases import CLASSES, fitted, stream, vocabulary
from omegaconf import OmegaConf
from recurrent_cases import SIZES, elman, features, gru, loop, lstm, network, tokens

from baselines.neural.architectures.recurrent import Gru, Lstm, Rnn
from baselines.neural.training.initialise import initialise
from baselines.neural.training.recipe import Training
from benchmark.build import build_model
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

STEPS = {"rnn": (elman, 1), "gru": (gru, 1), "lstm": (lstm, 2)}
EVERYTHING = {
    "dropout": 0.3,
    "variational": True,
    "weight_drop": 0.4,
    "embedding_dropout": 0.2,
    "layer_norm": True,
    "activation_regularisation": 2.0,
    "temporal_activation_regularisation": 1.0,
}


@pytest.mark.parametrize("skip", ["none", "residual", "dense", "highway"])
@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"layers": 3, "tied": False, "hidden_size": 5},
        {"layers": 2, "hidden_size": 5, "layer_norm": True},
        {"layers": 1, "layer_norm": True},
    ],
    ids=["plain", "three_untied", "tied_unequal", "single"],
)
@pytest.mark.parametrize("name", STEPS)
def test_a_network_equals_a_loop_over_tokens(name, shape, skip):
    built = network(name, skip=skip, **shape)
    np.testing.assert_allclose(features(built), loop(built, *STEPS[name], skip), atol=1e-9)


def test_rectified_units():
    built = network("rnn", nonlinearity="relu")
    expected = loop(built, lambda *a: elman(*a, squash=lambda value: np.maximum(value, 0)), 1)
    assert (expected == 0).any()
    np.testing.assert_allclose(features(built), expected, atol=1e-9)


def test_linear_units():
    built = network("rnn", nonlinearity="linear")
    expected = loop(built, lambda *a: elman(*a, squash=lambda value: value), 1)
    np.testing.assert_allclose(features(built), expected, atol=1e-9)


@pytest.mark.parametrize("skip", ["none", "dense", "highway"])
@pytest.mark.parametrize("name", STEPS)
def test_a_carried_state_equals_an_unbroken_pass_whatever_training_drops(name, skip):
    built = network(name, skip=skip, layers=3, hidden_size=8, **EVERYTHING)
    read = tokens(built, rows=3, repeats=3)
    with torch.no_grad():
        whole, last = built(read, built.initial_state(3))
        state, parts = built.initial_state(3), []
        for piece in read.split([1, 2, 5, 26]):
            part, state = built(piece, state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts), whole)
    torch.testing.assert_close(state, last)


def test_the_state_is_one_tensor_a_layer_of_its_own_width():
    shapes = {"rnn": [(1, 4, 8)] * 2 + [(1, 4, 6)], "lstm": [(1, 4, 8)] * 4 + [(1, 4, 6)] * 2}
    for name, expected in shapes.items():
        built = network(name, layers=3, hidden_size=8)
        _, after = built(tokens(built, rows=4), built.initial_state(4))
        for state in (built.initial_state(4), after):
            assert [tuple(part.shape) for part in state] == expected


def count(name, end=True, **options):
    return sum(parameter.numel() for parameter in network(name, end, **options).parameters())


def layer(gates, inputs, units):
    return gates * units * (inputs + units + 2)


@pytest.mark.parametrize(("name", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_parameters_are_as_many_as_the_formulas_say(name, gates):
    # V = 11 words, E = 6, H = 5; a row for the start where there is no </s>; the output has a bias.
    ends, untied = 11 * 6 + 11, {"tied": False, "hidden_size": 5}
    assert count(name, layers=1) == ends + layer(gates, 6, 6)
    assert count(name, layers=3, end=False) == ends + 6 + 3 * layer(gates, 6, 6)
    unequal = layer(gates, 6, 5) + layer(gates, 5, 5)
    assert count(name, layers=2, **untied) == ends + 11 * 5 + unequal
    # Tied and unequal: the last of several layers is as wide as the embedding, or a matrix leads there.
    assert count(name, layers=2, hidden_size=5) == ends + layer(gates, 6, 5) + layer(gates, 5, 6)
    assert count(name, layers=1, hidden_size=5) == ends + layer(gates, 6, 5) + 5 * 6
    assert count(name, layers=2, hidden_size=5, skip="residual") == ends + unequal + 5 * 6
    assert count(name, layers=2, hidden_size=5, skip="highway") == ends + unequal + 5 * 6 + 5 * 5 + 5
    dense = layer(gates, 6, 5) + layer(gates, 11, 5)
    assert count(name, layers=2, hidden_size=5, skip="dense") == ends + dense + (6 + 5 + 5) * 6
    assert count(name, layers=2, **untied, skip="dense") == ends + dense + 11 * (6 + 5 + 5)
    assert count(name, layers=2, layer_norm=True) == count(name, layers=2) + 2 * 2 * 6


@pytest.mark.parametrize("skip", ["residual", "highway"])
def test_a_skip_connection_that_could_lead_nowhere_is_refused(skip):
    said = rf"skip={skip}.*embedding_size \(6\).*hidden_size \(8\).*skip=none"
    with pytest.raises(UserError, match=said):
        Lstm(**{**SIZES, "hidden_size": 8}, layers=1, skip=skip)
    Lstm(**{**SIZES, "hidden_size": 8}, layers=2, skip=skip)


def started(model):
    words = vocabulary()
    built = model.build(words)
    torch.manual_seed(1)
    initialise(built, Training(init_range=0.5), words)
    return built


def test_layers_may_start_otherwise_than_the_recipe_says():
    plain, identity = (started(Rnn(**SIZES, identity=choice)) for choice in (False, True))
    for one, other in zip(plain.stack.layers, identity.stack.layers, strict=True):
        assert torch.equal(other.weight_hh, torch.eye(6))
        assert torch.equal(one.weight_ih, other.weight_ih)
        assert not torch.equal(one.weight_hh, other.weight_hh)
    for bias, expected in ((None, 0.0), (1.0, 1.0)):
        for cell in started(Lstm(**SIZES, forget_bias=bias)).stack.layers:
            gates = (cell.bias_ih + cell.bias_hh).view(4, 6)
            assert torch.equal(gates, torch.tensor([0, expected, 0, 0])[:, None].expand(4, 6))
    for skip in started(Gru(**SIZES, skip="highway")).stack.skips:
        assert torch.equal(skip.gate.bias, torch.full((6,), -1.0))


def test_the_penalties_by_hand():
    alpha, beta = 2.0, 3.0
    settings = {"activation_regularisation": alpha, "temporal_activation_regularisation": beta}
    built = network("lstm", output_dropout=0.5, **settings)
    read, state = tokens(built, rows=2), built.initial_state(2)
    raw, _ = built(read, state)
    dropped, after, penalty = built.train().forward_with_penalty(read, state)
    assert ((dropped == 0) | torch.isclose(dropped, 2 * raw)).all()
    assert (dropped == 0).any()
    h, d = raw.detach().numpy(), dropped.detach().numpy()
    differences = [(h[t + 1] - h[t]) ** 2 for t in range(len(h) - 1)]
    assert penalty.item() == pytest.approx(alpha * np.mean(d**2) + beta * np.mean(differences))
    assert all(part.requires_grad for part in (penalty, *after))
    one, _, penalty = built.forward_with_penalty(read[:1], state)  # nothing to compare a single step with
    assert penalty.item() == pytest.approx(alpha * one.square().mean().item())


@pytest.mark.parametrize("name", STEPS)
def test_without_extras_training_reads_as_evaluation_does_and_adds_nothing(name):
    built = network(name)
    read = tokens(built)
    expected, _ = built(read, built.initial_state(1))
    found, _, penalty = built.train().forward_with_penalty(read, built.initial_state(1))
    assert torch.equal(found, expected)
    assert penalty is None


@pytest.mark.parametrize("place", ["input_dropout", "between_dropout", "output_dropout"])
def test_each_dropout_acts_in_its_place_alone(place):
    def shares(**options):
        built = network("lstm", layers=3, **options)
        return [part.share for part in (built.input_dropout, *built.stack.dropouts)]

    where = {"input_dropout": [0], "between_dropout": [1, 2], "output_dropout": [3]}[place]
    assert shares(**{place: 0.3}) == [0.3 if index in where else 0.0 for index in range(4)]
    assert shares(dropout=0.2, **{place: 0.0}) == [0.0 if index in where else 0.2 for index in range(4)]


def test_every_extra_can_be_trained_with_and_saved(tmp_path):
    for name, skip in (("rnn", "residual"), ("gru", "highway"), ("lstm", "dense"), ("lstm", "none")):
        model = fitted(name, layers=3, hidden_size=8, skip=skip, **EVERYTHING)
        folder = tmp_path / f"{name}_{skip}"
        folder.mkdir()
        model.save(folder)
        test = stream(80, seed=1)
        again = CLASSES[name].load(folder, test.vocabulary)
        np.testing.assert_array_equal(again.log_probs(test), model.log_probs(test))


def test_awd_lstm_has_the_published_size():
    """24 million parameters on the Penn Treebank (Merity et al. 2018, table 1): 10,000 words."""
    conf = Path(__file__).parents[2] / "conf"
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = compose(overrides=["+model=awd_lstm", "+seed=1", "+device=cpu"])
    model = build_model(OmegaConf.to_container(config.model, resolve=True))
    words = Vocabulary(("</s>", *map(str, range(9_999))), np.ones(10_000, np.int64))
    with torch.device("meta"):
        built = model.build(words)
    inner = layer(4, 400, 1150) + layer(4, 1150, 1150) + layer(4, 1150, 400)
    assert sum(parameter.numel() for parameter in built.parameters()) == 4_010_000 + inner == 24_221_600
