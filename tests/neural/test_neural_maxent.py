"""N-gram features by hash: logits, gradients and slots against plain Python."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import small, stream, vocabulary
from torch.nn import functional as F

from baselines.neural.architectures.maxent import history_hashes
from baselines.neural.output import hashed
from baselines.neural.output.hashed import STEP, HashedSoftmax
from baselines.neural.output.kinds import Output
from baselines.neural.training.recipe import Training
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError


def layer(words=20, features=3, hash_size=100):
    torch.manual_seed(3)
    built = HashedSoftmax(words, features, hash_size).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_()
    return built


def case(built, n=9, orders=2, seed=0):
    """Features whose slots overlap, repeat and reach both ends of the table."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, built.features, generator=generator, dtype=torch.float64)
    places = torch.randint(built.slots, (n, orders), generator=generator)
    places[0], places[-1] = 0, built.slots - 1
    target = torch.randint(built.vocabulary, (n,), generator=generator)
    return torch.cat([x, places.double()], 1).requires_grad_(), target


def logits_by_definition(built, features):
    """W x + b + T[16 s + w] for each slot, one number at a time; differentiable."""
    rows = []
    for feature in features:
        x, places = feature[: built.features], feature[built.features :].long().tolist()
        logits = [
            built.matrix[w] @ x + built.bias[w] + sum(built.table[STEP * place + w] for place in places)
            for w in range(built.vocabulary)
        ]
        rows.append(torch.stack(logits))
    return torch.stack(rows)


def plain_loss(built, features, target):
    return F.cross_entropy(logits_by_definition(built, features), target)


@pytest.mark.parametrize(("words", "hash_size"), [(20, 100), (16, 16), (1, 70), (2, 33)])
@pytest.mark.parametrize("orders", [1, 2, 4])
def test_loss_scores_and_gradients_are_those_of_the_definition(words, hash_size, orders, monkeypatch):
    monkeypatch.setattr(hashed, "ROWS", 4)
    built = layer(words, hash_size=hash_size)
    features, target = case(built, orders=orders)
    exact = torch.log_softmax(logits_by_definition(built, features), 1)
    torch.testing.assert_close(built.distribution(features), exact)
    torch.testing.assert_close(built.log_probs(features, target), exact.gather(1, target[:, None])[:, 0])
    inputs = [features, *built.parameters()]
    expected = torch.autograd.grad(3.7 * plain_loss(built, features, target), inputs)
    for mine, other in zip(
        torch.autograd.grad(3.7 * built.loss(features, target), inputs), expected, strict=True
    ):
        other = other.clone()
        if other.shape == features.shape:
            other[:, built.features :] = 0  # slots are places, not quantities
        torch.testing.assert_close(mine, other)


def test_the_parts_for_other_devices_give_the_same_loss_and_gradient():
    built = layer()
    features, target = case(built)
    x, places = built._split(features)
    direct = hashed._Stretches.apply(built.table, places, built.vocabulary)
    loss = F.cross_entropy(F.linear(x, built.weight, built.bias) + direct, target)
    inputs = [features, *built.parameters()]
    ours = torch.autograd.grad(built.loss(features, target), inputs)
    for mine, other in zip(ours, torch.autograd.grad(loss, inputs), strict=True):
        torch.testing.assert_close(mine, other)


@given(words=st.integers(1, 70), places=st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_both_ways_to_scatter_accumulate_alike(words, places):
    slope = torch.randn(len(places), words, dtype=torch.float64)
    size = 5 * STEP + -(-words // STEP) * STEP + 3
    rows, blocks, expected = (torch.zeros(size, dtype=torch.float64) for _ in range(3))
    index = torch.tensor(places)[:, None]
    for place, row in zip(places, slope, strict=True):
        for word in range(words):
            expected[STEP * place + word] += row[word]
    hashed._scatter_rows(rows, index, slope)
    hashed._scatter_blocks(blocks, index, slope)
    torch.testing.assert_close(rows, expected)
    torch.testing.assert_close(blocks, expected)


def hash_by_definition(history):
    """splitmix64 over the tokens, last first, in Python's integers."""
    mask, state = 2**64 - 1, 0
    for token in reversed(history):
        state = (state + token + 1) * 0x9E3779B97F4A7C15 & mask
        state = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
        state = ((state ^ state >> 27) * 0x94D049BB133111EB) & mask
        state ^= state >> 31
    return state & (2**62 - 1)


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("order", [2, 3, 5])
def test_slots_are_those_of_the_last_words(order, end):
    built = small("rnn_maxent", order=order, hash_size=5000).build(vocabulary(end=end)).eval()
    ids = [3, 5, 2, 2, 7, 1, 10]
    seen = [built.start] * (order - 1) + ids
    with torch.no_grad():
        features, _ = built(torch.tensor([built.start, *ids])[:, None], built.initial_state(1))
    assert features.shape == (8, 1, 6 + order - 1)
    for place in range(8):
        before = seen[place : place + order - 1]
        expected = [hash_by_definition(before[-n:]) % built.output.slots for n in range(1, order)]
        assert features[place, 0, 6:].tolist() == expected


def test_hashes_spread_over_the_table():
    pairs = torch.cartesian_prod(torch.arange(100), torch.arange(100)).T  # [2, 10,000] histories
    hashes = history_hashes(pairs, 2)
    assert len(hashes[..., 1].unique()) == 10_000
    assert len(hashes[..., 0].unique()) == 100
    share = torch.bincount((hashes[..., 1] % 64).flatten(), minlength=64) / 10_000
    assert (share - 1 / 64).abs().max() < 5 * (1 / 64 / 10_000) ** 0.5


def test_histories_reach_back_to_order_words_and_no_farther():
    """With the recurrence cut off, a score depends on the last order − 1 words alone."""
    model = small("rnn_maxent", order=3, hash_size=4000)
    train = stream(400)
    model.fit(train, train.head(20), RunLog())
    with torch.no_grad():
        model._network.output.matrix.zero_()
        model._network.output.table.normal_()
    contexts = [[1, 4, 5], [3, 9, 4, 5], [8, 5], [4, 6]]
    scores = model.next_log_probs([np.array(context) for context in contexts])
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)
    for other in (2, 3):
        assert np.abs(scores[0] - scores[other]).max() > 0.1


def test_features_learn_what_a_tiny_recurrence_does_not():
    """The next word is a random function of the last two: one unit cannot hold it, trigram features can."""
    rng = np.random.default_rng(0)
    follows = rng.integers(0, 11, (11, 11))
    ids = [0, 1]
    for _ in range(1500):
        ids.append(int(follows[ids[-2], ids[-1]]) if rng.random() < 0.9 else int(rng.integers(0, 11)))
    train = TokenStream.from_ids(np.array(ids, np.uint16), vocabulary(end=False))
    recipe = Training(epochs=6, batch=5, unroll=10, optimiser="adam", learning_rate=0.05, clip=1.0)
    nats = {}
    for name, options in (("rnn", {}), ("rnn_maxent", {"hash_size": 20_000})):
        model = small(name, embedding_size=1, hidden_size=1, training=recipe, **options)
        model.fit(train, train, RunLog())
        nats[name] = -model.log_probs(train).mean()
    assert nats["rnn_maxent"] < 0.9 < nats["rnn"] - 0.8


def test_impossible_settings_are_refused_with_the_way_out():
    with pytest.raises(UserError, match=r"output\.kind=adaptive.*n-gram features.*output=softmax"):
        small("rnn_maxent", output=Output(kind="adaptive", division=4.0))
    words = Vocabulary(tuple(f"w{word}" for word in range(40)), np.arange(40, 0, -1))
    with pytest.raises(UserError, match=r"model\.hash_size=47 is too small.*40 words"):
        small("rnn_maxent", hash_size=47).build(words)
    assert small("rnn_maxent", hash_size=48).build(words).output.slots == 1


def test_slots_and_loss_bear_bfloat16():
    built = small("rnn_maxent", hash_size=2**22).build(vocabulary())
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_(std=0.3)
    tokens, target = torch.tensor([2, 3, 5, 7])[:, None], torch.tensor([3, 5, 7, 2])
    exact, _ = built(tokens, built.initial_state(1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded, _ = built(tokens, built.initial_state(1))
        loss = built.output.loss(rounded.flatten(0, 1), target)
    assert torch.equal(rounded[..., 6:], exact[..., 6:])
    assert loss.item() == pytest.approx(built.output.loss(exact.flatten(0, 1), target).item(), abs=0.05)
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in built.parameters())


def test_slots_stay_exact_in_float32():
    assert hashed.slots(hashed.MOST_SLOTS * STEP, 10_000) <= 2**24
    assert torch.tensor(2**24 - 1).float().long().item() == 2**24 - 1
