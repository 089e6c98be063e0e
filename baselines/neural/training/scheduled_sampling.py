"""Scheduled sampling: some of the words that a network reads in training are words that it would write."""

from dataclasses import replace

import torch
from torch import Tensor

from baselines.neural.network import Network, State
from baselines.neural.segments import Segment
from baselines.neural.training.precision import Precision
from baselines.neural.training.recipe import Training


class ScheduledSampling:
    """Replaces input words by draws from the network's own distribution of them (Bengio et al. 2015).

    It takes two passes over a segment, as parallel scheduled sampling does (Duckworth et al. 2019, with one
    round of sampling): the first reads the true words of the segment, without dropout, and every draw is from
    a distribution given these. The second one is the step, which reads the mixed words. Its targets are the
    true ones. `rate` is the probability that a word is replaced. It rises linearly with the share of the
    budget that is spent, from 0 to the recipe's `scheduled_sampling`. Which words are replaced is random.
    Their number is not: it is the nearest to the rate, so that the host need not ask the device.

    The first word of each row in a segment is never replaced: the step before predicted it, with other
    weights. Random numbers come from torch's generator of the device.
    """

    def __init__(self, network: Network, training: Training, precision: Precision):
        self._network, self._most, self._precision = network, training.scheduled_sampling, precision
        self.rate = 0.0

    def advance(self, progress: float) -> None:
        """Training has spent this share of its budget."""
        self.rate = self._most * min(progress, 1.0)

    @torch.no_grad()
    def mixed(self, segment: Segment, state: State) -> Segment:
        """The segment with some of its inputs replaced. `state` is that before it."""
        if not self.rate:
            return segment
        inputs, places = segment.inputs, self._places(segment)
        if not len(places):
            return segment
        own = self._drawn(inputs, state, places - inputs.shape[1])
        return replace(segment, inputs=inputs.flatten().index_copy(0, places, own).view_as(inputs))

    def _places(self, segment: Segment) -> Tensor:
        """The positions in inputs [time · rows] that are replaced: words, and none of a row's first."""
        inputs = segment.inputs
        if segment.kept is None:
            words = torch.arange(inputs.shape[1], inputs.numel(), device=inputs.device)
        else:  # in order of time; what pads a row that has ended is no word
            words = segment.kept[int((segment.rows.lengths > segment.begin).sum()) :]
        shuffled = torch.randperm(len(words), device=inputs.device)
        return words.index_select(0, shuffled[: round(self.rate * len(words))])

    def _drawn(self, inputs: Tensor, state: State, places: Tensor) -> Tensor:
        """A word after each of some places of inputs [time · rows], drawn given the true ones up to it."""
        self._network.eval()
        with self._precision.forward():
            features, _ = self._network(inputs, state)
            log_probs = self._network.output.distribution(features.flatten(0, 1).index_select(0, places))
        self._network.train()
        # The first of exponential waiting times with rates p is that of a word with probability p. Unlike
        # torch.multinomial, this goes on when the weights have diverged, which the monitor is to see.
        waits = torch.empty_like(log_probs, dtype=torch.float32).exponential_()
        return (log_probs - waits.log()).argmax(1)
