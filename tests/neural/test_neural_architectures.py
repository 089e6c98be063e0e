"""The networks against their equations, written out in numpy one token at a time."""

import numpy as np
import pytest
import torch
from neural_cases import CLASSES, small, stream, vocabulary

from baselines.neural.training.initialise import initialise
from baselines.neural.training.recipe import Training
from benchmark.errors import UserError


def network(name, end=True, **options):
    torch.manual_seed(5)
    built = small(name, **options).build(vocabulary(end=end))
    initialise(built, Training(init_range=0.5), vocabulary(end=end))
    with torch.no_grad():
        for parameter in built.parameters():
            if parameter.dim() < 2:
                parameter.uniform_(-0.5, 0.5)  # biases count too
    return built.eval()


def arrays(built):
    return {name: parameter.detach().double().numpy() for name, parameter in built.named_parameters()}


def features(built, ids):
    """What the network computes before each of `ids` and after the last."""
    tokens = torch.tensor([built.start, *ids])[:, None]
    with torch.no_grad():
        return built(tokens, built.initial_state(1))[0].squeeze(1).numpy()


IDS = [3, 5, 2, 2, 7, 1, 10, 4, 4, 0, 9]


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("window", [1, 2, 5, 20])
@pytest.mark.parametrize("direct", [False, True])
def test_fixed_window_equals_a_loop_over_tokens(window, direct, end):
    built = network("fixed_window", end, window=window, tied=False, direct=direct, hidden_size=4)
    w = arrays(built)
    expected = []
    for place in range(len(IDS) + 1):
        seen = ([built.start] * window + IDS[:place])[-window:]
        x = np.concatenate([w["embedding.weight"][token] for token in seen])
        h = np.tanh(w["hidden.bias"] + w["hidden.weight"] @ x)
        expected.append(np.concatenate([h, x]) if direct else h)
    np.testing.assert_allclose(features(built, IDS), expected, atol=1e-6)


@pytest.mark.parametrize("name", CLASSES)
def test_a_carried_state_equals_one_unbroken_pass(name):
    built = network(name)
    tokens = torch.from_numpy(stream(90).ids.astype(np.int64)).view(30, 3)
    with torch.no_grad():
        whole, last = built(tokens, built.initial_state(3))
        state, parts = built.initial_state(3), []
        for piece in tokens.split([1, 2, 7, 20]):
            part, state = built(piece, state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts), whole)
    for carried, direct in zip(state, last, strict=True):
        torch.testing.assert_close(carried, direct)


def count(name, end=True, **options):
    model = small(name, **options)
    return sum(parameter.numel() for parameter in model.build(vocabulary(11, end)).parameters())


def test_parameters_are_as_many_as_the_formulas_say():
    # V = 11 words; E = H = 6 where tied, else E = 6, H = 5; a row for the start where there is no </s>.
    untied = {"tied": False, "hidden_size": 5}
    assert count("fixed_window", window=3) == 11 * 6 + (3 * 6 * 6 + 6) + 11
    direct = {**untied, "direct": True, "window": 3}
    assert count("fixed_window", **direct) == 11 * 6 + (3 * 6 * 5 + 5) + 11 * (5 + 3 * 6) + 11


def test_impossible_shapes_are_refused_with_the_way_out():
    with pytest.raises(UserError, match=r"embedding_size \(6\).*hidden_size \(8\).*model\.tied=false"):
        small("fixed_window", hidden_size=8)
    with pytest.raises(UserError, match=r"model\.tied and model\.direct"):
        small("fixed_window", direct=True)


def test_a_network_can_begin_as_a_unigram_model():
    words = vocabulary()
    built = small("lstm").build(words)
    initialise(built, Training(init_range=1e-9, output_bias="unigram"), words)
    scores = built.output.distribution(torch.from_numpy(features(built, IDS))).exp().numpy()
    np.testing.assert_allclose(
        scores, np.tile((words.counts + 1) / (words.counts + 1).sum(), (12, 1)), rtol=1e-5
    )


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("name", CLASSES)
def test_the_gradient_of_a_tied_matrix_is_dense_and_adds_both_uses(name, end):
    built = network(name, end)
    tokens = torch.tensor([built.start, *IDS[:-1]])[:, None]
    target = torch.tensor(IDS)

    def gradient(embed):
        built.embed = embed
        hidden, _ = built(tokens, built.initial_state(1))
        return torch.autograd.grad(built.output.loss(hidden.flatten(0, 1), target), built.embedding.weight)[0]

    ours, plain = gradient(built.embed), gradient(built.embedding)
    assert ours.layout == torch.strided
    torch.testing.assert_close(ours, plain)
