"""One training step: read a minibatch and follow its gradient."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from baselines.neural.network import Network, State, detach
from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.softmax import Softmax
from baselines.neural.segments import Segment
from baselines.neural.training.graph import Recorder, Replays
from baselines.neural.training.minibatches import Minibatch
from baselines.neural.training.optimisers import Optimiser
from baselines.neural.training.parallel import ProcessGroup
from baselines.neural.training.precision import Precision
from baselines.neural.training.recipe import Training
from baselines.neural.training.scheduled_sampling import ScheduledSampling
from benchmark.errors import UserError


class Stepper:
    """Holds what a step changes besides the weights: the carried state and the optimiser's state.

    With a `recorder`, steps are captured and replayed (see `training.graph`); `say` is told so, once.
    """

    def __init__(
        self,
        network: Network,
        training: Training,
        precision: Precision,
        group: ProcessGroup,
        recorder: Recorder | None = None,
        say: Callable[[str], None] = lambda message: None,
    ):
        check_smoothing(network.output, training.label_smoothing)
        self._network, self._training = network, training
        self._precision, self._group = precision, group
        self._parameters = list(network.parameters())
        read = network.forward_with_penalty
        self._read = torch.compile(read) if training.compile else read
        self.sampling = ScheduledSampling(network, training, precision)
        self.optimiser = Optimiser(network, training, captured=recorder is not None)
        self.replays = None if recorder is None else Replays(self._follow, recorder, say)
        self.state: State = ()

    def step(self, minibatch: Minibatch, rate: float) -> tuple[Tensor, Tensor]:
        """Mean loss per token (nats) and gradient norm before clipping, over all processes, on the device.

        Both hold until the next step.
        """
        self.optimiser.set_rate(rate)
        segment = minibatch.segment
        if segment is None:
            loss, norm = self._follow_others()
        else:
            state = self._network.initial_state(segment.inputs.shape[1]) if segment.first else self.state
            segment = self.sampling.mixed(segment, state)
            if self.replays is None:
                share = len(segment.targets) / minibatch.targets
                loss, norm, self.state = self._follow(segment, state, share)
            else:
                variant = self._network.output.variant
                loss, norm, self.state = self.replays.step(segment, state, variant)
        self.optimiser.average()
        return loss, norm

    def release(self) -> None:
        """Drop gradients and captured steps: the optimiser's state was replaced, or no step follows."""
        self.optimiser.clear()
        if self.replays is not None:
            self.replays.forget()

    def _follow(self, segment: Segment, state: State, share: float = 1.0) -> tuple[Tensor, Tensor, State]:
        """Follow the gradient of a segment that holds this share of all targets; see `step`."""
        self.optimiser.clear()
        loss, after = self._backward(segment, state)
        loss = self._group.reduce_gradients(self._parameters, loss, share)
        return loss, self.optimiser.update(), after

    def _follow_others(self) -> tuple[Tensor, Tensor]:
        """Follow the gradient of the other processes' targets."""
        self.optimiser.clear()
        loss = self._parameters[0].new_zeros(())
        loss = self._group.reduce_gradients(self._parameters, loss, 0)
        return loss, self.optimiser.update()

    def _backward(self, segment: Segment, state: State) -> tuple[Tensor, State]:
        """Compute the gradient of a segment's targets; return their mean loss and the state after them."""
        smoothing = self._training.label_smoothing
        with self._precision.forward():
            read, after, penalty = self._read(segment.inputs, state)
            features = segment.select(read)
            loss = self._network.output.loss(features, segment.targets)
            total = loss if penalty is None else loss + penalty
            if smoothing:
                output = cast(Softmax, self._network.output)
                total = total + smoothing * smoothing_excess(output, features, segment.targets)
        total.backward()
        return loss.detach(), detach(after)


def check_smoothing(output: OutputLayer, smoothing: float) -> None:
    """Raise UserError if label smoothing is asked of any output layer but the plain softmax."""
    if smoothing and type(output) is not Softmax:
        raise UserError(
            f"model.training.label_smoothing={smoothing:g} needs the full softmax: the logits of this output "
            "layer are not one linear map. Set label_smoothing=0 or choose output@model.output=softmax"
        )


def smoothing_excess(output: Softmax, features: Tensor, targets: Tensor) -> Tensor:
    """The mean of −ln p over the whole vocabulary minus that over the targets, in nats.

    With logits z = W x + b, −ln p(v) = ln Σ exp z − z(v). The sum over the vocabulary cancels in the
    difference, which is z(target) − z̄ = x · (W[target] − w̄) + b[target] − b̄, where bars are means over
    the vocabulary. Label smoothing (Szegedy et al. 2016, section 7) adds ε times this to the loss, and so
    needs no second pass over the vocabulary.
    """
    weight, bias = output.weight, output.bias
    apart = weight.index_select(0, targets) - weight.mean(0)
    return (features * apart).sum(1).mean() + bias.index_select(0, targets).mean() - bias.mean()
