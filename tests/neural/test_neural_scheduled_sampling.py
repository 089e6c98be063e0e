"""Scheduled sampling: which words are replaced, by what, and that nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from neural_cases import QUICK, small, stream, vocabulary

from baselines.neural.training.minibatches import Minibatches
from baselines.neural.training.precision import Precision
from baselines.neural.training.scheduled_sampling import ScheduledSampling
from benchmark.contract import RunLog
from benchmark.errors import UserError

CPU = torch.device("cpu")


def segments(context="stream", number=1, **recipe):
    """A network with its sampling at the full rate, and some segments."""
    training = replace(QUICK, **{"scheduled_sampling": 0.5, **recipe})
    model = small("lstm", context=context, training=training, dropout=0.4)
    network = model._drawn(vocabulary()).train()
    sampling = ScheduledSampling(network, training, Precision(training, CPU))
    sampling.advance(1.0)
    minibatches = Minibatches(stream(4000), network.start, CPU, context, training, 1).starting_at()
    return network, sampling, [next(minibatches).segment for _ in range(number)]


def state_of(network, segment):
    return network.initial_state(segment.inputs.shape[1])


def test_words_are_replaced_at_the_stated_rate():
    network, sampling, (segment,) = segments(batch=40, unroll=50)
    mixed = sampling.mixed(segment, state_of(network, segment)).inputs
    differ = mixed != segment.inputs
    assert not differ[0].any()
    # a draw is the word itself with its own probability, which tells how many must differ
    with torch.no_grad():
        features, _ = network.eval()(segment.inputs, state_of(network, segment))
        own = network.output.log_probs(features[:-1].flatten(0, 1), segment.inputs[1:].flatten()).exp()
    expected = 0.5 * (1 - own)
    error = (expected * (1 - expected)).sum().sqrt()
    assert abs(float(differ.sum() - expected.sum())) < 4 * float(error)
    assert torch.equal(sampling.mixed(segment, state_of(network, segment)).targets, segment.targets)


def test_draws_follow_the_distribution_given_the_true_words():
    network, sampling, (segment,) = segments(batch=1, unroll=3, scheduled_sampling=1.0)
    state = state_of(network, segment)
    with torch.no_grad():
        features, _ = network.eval()(segment.inputs, state)
        expected = network.output.distribution(features[-2]).exp()[0].double()
    network.train()
    torch.manual_seed(5)
    draws = torch.stack([sampling.mixed(segment, state).inputs[-1, 0] for _ in range(1000)])
    counts = torch.bincount(draws, minlength=len(vocabulary())).double()
    statistic = ((counts - 1000 * expected) ** 2 / (1000 * expected)).sum()
    assert statistic < 35.6  # chi-squared with 10 degrees of freedom, p < 0.0001
    assert network.training


@pytest.mark.parametrize("end", [True, False])
def test_padding_is_left_alone_and_so_are_first_words(end):
    context = "sentence" if end else "stream"
    network, sampling, found = segments(context, 12, scheduled_sampling=1.0, batch=7)
    torch.manual_seed(1)
    changed = 0
    for segment in found:
        mixed = sampling.mixed(segment, state_of(network, segment)).inputs
        there = torch.zeros(mixed.numel(), dtype=torch.bool)
        there[slice(None) if segment.kept is None else segment.kept] = True
        differ = (mixed != segment.inputs).flatten()
        assert not differ[~there].any()
        assert not differ[: mixed.shape[1]].any()
        changed += int(differ.sum())
    assert changed > 0


def test_the_rate_rises_with_the_budget():
    network, sampling, (segment,) = segments(scheduled_sampling=0.4)
    rates = []
    for progress in (0.0, 0.25, 1.0, 1.2):
        sampling.advance(progress)
        rates.append(sampling.rate)
    assert rates == pytest.approx([0.0, 0.1, 0.4, 0.4])
    sampling.advance(0.0)
    before = torch.get_rng_state()
    assert sampling.mixed(segment, state_of(network, segment)) is segment
    assert torch.equal(torch.get_rng_state(), before)


def fit(**recipe):
    model = small("lstm", training=replace(QUICK, epochs=2, **recipe), dropout=0.3)
    model.fit(stream(200), stream(60, seed=1), RunLog())
    return model, model.log_probs(stream(100, seed=2))


def test_the_seed_determines_the_weights():
    without, some, same = fit(), fit(scheduled_sampling=0.5), fit(scheduled_sampling=0.5)
    np.testing.assert_array_equal(some[1], same[1])
    assert not np.array_equal(some[1], without[1])


def test_the_first_pass_counts_as_operations():
    without, some = (model.operations() for model, _ in (fit(), fit(scheduled_sampling=0.5)))
    network = fit()[0].network
    features, output = network.operations(), without.score - network.operations()
    assert some.train == without.train + features + 0.25 * output
    assert some.score == without.score


def test_steps_of_one_word_have_nothing_to_replace():
    with pytest.raises(UserError, match=r"model\.training\.unroll to 2 or more"):
        replace(QUICK, scheduled_sampling=0.1, unroll=1)


def test_weights_that_have_diverged_do_not_stop_it():
    network, sampling, (segment,) = segments()
    with torch.no_grad():
        network.embedding.weight.fill_(float("nan"))
    assert sampling.mixed(segment, state_of(network, segment)).inputs.max() < len(vocabulary())
