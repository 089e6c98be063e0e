"""The adaptive softmax against its definition, word by word, and against torch's own."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import small, stream
from torch import nn
from torch.nn import functional as F

from baselines.neural.output import adaptive
from baselines.neural.output.adaptive import Adaptive, cutoffs_by_coverage
from baselines.neural.output.kinds import Output
from benchmark.contract import RunLog
from benchmark.errors import UserError


def layer(vocabulary=11, features=6, cutoffs=(3, 7), division=2.0, tied=False, spare=0):
    torch.manual_seed(3)
    embedding = nn.Embedding(vocabulary + spare, features) if tied else None
    built = Adaptive(vocabulary, features, list(cutoffs), division, embedding).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_()
    return built


def case(n=40, features=6, words=11, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, features, generator=generator, dtype=torch.float64).requires_grad_()
    return x, torch.randint(words, (n,), generator=generator)


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum()


def by_definition(built, x, cutoffs, widths):
    """p of every word after one x, from the parameters alone."""
    tied = built.matrix is not None
    bias = built.bias.detach().numpy()
    edges = [*cutoffs, built.vocabulary]
    rows = built.matrix.detach().numpy() if tied else None
    words = [w.detach().numpy() for w in built.words]
    head = rows[: edges[0]] if tied else words[0]
    logits = np.concatenate([head @ x, built.clusters.detach().numpy() @ x])
    p_head = softmax(logits + np.concatenate([bias[: edges[0]], bias[built.vocabulary :]]))
    p = [p_head[: edges[0]]]
    for i, projection in enumerate(built.projections):
        first, stop = edges[i], edges[i + 1]
        matrix = rows[first:stop, : widths[i]] if tied else words[i + 1]
        assert matrix.shape == (stop - first, widths[i])
        y = projection.detach().numpy() @ x
        p.append(p_head[edges[0] + i] * softmax(matrix @ y + bias[first:stop]))
    return np.concatenate(p)


@pytest.mark.parametrize(("tied", "spare"), [(False, 0), (True, 0), (True, 1)])
@pytest.mark.parametrize(
    ("cutoffs", "division", "widths"),
    [((3, 7), 2.0, (3, 1)), ((1, 2, 10), 1.0, (6, 6, 6)), ((10,), 9.0, (1,))],
)
def test_probabilities_are_those_of_the_definition(tied, spare, cutoffs, division, widths):
    built = layer(cutoffs=cutoffs, division=division, tied=tied, spare=spare)
    x, target = case()
    p = built.distribution(x).exp().numpy()
    expected = [by_definition(built, row, cutoffs, widths) for row in x.detach().numpy()]
    np.testing.assert_allclose(p, expected, atol=1e-12)
    np.testing.assert_allclose(p.sum(1), 1)
    np.testing.assert_allclose(built.log_probs(x, target).exp(), p[range(40), target])
    assert built.loss(x, target).item() == pytest.approx(-np.log(p[range(40), target]).mean())


@given(
    n=st.integers(1, 12),
    cutoffs=st.lists(st.integers(1, 8), max_size=3, unique=True).map(sorted),
    tied=st.booleans(),
    seed=st.integers(0, 99),
)
def test_the_gradient_is_that_of_the_exact_log_likelihood(n, cutoffs, tied, seed):
    built = layer(9, 4, cutoffs, tied=tied, spare=1)
    x, target = case(n, 4, 9, seed)
    inputs = [x, *built.parameters()]

    def plain():
        (head, *tails), (bias, *biases) = built._matrices(), built._biases()
        scores = torch.log_softmax(F.linear(x, head, bias), 1)
        parts = [scores[:, : built.sizes[0]]]
        for i, tail in enumerate(tails):
            y = torch.log_softmax(F.linear(x @ built.projections[i].T, tail, biases[i]), 1)
            parts.append(scores[:, built.sizes[0] + i, None] + y)
        return F.nll_loss(torch.cat(parts, 1), target)

    loss, expected = built.loss(x, target), plain()
    assert loss.item() == pytest.approx(expected.item())
    theirs = torch.autograd.grad(expected, inputs, allow_unused=True)
    for mine, other in zip(torch.autograd.grad(loss, inputs), theirs, strict=True):
        torch.testing.assert_close(mine, torch.zeros_like(mine) if other is None else other)


def test_it_equals_torchs_own_layer_where_that_has_the_same_parameters():
    built = layer(30, 8, (4, 12), 2.0)
    with torch.no_grad():
        built.bias[4:30] = 0  # torch's clusters have none
    theirs = nn.AdaptiveLogSoftmaxWithLoss(8, 30, [4, 12], div_value=2.0, head_bias=True).double()
    with torch.no_grad():
        theirs.head.weight.copy_(torch.cat([built.words[0], built.clusters]))
        theirs.head.bias.copy_(torch.cat([built.bias[:4], built.bias[30:]]))
        for i in range(2):
            theirs.tail[i][0].weight.copy_(built.projections[i])
            theirs.tail[i][1].weight.copy_(built.words[i + 1])
    x, target = case(50, 8, 30)
    torch.testing.assert_close(built.distribution(x), theirs.log_prob(x))
    ours, other = built.loss(x, target), theirs(x, target).loss
    torch.testing.assert_close(ours, other)
    torch.testing.assert_close(*(torch.autograd.grad(loss, x)[0] for loss in (ours, other)))


def test_a_cluster_that_no_target_is_in_has_a_zero_gradient():
    built = layer()
    x, _ = case(5)
    built.loss(x, torch.tensor([0, 1, 2, 5, 4])).backward()
    assert built.words[1].grad.abs().sum() > 0
    assert all(not part.grad.any() for part in (built.words[2], built.projections[1]))


def test_long_inputs_are_scored_in_pieces(monkeypatch):
    built = layer()
    x, target = case(60)
    whole = built.log_probs(x, target)
    monkeypatch.setattr(adaptive, "LOGITS", 1)
    torch.testing.assert_close(built.log_probs(x, target), whole)
    assert built.log_probs(x[:0], target[:0]).shape == (0,)


def test_it_can_begin_as_a_unigram_model():
    built = layer()
    unigram = torch.log_softmax(torch.randn(11, dtype=torch.float64), 0)
    built.start_from(unigram)
    torch.testing.assert_close(built.distribution(torch.zeros(2, 6).double()), unigram.expand(2, 11))


@given(counts=st.lists(st.integers(0, 1000), min_size=1, max_size=80))
def test_clusters_begin_where_enough_is_covered(counts):
    counts = np.sort(counts)[::-1]
    cutoffs = cutoffs_by_coverage(counts)
    mass = (counts + 1) / (counts + 1).sum()
    wanted = {next(k for k in range(1, 81) if mass[:k].sum() >= share - 1e-12) for share in (0.8, 0.95)}
    assert cutoffs == sorted(wanted - {len(counts)})


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ({"kind": "adaptive", "division": 4, "cutoffs": [5, 5]}, r"output\.cutoffs=\[5, 5\] must rise"),
        ({"kind": "adaptive"}, r"kind=adaptive needs model\.output\.division"),
        ({"kind": "softmax", "division": 4}, r"output\.division does nothing.*kind=softmax.*output=adaptive"),
        ({"kind": "adaptive", "division": 4, "samples": 9}, r"output\.samples does nothing.*sampled or nce"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(output, says):
    with pytest.raises(UserError, match=says):
        Output(**output)


def test_cutoffs_beyond_the_vocabulary_are_refused_when_it_is_known():
    model = small("lstm", output=Output(kind="adaptive", cutoffs=[4, 11], division=4.0))
    with pytest.raises(UserError, match=r"model\.output\.cutoffs=\[4, 11\].*vocabulary of 11.*null"):
        model.fit(stream(), stream(20), RunLog())


def test_one_and_two_words_have_few_clusters():
    assert cutoffs_by_coverage(np.array([3])) == []
    assert cutoffs_by_coverage(np.array([9, 0])) == [1]
    assert cutoffs_by_coverage(np.array([2, 1])) == []
