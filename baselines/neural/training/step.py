"""One training step: read a minibatch and follow its gradient."""

from typing import cast

import torch
from torch import Tensor

from baselines.neural.network import Network, State, detach
from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.softmax import Softmax
from baselines.neural.training.minibatches import Minibatch
from baselines.neural.training.optimisers import Optimiser
from baselines.neural.training.parallel import ProcessGroup
from baselines.neural.training.precision import Precision
from baselines.neural.training.recipe import Training
from benchmark.errors import UserError


class Stepper:
    """Holds what a step changes besides the weights: the carried state and the optimiser's state."""

    def __init__(self, network: Network, training: Training, precision: Precision, group: ProcessGroup):
        check_smoothing(network.output, training.label_smoothing)
        self._network, self._training = network, training
        self._precision, self._group = precision, group
        self._parameters = list(network.parameters())
        read = network.forward_with_penalty
        self._read = torch.compile(read) if training.compile else read
        self.optimiser = Optimiser(network, training)
        self.state: State = ()

    def step(self, minibatch: Minibatch, rate: float) -> tuple[Tensor, Tensor]:
        """Mean loss per token (nats) and gradient norm before clipping, over all processes, on the device."""
        self.optimiser.clear()
        share = 0 if minibatch.segment is None else len(minibatch.segment.targets)
        loss = self._backward(minibatch) if share else self._parameters[0].new_zeros(())
        loss = self._group.reduce_gradients(self._parameters, loss, share / minibatch.targets)
        return loss, self.optimiser.step(rate)

    def _backward(self, minibatch: Minibatch) -> Tensor:
        """Compute the gradient of this process's targets; return their mean loss."""
        segment, smoothing = minibatch.segment, self._training.label_smoothing
        assert segment is not None
        rows = segment.inputs.shape[1]
        state = self._network.initial_state(rows) if segment.first else detach(self.state)
        with self._precision.forward():
            read, self.state, penalty = self._read(segment.inputs, state)
            features = segment.select(read)
            loss = self._network.output.loss(features, segment.targets)
            total = loss if penalty is None else loss + penalty
            if smoothing:
                output = cast(Softmax, self._network.output)
                total = total + smoothing * smoothing_excess(output, features, segment.targets)
        total.backward()
        return loss.detach()


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
