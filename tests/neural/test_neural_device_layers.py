"""Recurrent layers as other devices compute them, run on the CPU: rounding, scaled gradients, one block."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from neural_cases import QUICK, small, stream, vocabulary
from safetensors.torch import load_file, save_file
from test_neural_kernels import KERNELS, case, weighted
from test_neural_resume import RECIPES
from torch import nn

from baselines.neural.kernels.device import float16_recurrence, layer, scaled_layer, share_block
from benchmark.contract import RunLog

RUNS = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu, "gru": torch.gru, "lstm": torch.lstm}


def with_gradients(name, run, dtype=torch.float64, **sizes):
    """Outputs, last states, and the gradients of x, the first states and the weights."""
    shape = {"time": 5, "rows": 4, "inputs": 8, "units": 8, **sizes}
    x, states, weights = case(name, *shape.values(), dtype)
    results = run(x, states, weights)
    gradients = torch.autograd.grad(weighted([part.to(dtype) for part in results]), [x, *states, *weights])
    return [*results, *gradients]


@pytest.mark.parametrize("name", KERNELS)
def test_without_autocast_it_is_the_layer_of_the_cpu(name):
    found = with_gradients(name, lambda *given: layer(RUNS[name], *given))
    for got, want in zip(found, with_gradients(name, KERNELS[name][0]), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", KERNELS)
def test_under_autocast_operands_are_rounded_and_states_and_gradients_keep_their_type(name, kind):
    seen = []

    def run(x, hidden, weights, *options):
        hidden = hidden if isinstance(hidden, tuple) else (hidden,)
        seen.extend(part.dtype for part in (x, *hidden, *weights))
        assert not torch.is_autocast_enabled("cpu")
        return RUNS[name](x, hidden if len(hidden) > 1 else hidden[0], weights, *options)

    def rounded(*given):
        with torch.autocast("cpu", torch.bfloat16):
            if kind == torch.bfloat16:
                return layer(run, *given)
            with float16_recurrence():
                return layer(run, *given)

    expected = with_gradients(name, KERNELS[name][0], torch.float32, units=32)
    outputs, *rest = with_gradients(name, rounded, torch.float32, units=32)
    assert set(seen) == {kind}
    assert outputs.dtype == (torch.bfloat16 if kind == torch.bfloat16 else torch.float32)
    assert {part.dtype for part in rest} == {torch.float32}
    tolerance = 0.05 if kind == torch.bfloat16 else 0.005
    for got, want in zip((outputs.float(), *rest), expected, strict=True):
        assert not torch.equal(got, want)
        assert (got - want).norm() <= tolerance * want.norm()


def test_float16_is_for_autocast_alone():
    """Scoring, which is without autocast, is never in float16."""
    with float16_recurrence():
        found = with_gradients("lstm", lambda *given: layer(torch.lstm, *given), torch.float32)
    for got, want in zip(found, with_gradients("lstm", KERNELS["lstm"][0], torch.float32), strict=True):
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize(("time", "rows", "scale"), [(1, 1, 1), (5, 4, 16), (8, 4, 32)])
def test_scaling_gradients_within_a_layer_changes_nothing_else(name, time, rows, scale):
    """In exact arithmetic: with float64 in place of float16 the gradients are those of the plain layer."""
    arriving = []

    def run(*given):
        outputs, *last = RUNS[name](*given)
        outputs.register_hook(arriving.append)
        return outputs, *last

    def scaled(x, states, weights):
        return scaled_layer(run, x, states, weights, torch.float64)

    found = with_gradients(name, scaled, time=time, rows=rows)
    plain = with_gradients(name, KERNELS[name][0], time=time, rows=rows)
    for got, want in zip(found, plain, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)
    expected = torch.arange(1.0, arriving[0].numel() + 1).view_as(arriving[0]).cos().double()
    assert (arriving[0][:-1] == scale * expected[:-1]).all()


def test_gradients_too_small_for_float16_arrive_nevertheless():
    """Those of a mean over many positions lie below the least number that float16 has."""
    x, states, weights = case("lstm", 40, 60, 8, 8, torch.float32)

    def gradients(run):
        outputs = run(x, states, weights)[0].float()
        return torch.autograd.grad(1e-5 * outputs.sum() / 2400, [x, *weights])

    def rounded(x, states, weights):
        with torch.autocast("cpu", torch.bfloat16), float16_recurrence():
            return layer(torch.lstm, x, states, weights)

    assert 1e-5 / 2400 < 2.0**-24
    halves = tuple(part.detach().half() for part in (*states, *weights))
    plain = torch.lstm(
        x.half(), (halves[0][None], halves[1][None]), halves[2:], True, 1, 0.0, False, False, False
    )[0]
    assert not torch.autograd.grad(1e-5 * plain.float().sum() / 2400, x)[0].any()  # they would vanish
    for got, want in zip(gradients(rounded), gradients(KERNELS["lstm"][0]), strict=True):
        assert (got - want).norm() <= 0.01 * want.norm()


def test_new_weights_are_joined_and_parameters_in_one_block_are_not_copied():
    x, states, weights = case("lstm", 3, 2, 4, 5, torch.float32)
    received = []

    def run(x, hidden, given, *options):
        received[:] = given
        return torch.lstm(x, hidden, given, *options)

    own = [nn.Parameter(weight.detach().clone()) for weight in weights]
    share_block(own)
    layer(run, x, states, tuple(own))
    assert all(got is mine for got, mine in zip(received, own, strict=True))
    layer(run, x, states, (own[0], own[1] * 1, *own[2:]))
    assert_one_block(received)
    with torch.autocast("cpu", torch.bfloat16):
        layer(run, x, states, tuple(own))
    assert_one_block(received)


def assert_one_block(parts):
    """In cuDNN's order: input matrix, recurrent matrix, input bias, recurrent bias, without gaps."""
    assert len({part.untyped_storage().data_ptr() for part in parts}) == 1
    ends = [part.storage_offset() + part.numel() for part in parts]
    assert [part.storage_offset() for part in parts] == [0, *ends[:-1]]
    assert parts[0].untyped_storage().nbytes() == ends[-1] * parts[0].element_size()


def test_another_device_gets_its_weights_in_one_block():
    network = small("lstm", weight_drop=0.3).build(vocabulary()).to("meta")
    for module in network.stack.layers:
        parts = list(module.parameters())
        assert [tuple(part.shape) for part in parts] == [(24, 6), (24, 6), (24,), (24,)]
        ends = [part.storage_offset() + part.numel() for part in parts]
        assert [part.storage_offset() for part in parts] == [0, *ends[:-1]]


@pytest.fixture
def in_one_block(monkeypatch):
    """Networks whose recurrent weights share a block, as on a CUDA device, trained on the CPU."""
    inner = nn.Module.to

    def to(module, *args, **options):
        inner(module, *args, **options)
        for part in module.modules():
            if hasattr(part, "weight_hh"):
                share_block((part.weight_ih, part.weight_hh, part.bias_ih, part.bias_hh))
                assert_one_block(list(part.parameters())[:4])
        return module

    monkeypatch.setattr(nn.Module, "to", to)


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "nadam", "nt_asgd"])
def test_training_and_saving_know_nothing_of_the_block(optimiser, tmp_path, request):
    recipe = replace(QUICK, epochs=2, validate_every=60, optimiser=optimiser, **RECIPES[optimiser])

    def trained():
        model = small("lstm", training=recipe, weight_drop=0.2)
        model.fit(stream(), stream(60, seed=1), RunLog())
        return model, model.log_probs(stream(90, seed=2))

    _, expected = trained()
    request.getfixturevalue("in_one_block")
    model, scores = trained()
    assert math.isfinite(scores.sum())
    assert (scores == expected).all()
    model.save(tmp_path)
    again = type(model).load(tmp_path, vocabulary())
    assert (again.log_probs(stream(90, seed=2)) == scores).all()
    assert (copy.deepcopy(model).log_probs(stream(90, seed=2)) == scores).all()


def test_safetensors_takes_parts_of_a_block(tmp_path):
    own = [nn.Parameter(part) for part in (torch.randn(4, 3), torch.randn(5))]
    share_block(own)
    save_file({"a": own[0].detach(), "b": own[1].detach()}, tmp_path / "parts")
    assert torch.equal(load_file(tmp_path / "parts")["b"], own[1])
