"""Dropout of units, words and connections, and skip connections."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from recurrent_cases import network, tokens
from torch.nn import functional as F

from baselines.neural.architectures.mogrifier import MogrifierLayer
from baselines.neural.kernels import recurrence
from baselines.neural.layers.cells import ElmanLayer, GruLayer, LstmLayer
from baselines.neural.layers.dropout import Dropout, WeightDrop, WordDropout
from baselines.neural.layers.skip import Highway, skip_connection

LAYERS = {
    "elman": lambda share: ElmanLayer(4, 5, "tanh", weight_drop=share),
    "gru": lambda share: GruLayer(4, 5, weight_drop=share),
    "lstm": lambda share: LstmLayer(4, 5, weight_drop=share),
    "mogrifier": lambda share: MogrifierLayer(4, 5, rounds=2, weight_drop=share),
}


def drawn(layer):
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-0.7, 0.7, generator=generator)
    return layer


def inputs(time=7, rows=3, width=4):
    return torch.randn(time, rows, width, generator=torch.Generator().manual_seed(1))


@given(share=st.sampled_from([0.1, 0.5, 0.9]), locked=st.booleans(), seed=st.integers(0, 99))
def test_dropout_keeps_some_units_and_scales_them(share, locked, seed):
    x = torch.ones(40, 10, 30)
    torch.manual_seed(seed)
    dropped = Dropout(share, locked)(x)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], torch.full_like(dropped[kept], 1 / (1 - share)))
    places = 300 if locked else x.numel()
    assert abs(kept.float().mean().item() - (1 - share)) < 5 * (share * (1 - share) / places) ** 0.5
    assert (kept == kept[:1]).all() == locked
    assert not (kept == kept[:, :1]).all()  # rows draw for themselves


@pytest.mark.parametrize("size", [1, 2, 7])
def test_dropout_of_any_size_and_next_to_everything(size):
    torch.manual_seed(2)
    x = torch.ones(size, dtype=torch.float64)
    found = {value for _ in range(60) for value in Dropout(0.5)(x).tolist()}
    assert found == {0.0, 2.0}
    assert Dropout(1 - 1e-12)(x).shape == x.shape
    neighbours = torch.stack([Dropout(0.5)(torch.ones(2)) for _ in range(400)]).bool()  # of one draw
    assert abs((neighbours[:, 0] == neighbours[:, 1]).float().mean().item() - 0.5) < 0.13


def test_what_drops_nothing_copies_nothing():
    x, weight = inputs(), torch.ones(3, 3)
    ids = torch.zeros(7, 3, dtype=torch.int64)
    for share, training in ((0.0, True), (0.5, False)):
        assert Dropout(share, locked=True).train(training)(x) is x
        assert Dropout(share).train(training)(x) is x
        assert WordDropout(share).train(training)(x, ids, 9) is x
        assert WeightDrop(share).train(training)(weight) is weight


def test_a_dropped_word_is_missing_wherever_it_occurs():
    ids = torch.randint(6, (20, 5), generator=torch.Generator().manual_seed(2))
    torch.manual_seed(4)
    factors = WordDropout(0.5)(torch.ones(20, 5, 3), ids, 6)
    by_word = [set(factors[ids == word].flatten().tolist()) for word in range(6)]
    assert all(len(values) == 1 for values in by_word)
    assert set.union(*by_word) == {0.0, 2.0}


@pytest.mark.parametrize("dropout", [Dropout(0.5), Dropout(0.5, locked=True), WeightDrop(0.5)])
def test_the_global_generator_decides_what_is_dropped(dropout):
    x = torch.ones(4, 5, 6)
    torch.manual_seed(8)
    first, second = dropout(x), dropout(x)
    torch.manual_seed(8)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("tied", [True, False])
def test_word_dropout_leaves_the_gradient_of_the_matrix_what_it_was(tied):
    """It acts on what is looked up; the gradient, which may be sparse there, is that of a masked matrix."""
    built = network("lstm", tied=tied, embedding_dropout=0.5).train()
    read, matrix = tokens(built, rows=2), built.embedding.weight
    target = torch.arange(read.numel()) % 11

    def gradient(embed):
        torch.manual_seed(6)
        built.embed = embed
        found, _, _ = built.forward_with_penalty(read, built.initial_state(2))
        return torch.autograd.grad(built.output.loss(found.flatten(0, 1), target), matrix)[0]

    ours, dense = gradient(built.embed), gradient(lambda ids: F.embedding(ids, matrix))
    assert ours.layout == torch.strided
    torch.testing.assert_close(ours, dense)
    torch.manual_seed(6)
    kept = torch.empty(len(matrix), dtype=matrix.dtype).bernoulli_(0.5) * 2
    built.word_dropout.share = 0.0
    masked = gradient(lambda ids: F.embedding(ids, matrix * kept[:, None]))
    torch.testing.assert_close(ours, masked)


@pytest.mark.parametrize("name", LAYERS)
def test_weight_drop_changes_the_outputs_in_training_and_only_there(name):
    whole, dropping = (drawn(LAYERS[name](share)) for share in (0.0, 0.5))
    x = inputs()

    def outputs(layer):
        return layer(x, layer.initial_state(3))[0]

    assert torch.equal(outputs(dropping.eval()), outputs(whole))
    dropping.train()
    first, second = outputs(dropping), outputs(dropping)
    assert torch.equal(first[0], outputs(whole)[0])  # nothing is carried to the first step
    for step in range(1, len(x)):
        assert not torch.equal(first[step], outputs(whole)[step])
        assert not torch.equal(first[step], second[step])


@pytest.mark.parametrize("name", LAYERS)
def test_weight_drop_is_one_mask_a_segment_and_the_raw_weights_learn_through_it(name):
    """The outputs and the gradient are those of a layer that has the masked matrix in all its time steps."""
    dropping, masked = drawn(LAYERS[name](0.5)), drawn(LAYERS[name](0.0))
    raw = dropping.weight_hh.detach().clone()
    torch.manual_seed(9)
    mask = WeightDrop(0.5)(torch.ones_like(raw))
    assert set(mask.unique().tolist()) == {0.0, 2.0}
    with torch.no_grad():
        masked.weight_hh.mul_(mask)
    results = []
    for layer in (dropping, masked):
        torch.manual_seed(9)
        outputs, _ = layer(inputs(), layer.initial_state(3))
        results.append((outputs, *torch.autograd.grad(outputs.square().sum(), layer.weight_hh)))
    (ours, gradient), (expected, through) = results
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(gradient, through * mask)
    assert (gradient[mask == 0] == 0).all()
    assert (gradient[mask != 0] != 0).any()
    assert torch.equal(dropping.weight_hh, raw)


def test_weight_drop_reaches_the_kernel_of_every_layer_of_a_network(monkeypatch):
    seen = []
    kernel = recurrence.lstm
    monkeypatch.setattr(recurrence, "lstm", lambda *a: (seen.append((a[3][1] == 0).sum()), kernel(*a))[1])
    built = network("lstm", layers=3, weight_drop=0.5).train()
    built.forward_with_penalty(tokens(built), built.initial_state(1))
    assert len(seen) == 3
    assert all(0 < zeros < 4 * 6 * 6 for zeros in seen)


def test_a_networks_locked_masks_hold_for_all_time_steps():
    built = network("lstm", dropout=0.5, variational=True)
    read = tokens(built, rows=2)
    seen = {}
    for place, dropout in enumerate((built.input_dropout, *built.stack.dropouts)):
        dropout.register_forward_hook(lambda _, x, y, place=place: seen.update({place: (y / x[0]).detach()}))
    built.train().forward_with_penalty(read, built.initial_state(2))
    assert len(seen) == 3
    for factor in seen.values():
        torch.testing.assert_close(factor, factor[:1].expand_as(factor))
        assert set(factor.round().unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize(("kind", "inputs", "units", "width"), [
    ("none", 4, 4, 4), ("residual", 4, 4, 4), ("residual", 3, 4, 4), ("highway", 4, 4, 4),
    ("highway", 3, 4, 4), ("dense", 3, 4, 7),
])  # fmt: skip
def test_skip_connections_have_the_width_they_say(kind, inputs, units, width):
    connection = skip_connection(kind, inputs, units)
    x, y = torch.randn(2, 3, inputs), torch.randn(2, 3, units)
    assert connection.width == width == connection(x, y).shape[-1]


def test_the_gradient_of_a_highway_equals_finite_differences():
    highway = drawn(Highway(4).double())
    parameters = dict(highway.named_parameters())
    x, y = (torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))

    def run(x, y, *values):
        return torch.func.functional_call(highway, dict(zip(parameters, values, strict=True)), (x, y))

    assert torch.autograd.gradcheck(run, (x, y, *parameters.values()))
    gate = 1 / (
        1 + np.exp(-(highway.gate.weight @ x.T).T.detach().numpy() - highway.gate.bias.detach().numpy())
    )
    expected = gate * y.detach().numpy() + (1 - gate) * x.detach().numpy()
    np.testing.assert_allclose(highway(x, y).detach().numpy(), expected, atol=1e-12)
