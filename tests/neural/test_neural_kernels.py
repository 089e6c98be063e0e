"""The recurrences written by hand against torch's cells, and their gradients against differences."""

import copy

import pytest
import torch
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st

from baselines.neural.kernels.recurrence import elman, gru, lstm

#: Each kernel as f(x, first states, weights) → (outputs, last states…), with its gates and states.
KERNELS = {
    "tanh": (lambda x, states, weights: elman(x, *states, weights, "tanh"), 1, 1),
    "relu": (lambda x, states, weights: elman(x, *states, weights, "relu"), 1, 1),
    "gru": (lambda x, states, weights: gru(x, *states, weights), 3, 1),
    "lstm": (lambda x, states, weights: lstm(x, *states, weights), 4, 2),
}
SIZE = st.integers(1, 7)


def case(name, time, rows, inputs, units, dtype, seed=0):
    """x, the first states and the weights, all of which want a gradient."""
    _, gates, states = KERNELS[name]
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        scale = 0.7 * units**-0.5  # no chaos, in which rounding would grow
        return (torch.randn(*shape, generator=generator, dtype=dtype) * scale).requires_grad_()

    weights = (
        draw(gates * units, inputs),
        draw(gates * units, units),
        draw(gates * units),
        draw(gates * units),
    )
    return draw(time, rows, inputs), tuple(draw(rows, units) for _ in range(states)), weights


def modules(name, inputs, units, weights):
    """torch's module with these weights."""
    kind = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}.get(name, torch.nn.RNN)
    options = {} if name in ("gru", "lstm") else {"nonlinearity": name}
    module = kind(inputs, units, **options).to(weights[0].dtype)
    with torch.no_grad():
        for parameter, weight in zip(module.parameters(), weights, strict=True):
            parameter.copy_(weight)
    return module


def weighted(results):
    """A scalar that depends on every number of the results in its own way."""
    return sum((part * torch.arange(1.0, part.numel() + 1).view_as(part).cos()).sum() for part in results)


def assert_as_torch(name, time, rows, inputs, units, dtype, tolerance):
    x, states, weights = case(name, time, rows, inputs, units, dtype)
    ours = KERNELS[name][0](x, states, weights)
    module = modules(name, inputs, units, weights)
    first = tuple(state[None] for state in states)
    outputs, last = module(x, first if name == "lstm" else first[0])
    theirs = (outputs, *(part[0] for part in (last if name == "lstm" else (last,))))
    mine = torch.autograd.grad(weighted(ours), [x, *states, *weights])
    plain = torch.autograd.grad(weighted(theirs), [x, *states, *module.parameters()])
    for a, b in zip((*ours, *mine), (*theirs, *plain), strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", KERNELS)
@few
@given(time=SIZE, rows=SIZE, inputs=SIZE, units=SIZE)
def test_outputs_states_and_gradients_are_those_of_torch(name, time, rows, inputs, units):
    assert_as_torch(name, time, rows, inputs, units, torch.float64, 1e-10)


@pytest.mark.parametrize("name", KERNELS)
def test_in_single_precision_too(name):
    assert_as_torch(name, 9, 5, 16, 24, torch.float32, 1e-5)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("time", [1, 4])
def test_gradients_equal_finite_differences(name, time):
    x, states, weights = case(name, time, 3, 2, 3, torch.float64)

    def run(x, *rest):
        return KERNELS[name][0](x, rest[: len(states)], rest[len(states) :])

    assert torch.autograd.gradcheck(run, (x, *states, *weights))


@pytest.mark.parametrize("name", KERNELS)
def test_without_gradients_the_same_numbers_come_out(name):
    x, states, weights = case(name, 6, 1, 4, 5, torch.float64)
    run = KERNELS[name][0]
    expected = run(x, states, weights)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            for got, want in zip(run(x, states, weights), expected, strict=True):
                torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_only_some_inputs_want_a_gradient(name):
    x, states, weights = case(name, 5, 2, 3, 4, torch.float64)
    run = KERNELS[name][0]
    whole = torch.autograd.grad(weighted(run(x, states, weights)), [weights[1]])[0]
    plain = tuple(state.detach() for state in states)
    outputs = run(x.detach(), plain, weights)
    torch.testing.assert_close(torch.autograd.grad(weighted(outputs), [weights[1]])[0], whole)
    frozen = (weights[0].detach(), weights[1], *(bias.detach() for bias in weights[2:]))
    torch.testing.assert_close(
        torch.autograd.grad(weighted(run(x.detach(), plain, frozen)), [weights[1]])[0], whole
    )


@pytest.mark.parametrize("name", ["tanh", "relu", "gru"])
def test_functional_gradients_and_copies_work(name):
    x, states, weights = case(name, 4, 2, 3, 4, torch.float64)
    run = KERNELS[name][0]
    expected = torch.autograd.grad(weighted(run(x, states, weights)), weights)
    bare = tuple(weight.detach() for weight in weights)
    got = torch.func.grad(lambda w: weighted(run(x.detach(), tuple(s.detach() for s in states), w)))(bare)
    torch.testing.assert_close(got, expected)
    module = copy.deepcopy(torch.nn.ParameterList(weights))
    again = torch.autograd.grad(weighted(run(x, states, tuple(module))), list(module))
    torch.testing.assert_close(again, expected)


@pytest.mark.parametrize("name", KERNELS)
def test_two_segments_are_one(name):
    """The gradient passes through the state from one segment to the one before."""
    x, states, weights = case(name, 7, 3, 2, 4, torch.float64)
    run = KERNELS[name][0]
    outputs, *last = run(x, states, weights)
    first, *carried = run(x[:3], states, weights)
    second, *end = run(x[3:], tuple(carried), weights)
    joined = (torch.cat([first, second]), *end)
    inputs = [x, *states, *weights]
    for a, b in zip(
        torch.autograd.grad(weighted((outputs, *last)), inputs),
        torch.autograd.grad(weighted(joined), inputs),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["tanh", "gru", "lstm"])
def test_bfloat16_is_near_and_keeps_states_whole(name):
    """Under autocast: rounded products, 5% of the norm of a gradient, states in float32."""
    x, states, weights = case(name, 12, 8, 32, 32, torch.float32)
    run = KERNELS[name][0]
    expected = run(x, states, weights)
    with torch.autocast("cpu", torch.bfloat16):
        got = run(x, states, weights)
    assert all(state.dtype == torch.float32 for state in got[1:])
    got = tuple(part.float() for part in got)  # torch's LSTM gives its outputs rounded
    assert any(not torch.equal(a, b) for a, b in zip(got, expected, strict=True))  # it was on
    mine = torch.autograd.grad(weighted(got), [x, *states, *weights])
    plain = torch.autograd.grad(weighted(expected), [x, *states, *weights])
    for a, b in zip((*got, *mine), (*expected, *plain), strict=True):
        assert a.dtype == torch.float32
        assert (a - b).norm() <= 0.05 * b.norm()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", KERNELS)
def test_a_gpu_gives_the_numbers_of_the_cpu(name):
    x, states, weights = case(name, 5, 4, 8, 16, torch.float32)
    run = KERNELS[name][0]
    there = [tuple(part.cuda() for part in group) for group in ((x,), states, weights)]
    for a, b in zip(run(there[0][0], *there[1:]), run(x, states, weights), strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=1e-3, atol=1e-3)
