"""Optimisers beside torch's own, averaging, clipping, initialisation, label smoothing."""

from dataclasses import replace

import pytest
import torch
from neural_cases import QUICK, small, vocabulary
from torch import nn

from baselines.neural.output.softmax import Softmax
from baselines.neural.training.initialise import initialise
from baselines.neural.training.optimisers import Average, Optimiser
from baselines.neural.training.recipe import Training
from baselines.neural.training.step import check_smoothing, smoothing_excess
from benchmark.errors import UserError


class Bowl(nn.Module):
    """Σ (A w − b)²: enough to walk on."""

    def __init__(self):
        super().__init__()
        draw = torch.Generator().manual_seed(5)
        self.w = nn.Parameter(torch.randn(7, generator=draw))
        self.a = torch.randn(9, 7, generator=draw)
        self.b = torch.randn(9, generator=draw)

    def loss(self):
        return (self.a @ self.w - self.b).square().sum()


ORACLES = {
    "sgd": (torch.optim.SGD, {"momentum": 0.9}, {"momentum": 0.9}),
    "adagrad": (torch.optim.Adagrad, {}, {}),
    "rmsprop": (torch.optim.RMSprop, {"beta2": 0.95}, {"alpha": 0.95}),
    "adam": (torch.optim.Adam, {"beta1": 0.0, "beta2": 0.99}, {"betas": (0.0, 0.99)}),
    "adamw": (torch.optim.AdamW, {}, {"betas": (0.9, 0.999)}),
    "nadam": (torch.optim.NAdam, {}, {"betas": (0.9, 0.999)}),
}


@pytest.mark.parametrize("name", ORACLES)
def test_each_walks_as_torchs_own_does(name):
    cls, settings, arguments = ORACLES[name]
    ours, theirs = Bowl(), Bowl()
    recipe = Training(optimiser=name, learning_rate=1.0, l2=0.02, clip=3.0, **settings)
    walker = Optimiser(ours, recipe)
    oracle = cls(theirs.parameters(), lr=1.0, weight_decay=0.02, **arguments)
    for step in range(12):
        walker.clear()
        ours.loss().backward()
        norm = float(ours.w.grad.norm())
        assert float(walker.step(0.01 / (step + 1))) == pytest.approx(norm, rel=1e-5)
        oracle.zero_grad()
        theirs.loss().backward()
        theirs.w.grad.mul_(min(1.0, 3.0 / norm))
        oracle.param_groups[0]["lr"] = 0.01 / (step + 1)
        oracle.step()
        torch.testing.assert_close(ours.w, theirs.w, rtol=1e-5, atol=1e-6)


def test_averaging_is_that_of_torchs_asgd():
    """Its average is that of the weights from the second step on."""
    ours, theirs = Bowl(), Bowl()
    walker = Optimiser(ours, Training(optimiser="nt_asgd", clip=None, nonmonotone=1))
    oracle = torch.optim.ASGD(theirs.parameters(), lr=0.01, lambd=0.0, t0=0.0)
    for step in range(1, 10):
        for bowl, one_step in ((ours, lambda: walker.step(0.01)), (theirs, oracle.step)):
            bowl.zero_grad()
            bowl.loss().backward()
            one_step()
        if step == 2:
            assert [walker.validated(loss) for loss in (1.0, 0.9, 1.1)] == [False, False, True]
    last = ours.w.detach().clone()
    with walker.averaged():
        torch.testing.assert_close(ours.w.detach(), oracle.state[theirs.w]["ax"], rtol=1e-5, atol=1e-6)
        assert not torch.equal(ours.w, last)
    assert torch.equal(ours.w, last)


def test_averaging_begins_when_the_best_is_more_than_n_validations_old():
    """Merity et al. (2018), algorithm 1, n = 2: compared with all but the last two."""
    average = Average(list(Bowl().parameters()), nonmonotone=2)
    found = [average.validated(loss) for loss in (5.0, 4.0, 4.5, 4.2, 4.1, 4.05, 4.01)]
    assert found == [False, False, False, False, True, False, False]


def drawn(**recipe):
    torch.manual_seed(0)
    model = small("lstm", embedding_size=32, hidden_size=32, training=replace(QUICK, **recipe))
    network = model.build(vocabulary())
    initialise(network, model.training, vocabulary())
    inner = [p for p in network.parameters() if p.dim() == 2 and p is not network.embedding.weight]
    return network.embedding.weight.detach(), [matrix.detach() for matrix in inner]


def test_initialisations_are_what_their_papers_say():
    embedding, inner = drawn(initialisation="uniform", init_range=0.2)
    assert all(0.19 < float(m.abs().max()) <= 0.2 for m in (embedding, *inner))
    _, inner = drawn(initialisation="xavier")
    for matrix in inner:
        bound = (6 / sum(matrix.shape)) ** 0.5
        assert 0.95 * bound < float(matrix.abs().max()) <= bound
    embedding, inner = drawn(initialisation="orthogonal", init_range=0.1)
    assert float(embedding.abs().max()) <= 0.1
    for matrix in inner:
        square = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
        torch.testing.assert_close(square, torch.eye(len(square)), atol=1e-5, rtol=0)
    embedding, inner = drawn(initialisation="fan_in", init_range=0.1)
    assert float(embedding.abs().max()) <= 0.1
    for matrix in inner:
        assert 0.9 < float(matrix.abs().max()) * matrix.shape[1] ** 0.5 <= 1
    embedding, inner = drawn(initialisation="zero")
    assert not any(bool(m.any()) for m in (embedding, *inner))


def test_smoothing_is_cross_entropy_with_smoothed_labels():
    torch.manual_seed(0)
    output = Softmax(13, 5).double()
    nn.init.normal_(output.matrix)
    nn.init.normal_(output.bias)
    features = torch.randn(8, 5, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(13, (8,))
    logits = features @ output.matrix.t() + output.bias
    plain = nn.functional.cross_entropy(logits, targets)
    oracle = nn.functional.cross_entropy(logits, targets, label_smoothing=0.2)
    found = plain + 0.2 * smoothing_excess(output, features, targets)
    torch.testing.assert_close(found, oracle)
    leaves = (features, output.matrix, output.bias)
    for ours, theirs in zip(
        torch.autograd.grad(found, leaves, retain_graph=True),
        torch.autograd.grad(oracle, leaves),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_smoothing_is_refused_where_it_would_be_wrong():
    class Other(Softmax):
        pass

    check_smoothing(Softmax(5, 3), 0.1)
    check_smoothing(Other(5, 3), 0.0)
    with pytest.raises(UserError, match=r"label_smoothing=0\.1 needs the full softmax"):
        check_smoothing(Other(5, 3), 0.1)
