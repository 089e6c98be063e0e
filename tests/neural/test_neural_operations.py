"""Floating-point operations, by torch's counter, with recurrent kernels written out as plain products."""

import numpy as np
import pytest
import torch
from neural_cases import CLASSES, small, stream, vocabulary
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from baselines.mixture.linear import LinearMixture
from baselines.neural.adaptation.dynamic_evaluation import DynamicEvaluation
from baselines.neural.adaptation.neural_cache import NeuralCache
from baselines.neural.architectures.transformer_attention import SpanAttention
from baselines.neural.kernels import recurrence
from baselines.neural.output.kinds import Output
from baselines.neural.training.recipe import Training
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog, Vocabulary

TIME = 8


class Counter(TorchDispatchMode):
    """Adds up torch's own formulas for what runs; its FlopCounterMode also follows modules, which is slow."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if (formula := flop_registry.get(func.overloadpacket)) is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def counted(run) -> int:
    with Counter() as counter:
        run()
    return counter.total


def stepwise(x, state, weights, step):
    w, u, b, c = weights
    outputs = []
    for part in x:
        state = step(F.linear(part, w, b), F.linear(state[0], u, c), state)
        outputs.append(state[0])
    return torch.stack(outputs), *state


def lstm_step(read, kept, state):
    i, f, g, o = (read + kept).chunk(4, 1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def gru_step(read, kept, state):
    (r, z, n), (r_h, z_h, n_h) = read.chunk(3, 1), kept.chunk(3, 1)
    z = (z + z_h).sigmoid()
    return ((1 - z) * (n + (r + r_h).sigmoid() * n_h).tanh() + z * state[0],)


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch):
    """What torch's counter does not see (fused layers, products in place), as operations that it does."""
    monkeypatch.setattr(
        recurrence, "elman", lambda x, h, w, _: stepwise(x, (h,), w, lambda a, b, _: ((a + b).tanh(),))
    )
    monkeypatch.setattr(recurrence, "gru", lambda x, h, w: stepwise(x, (h,), w, gru_step))
    monkeypatch.setattr(recurrence, "lstm", lambda x, h, c, w: stepwise(x, (h, c), w, lstm_step))

    def over_span(self, query, key, value):
        """Each query with the keys of a whole span, of which the first tokens of a text have fewer."""
        missing = query.shape[2] + self.span - 1 - key.shape[2]
        key, value = (F.pad(part, (0, 0, missing, 0)) for part in (key, value))
        parts = []
        for place in range(query.shape[2]):
            seen = slice(place, place + self.span)
            scores = query[:, :, place : place + 1] @ key[:, :, seen].transpose(2, 3)
            parts.append(scores.softmax(-1) @ value[:, :, seen])
        return torch.cat(parts, 2)

    monkeypatch.setattr(SpanAttention, "look", over_span)


def ready(model, words=11, counts=None):
    """A model with initial weights. Its vocabulary has no `</s>`, so a text is one row."""
    known = vocabulary(words, end=False)
    if counts is not None:
        known = Vocabulary(known.tokens, np.asarray(counts))
    model._vocabulary = known
    model._network = model.build(known).eval()
    return model


def of_features(model) -> float:
    """Operations of the features of a token, in the middle of a text."""
    network = model.network
    tokens = torch.zeros(TIME, 2, dtype=torch.int64)
    with torch.no_grad():
        _, state = network(tokens, network.initial_state(2))
        return counted(lambda: network(tokens, state)) / tokens.numel()


SHAPES = {
    "tied": {},
    "untied": {"tied": False, "embedding_size": 5, "hidden_size": 8},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [name for name in CLASSES if name not in ("min_gru", "min_lstm")])
def test_the_formula_of_every_architecture_is_what_the_counter_sees(name, shape):
    model = ready(small(name, **SHAPES[shape], **({"distant": 9} if name == "modern_window" else {})))
    seen = of_features(model)
    if name == "modern_window":
        # averages are products with a banded matrix, zeros included; words before the text are projected
        kernels, width = model.network.kernels, model.hidden_size
        seen += 2 * kernels.numel() * width - 2 * len(kernels) * (9 + TIME - 1) * width
        seen -= 2 * sum(each.numel() for each in model.network.project.parameters()) * (9 - 1) / TIME
    assert model.network.operations() == pytest.approx(seen, rel=1e-9)


@pytest.mark.parametrize(("name", "matrices"), [("min_gru", 2), ("min_lstm", 3)])
def test_minimal_cells_besides_their_convolution_are_what_the_counter_sees(name, matrices):
    model = ready(small(name, layers=2, convolution=4, activation="swiglu"))
    convolutions = 2 * (2 * 4 * 6)  # written out element by element, so that the counter does not see them
    assert model.network.operations() == of_features(model) + convolutions
    inner = 16  # two thirds of 4 · 6
    of_a_layer = matrices * 6 * 6 + 4 * 6 + 6 * 2 * inner + inner * 6
    assert model.network.operations() == 2 * 2 * of_a_layer


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("lstm", {"layers": 3, "skip": "dense", "tied": False}),
        ("lstm", {"layers": 2, "skip": "highway", "layer_norm": True}),
        ("gru", {"layers": 1, "embedding_size": 4, "hidden_size": 7}),
        ("mogrifier_lstm", {"rounds": 3, "rank": 2}),
        ("transformer", {"positions": "learned", "span": 5, "heads": 2, "activation": "swiglu"}),
        ("fixed_window", {"window": 3, "tied": False, "direct": True}),
        ("modern_window", {"global_context": "none"}),
    ],
)
def test_other_forms_are_what_the_counter_sees(name, options):
    model = ready(small(name, **options))
    assert model.network.operations() == of_features(model)


def test_the_formulas_by_hand():
    # V = 11 words without </s>, E = 5, H = 8
    untied = SHAPES["untied"]
    lstm = ready(small("lstm", layers=1, **untied)).operations()
    assert lstm.score == 2 * 4 * 8 * (5 + 8) + 2 * 8 * 11
    assert lstm.train == 3 * lstm.score
    settings = {"layers": 1, "expansion": 1, "window": 2, "distant": 4, "kernels": 2, **untied}
    average = ready(small("modern_window", global_context="average", **settings))
    assert average.network.operations() == 2 * (3 * 5 * 8 + 2 * 4 * 8 + (2 + 2) * 8 * 8 + 8 * 8)
    diagonal = ready(small("log_bilinear", matrices="diagonal", window=3))
    assert diagonal.operations().score == 2 * 3 * 6 + 2 * 6 * 11


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    "output",
    [
        Output(),
        Output(kind="adaptive", cutoffs=[3, 7], division=2.0),
        Output(kind="adaptive", cutoffs=[4], division=1.5),
        Output(kind="sampled", samples=4, power=0.5),
        Output(kind="nce", samples=4, power=0.5, log_normaliser=0.0),
    ],
    ids=lambda output: f"{output.kind}-{output.cutoffs}",
)
def test_the_formula_of_every_output_is_what_the_counter_sees(output, tied):
    counts = [9, 8, 7, 6, 5, 4, 3, 2, 2, 1, 1]
    model = ready(small("rnn", tied=tied, output=output), counts=counts)
    targets = torch.from_numpy(np.repeat(np.arange(11), counts))  # every token as often as its count says
    features = torch.randn(len(targets), 6)
    layer = model.network.output
    seen = counted(lambda: layer.log_probs(features, targets)) / len(targets)
    assert layer.operations(np.array(counts)) == pytest.approx(seen)


@pytest.mark.parametrize("kind", ["sampled", "nce"])
def test_a_sampled_loss_is_what_the_counter_sees_besides_the_targets_own_logit(kind):
    more = {"log_normaliser": 0.0} if kind == "nce" else {}
    model = ready(small("rnn", output=Output(kind=kind, samples=4, power=0.5, **more)))
    layer, targets = model.network.output, torch.zeros(10, dtype=torch.int64)
    seen = counted(lambda: layer.loss(torch.randn(10, 6), targets)) / 10
    assert layer.loss_operations(model._vocabulary.counts) == seen + 2 * 6


def test_a_loss_that_becomes_exact_counts_by_its_share_of_the_budget():
    output = Output(kind="sampled", samples=4, power=0.5, exact_from=0.75)
    model = ready(small("rnn", output=output))
    assert model.network.output.loss_operations(None) == 0.75 * 2 * 6 * 5 + 0.25 * 2 * 6 * 11
    by_the_clock = ready(small("rnn", output=output, training=Training(seconds=5)))
    assert by_the_clock.operations().train is None


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "transformer", "fixed_window"])
def test_training_takes_three_times_the_forward_pass(name):
    model = ready(small(name, **SHAPES["untied"]))
    network = model.network
    text = torch.randint(0, 11, (40, 3))

    def step():
        state = network.initial_state(3)
        learnt = [part.requires_grad_() if part.is_floating_point() else part for part in state]
        features, _ = network(text, tuple(learnt))
        network.output.loss(features.flatten(0, 1), text.flatten()).backward()

    # the counter also sees the gradient of the output's bias as a product with a column
    assert counted(step) / text.numel() == pytest.approx(model.operations().train, rel=0.02)


def test_models_made_of_others():
    train = stream(120)
    network = small("lstm")
    mixture = LinearMixture(components={"network": network, "counts": KneserNey(order=2)})
    mixture.fit(train, train, RunLog())
    alone = network.operations()
    assert mixture.operations().score == alone.score
    assert mixture.operations().train is None
    assert KneserNey(order=2).operations() is None
    cache = NeuralCache(of=small("lstm"), window=30, theta=0.3, weight=0.1)
    cache.fit(train, train, RunLog())
    assert cache.operations().score == alone.score + 2 * 30 * 6
    dynamic = DynamicEvaluation(of=small("lstm"), learning_rate=0.1, decay=0.0, optimiser="sgd")
    dynamic.fit(train, train, RunLog())
    whole = stream(100)  # five segments, each scored and learnt from
    assert counted(lambda: dynamic.log_probs(whole)) / 100 == pytest.approx(
        dynamic.operations().score, rel=0.05
    )
