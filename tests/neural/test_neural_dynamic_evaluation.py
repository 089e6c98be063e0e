"""Dynamic evaluation against a plain loop with torch's own optimisers and formulas written out."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from neural_cases import fitted, small, stream, vocabulary
from torch.nn import functional as F

from baselines.neural.adaptation.dynamic_evaluation import DynamicEvaluation, climb
from baselines.neural.adaptation.gradient_statistics import ROWS, root_mean_squares
from baselines.neural.adaptation.update_rule import UpdateRule
from baselines.neural.network import Network, detach
from baselines.neural.output.kinds import Output
from benchmark.check import check_model
from benchmark.contract import RunLog, TokenStream
from benchmark.errors import UserError


def adapted(name: str = "lstm", context: str = "stream", end: bool = True, **options) -> DynamicEvaluation:
    """Around a network that is trained already; settings keep the search away unless asked for."""
    settings = {
        "learning_rate": 0.5,
        "decay": 0.0,
        "segment": 7,
        "optimiser": "sgd",
        "statistics_segments": 5,
    }
    model = DynamicEvaluation(of=fitted(name, stream(end=end), context=context), **{**settings, **options})
    model.vocabulary, model._train = vocabulary(end=end), stream(end=end)
    model.learn(stream(60, end=end, seed=2), RunLog())
    return model


def log_softmax(network: Network, features: torch.Tensor) -> torch.Tensor:
    return F.log_softmax(F.linear(features, network.output.weight, network.output.bias), -1)


def by_hand(model: DynamicEvaluation, text: TokenStream) -> np.ndarray:
    """Token by token through a copy of the network, torch's SGD after each whole segment."""
    network = copy.deepcopy(model.network)
    optimiser = torch.optim.SGD(network.parameters(), lr=model.chosen["learning_rate"])
    ids = [network.start, *np.asarray(text.ids).tolist()]
    scores, losses, state = [], [], network.initial_state(1)
    for token, target in pairwise(ids):
        if model.of.context == "sentence" and token == text.vocabulary.end:
            state = network.initial_state(1)
        features, state = network(torch.tensor([[token]]), state)
        losses.append(-log_softmax(network, features[0, 0])[target])
        scores.append(-losses[-1].item())
        if len(losses) == model.segment:
            optimiser.zero_grad()
            torch.stack(losses).mean().backward()
            optimiser.step()
            losses, state = [], detach(state)
    return np.array(scores)


@pytest.mark.parametrize(
    ("name", "context", "end"),
    [
        ("rnn", "stream", True),
        ("lstm", "stream", False),
        ("lstm", "sentence", True),
        ("rnn", "sentence", False),
    ],
)
def test_scores_are_those_of_a_loop_with_plain_sgd(name, context, end):
    model, text = adapted(name, context, end), stream(66, end=end, seed=5)
    expected = by_hand(model, text)
    np.testing.assert_allclose(model.log_probs(text), expected, atol=2e-5)
    assert np.abs(model.of.log_probs(text) - expected).max() > 1e-2  # something was learnt on the way
    places = [0, 1, 6, 7, 8, 21, 40, 65]
    rows = model.next_log_probs([text.ids[:place] for place in places])
    np.testing.assert_allclose(rows[range(len(places)), text.ids[places]], expected[places], atol=2e-5)


def test_a_step_follows_the_published_formula():
    generator = torch.Generator().manual_seed(1)
    trained, weights, found, scales = (
        [torch.rand(3, 4, generator=generator, dtype=torch.float64) for _ in range(2)] for _ in range(4)
    )
    rate, decay, epsilon = 0.1, 0.6, 0.5
    mean = torch.cat(scales).mean()
    expected = [
        w - rate * g / (r + epsilon * mean) + (decay * r / mean).clamp(max=1) * (t - w)
        for w, g, r, t in zip(weights, found, scales, trained, strict=True)
    ]
    assert any((decay * scale / mean > 1).any() for scale in scales)
    UpdateRule(trained, scales, rate, decay, epsilon).step(weights, found)
    torch.testing.assert_close(weights, expected)


def test_plain_sgd_decays_by_one_share_everywhere():
    trained, weights, found = [torch.zeros(3)], [torch.ones(3)], [torch.tensor([0.0, 1.0, 2.0])]
    UpdateRule(trained, None, 0.1, 0.25, 1.0).step(weights, found)
    torch.testing.assert_close(weights[0], torch.tensor([0.75, 0.65, 0.55]))


def test_statistics_are_root_mean_squares_of_minibatch_gradients():
    model, text = fitted("rnn"), stream(ROWS * 12, seed=4)
    network = model.network
    found = root_mean_squares(network, text, "stream", 5, 2)
    ids = np.concatenate([[network.start], text.ids]).astype(np.int64)
    starts = np.arange(ROWS) * 12
    squares, state = (
        [torch.zeros_like(weight) for weight in network.parameters()],
        network.initial_state(ROWS),
    )
    for first in (0, 4):  # 12 columns in segments of at most 5: three of 4
        inputs = torch.from_numpy(ids[starts + np.arange(first, first + 4)[:, None]])
        targets = torch.from_numpy(ids[starts + np.arange(first, first + 4)[:, None] + 1])
        features, state = network(inputs, detach(state))
        loss = F.nll_loss(log_softmax(network, features).flatten(0, 1), targets.flatten())
        for total, gradient in zip(squares, torch.autograd.grad(loss, network.parameters()), strict=True):
            total += gradient.to_dense() ** 2 / 2
    for scale, total in zip(found, squares, strict=True):
        torch.testing.assert_close(scale, total.sqrt(), atol=1e-6, rtol=1e-4)


@pytest.mark.slow
def test_it_keeps_the_contract_with_plain_sgd_and_sentences():
    def build() -> DynamicEvaluation:
        of = small("rnn", context="sentence")
        return DynamicEvaluation(of=of, optimiser="sgd", segment=50, decay=0.01, validation_targets=100)

    assert [finding for finding in check_model(build) if finding.problem] == []


@pytest.mark.parametrize("kind", [{"kind": "sampled"}, {"kind": "nce", "log_normaliser": 0.0}])
def test_what_is_learnt_from_is_exact_where_training_estimates(kind):
    output = Output(**kind, samples=3, power=0.75)
    of = fitted("rnn", stream(), output=output, tied=False)
    model = DynamicEvaluation(of=of, optimiser="sgd", segment=7, learning_rate=0.5, decay=0.0)
    model.vocabulary = vocabulary()
    model.learn(stream(60, seed=2), RunLog())
    text = stream(40, seed=5)
    np.testing.assert_allclose(model.log_probs(text), by_hand(model, text), atol=2e-5)


def test_the_trained_weights_come_back_even_after_an_error(monkeypatch):
    model, text = adapted(), stream(40, seed=3)
    before = [weight.clone() for weight in model.network.parameters()]
    model.log_probs(text)
    model.next_log_probs([text.ids[:20]])
    for weight, old in zip(model.network.parameters(), before, strict=True):
        torch.testing.assert_close(weight.data, old, rtol=0, atol=0)

    step = UpdateRule.step

    def failing(rule, weights, found):
        step(rule, weights, found)
        raise MemoryError

    monkeypatch.setattr(UpdateRule, "step", failing)
    with pytest.raises(MemoryError):
        model.log_probs(text)
    for weight, old in zip(model.network.parameters(), before, strict=True):
        torch.testing.assert_close(weight.data, old, rtol=0, atol=0)


def test_a_text_unlike_the_training_text_is_learnt_on_the_way():
    text = TokenStream.from_ids(np.tile([3, 5, 4, 9], 80), vocabulary())
    for optimiser in ("sgd", "rms"):
        model = DynamicEvaluation(of=fitted("lstm"), optimiser=optimiser, segment=8, statistics_segments=5)
        model.vocabulary, model._train = text.vocabulary, stream()
        model.learn(text, RunLog())
        assert model.log_probs(text)[200:].mean() > model.of.log_probs(text)[200:].mean() + 0.5


def test_the_search_climbs_to_the_least_loss_on_either_side():
    for least in (1e-3, 0.3, 40.0):
        found = climb(lambda rate, least=least: abs(np.log(rate / least)), 0.3)
        assert abs(np.log(found / least)) <= np.log(3) / 2 + 1e-9
    assert climb(lambda rate: np.inf if rate > 0.05 else 1.0, 0.3) < 0.05


def test_an_empty_validation_text_asks_for_settings():
    model = DynamicEvaluation(of=fitted("rnn"), optimiser="sgd")
    with pytest.raises(UserError, match=r"set model\.learning_rate and model\.decay"):
        model.learn(stream(0), RunLog())


def test_copies_of_the_weights_count_in_the_size():
    network = adapted().of.size()
    assert adapted().size().bytes_in_memory == 2 * network.bytes_in_memory
    assert adapted(optimiser="rms").size().bytes_in_memory == 5 * network.bytes_in_memory
    assert adapted().size().parameters == network.parameters


@pytest.mark.gpu
def test_a_gpu_gives_the_scores_of_the_cpu():
    model, text = adapted(), stream(60, seed=5)
    expected = model.log_probs(text)
    model.network.to("cuda")
    np.testing.assert_allclose(model.log_probs(text), expected, atol=1e-3)
