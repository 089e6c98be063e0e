"""Training by samples: the estimates are those of the formulas, and approach the exact gradient."""

import numpy as np
import pytest
import torch
from neural_cases import small, stream
from torch import nn
from torch.nn import functional as F

from baselines.neural.output.kinds import Output
from baselines.neural.output.sampled import NoiseContrastive, Proposal, Sampled
from benchmark.contract import RunLog
from benchmark.errors import UserError

WORDS, FEATURES = 12, 5
WEIGHTS = np.arange(WORDS, 0, -1.0)
KINDS = [Sampled, NoiseContrastive]


def layer(kind, samples=4, tied=False, **options):
    torch.manual_seed(3)
    embedding = nn.Embedding(WORDS + 1, FEATURES) if tied else None
    built = kind(Proposal(WEIGHTS, samples), FEATURES, embedding, **options).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_(std=0.5)
    return built


def case(n=30, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, FEATURES, generator=generator, dtype=torch.float64).requires_grad_()
    return x, torch.randint(WORDS, (n,), generator=generator)


def gradient(built, loss):
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, [built.matrix, built.bias])])


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_exact_softmax(kind):
    built = layer(kind)
    x, target = case()
    exact = torch.log_softmax(F.linear(x, built.matrix, built.bias), 1)
    torch.testing.assert_close(built.distribution(x), exact)
    torch.testing.assert_close(built.log_probs(x, target), exact.gather(1, target[:, None]).squeeze(1))


def test_a_sample_of_all_words_gives_the_exact_loss_and_gradient():
    built = layer(Sampled, WORDS)
    x, target = case()
    ours, exact = built.loss(x, target), built.exact_loss(x, target)
    torch.testing.assert_close(ours, exact)
    torch.testing.assert_close(gradient(built, ours), gradient(built, exact))


@pytest.mark.parametrize("tied", [False, True])
def test_the_sampled_loss_is_that_of_the_formula(tied, monkeypatch):
    built = layer(Sampled, tied=tied)
    x, target = case()
    words, log_inclusion = torch.tensor([7, 2, 0, 9]), torch.tensor([-2.0, -0.3, -0.1, -4.0])
    monkeypatch.setattr(built, "draw", lambda: (words, log_inclusion))
    logits = F.linear(x, built.weight, built.bias).detach().numpy()
    losses = []
    for row, t in zip(logits, target.tolist(), strict=True):
        rest = sum(
            np.exp(row[w]) / np.exp(pi)
            for w, pi in zip(words.tolist(), log_inclusion.tolist(), strict=True)
            if w != t
        )
        losses.append(-np.log(np.exp(row[t]) / (np.exp(row[t]) + rest)))
    assert built.loss(x, target).item() == pytest.approx(np.mean(losses))
    built.loss(x, target).backward()
    touched = set(words.tolist()) | set(target.tolist())
    assert {row for row in range(len(built.matrix)) if built.matrix.grad[row].any()} == touched


def test_a_sample_holds_each_word_once_and_estimates_any_sum_without_bias():
    built = layer(Sampled, 4)
    values = torch.linspace(-1, 2, WORDS)
    torch.manual_seed(1)
    estimates = []
    for _ in range(4000):
        words, log_inclusion = built.draw()
        assert len(set(words.tolist())) == 4
        estimates.append((values[words] / log_inclusion.exp()).sum())
    estimates = torch.stack(estimates)
    error = estimates.std() / len(estimates) ** 0.5
    assert abs(estimates.mean() - values.sum()) < 4 * error
    assert error < 0.2


def test_the_mean_gradient_approaches_the_exact_one_as_samples_grow():
    x, target = case(8)

    def distance(samples, draws=200):
        built = layer(Sampled, samples)
        with torch.no_grad():
            built.bias.copy_(torch.from_numpy(np.log(WEIGHTS)))  # the proposal suits the model
        torch.manual_seed(7)
        exact = gradient(built, built.exact_loss(x, target))
        mean = sum(gradient(built, built.loss(x, target)) for _ in range(draws)) / draws
        return float((mean - exact).norm() / exact.norm())

    few, some, most = distance(1), distance(4), distance(10)
    assert few > 1.5 * some > 3 * most
    assert most < 0.05


def test_the_loss_of_noise_contrastive_estimation_is_that_of_the_formula(monkeypatch):
    built = layer(NoiseContrastive, log_normaliser=0.7)
    x, target = case()
    words = torch.tensor([7, 2, 2, 0])
    monkeypatch.setattr(built, "draw", lambda: words)
    logits, q = F.linear(x, built.matrix, built.bias).detach().numpy(), WEIGHTS / WEIGHTS.sum()

    def p_data(row, word):
        return 1 / (1 + np.exp(-(row[word] - 0.7 - np.log(4 * q[word]))))

    expected = [
        -np.log(p_data(row, t)) - sum(np.log(1 - p_data(row, w)) for w in words.tolist())
        for row, t in zip(logits, target.tolist(), strict=True)
    ]
    assert built.loss(x, target).item() == pytest.approx(np.mean(expected), rel=1e-6)


def test_noise_follows_the_proposal():
    built = layer(NoiseContrastive, WORDS)
    torch.manual_seed(1)
    drawn = torch.cat([built.draw() for _ in range(2000)])
    share = np.bincount(drawn, minlength=WORDS) / len(drawn)
    np.testing.assert_allclose(share, WEIGHTS / WEIGHTS.sum(), atol=0.01)


@pytest.mark.parametrize("log_z", [0.0, 1.5])
def test_noise_contrastive_estimation_rests_where_the_logits_are_those_of_the_data_times_z(log_z):
    """Without features, at biases ln p + ln Z the gradient is zero but for noise; elsewhere it is not."""
    noise = 40_000
    built = layer(NoiseContrastive, noise, log_normaliser=log_z)
    target = torch.from_numpy(np.repeat(np.arange(WORDS), np.arange(1, WORDS + 1)))
    truth = torch.bincount(target) / len(target)
    x = torch.zeros(len(target), FEATURES, dtype=torch.float64)

    def slope(shift):
        with torch.no_grad():
            built.bias.copy_(truth.log() + log_z + shift)
        torch.manual_seed(2)
        return torch.autograd.grad(built.loss(x, target), built.bias)[0]

    # Of k draws about k q are a word, each pushing it down by p / (k q).
    error = truth / (noise * torch.from_numpy(WEIGHTS / WEIGHTS.sum())).sqrt()
    assert (slope(0.0).abs() < 5 * error).all()
    assert (slope(0.5) > 5 * error).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_word_is_certain(kind):
    built = kind(Proposal(np.ones(1), 1), 2)
    nn.init.zeros_(built.matrix)
    loss = built.loss(torch.ones(3, 2, requires_grad=True), torch.zeros(3, dtype=torch.int64))
    loss.backward()
    assert loss.isfinite()
    assert built.matrix.grad.isfinite().all()
    assert built.distribution(torch.ones(1, 2)).item() == 0


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ({"kind": "sampled", "power": 1}, r"kind=sampled needs model\.output\.samples"),
        ({"kind": "nce", "power": 1, "samples": 3}, r"kind=nce needs model\.output\.log_normaliser"),
        ({"kind": "sampled", "power": 1, "samples": 3, "log_normaliser": 0}, r"does nothing.*output=nce"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(output, says):
    with pytest.raises(UserError, match=says):
        Output(**output)


def test_more_samples_than_words_are_refused_when_the_vocabulary_is_known():
    model = small("lstm", output=Output(kind="sampled", samples=12, power=0.75))
    with pytest.raises(UserError, match=r"output\.samples=12 is more than the vocabulary of 11.*=softmax"):
        model.fit(stream(), stream(20), RunLog())


def test_late_in_the_budget_the_loss_can_be_the_exact_one():
    built = layer(Sampled, exact_from=0.8)
    x, target = case()
    exact = F.cross_entropy(F.linear(x, built.weight, built.bias), target)
    built.advance(0.79)
    early = built.loss(x, target)
    built.advance(0.8)
    torch.testing.assert_close(built.loss(x, target), exact)
    assert abs(float((early - exact).detach())) > 1e-3


def test_a_training_tells_the_output_layer_how_far_it_is():
    output = Output(kind="sampled", samples=4, power=0.75, exact_from=0.5)
    told = []

    class Noted(Sampled):
        def advance(self, progress):
            told.append(progress)
            super().advance(progress)

    model = small("rnn", output=output)
    build = model.build
    model.build = lambda vocabulary: noted(build(vocabulary), Noted)
    model.fit(stream(), stream(30), RunLog())
    assert told == sorted(told)
    assert told[0] == 0
    assert 0.5 < told[-1] < 1


def noted(network, kind):
    network.output.__class__ = kind
    return network
