"""One step: read a piece, follow its gradient."""

from typing import cast

import torch
from torch import Tensor

from baselines.neural.network import Network, State, detach
from baselines.neural.output.softmax import Softmax
from baselines.neural.reading.epochs import Piece
from baselines.neural.training.optimisers import Optimiser
from baselines.neural.training.parallel import Processes
from baselines.neural.training.precision import Precision
from baselines.neural.training.settings import Training
from baselines.neural.training.smoothing import check_smoothing, smoothing_excess


class Stepper:
    """Holds what a step changes besides the weights: the carried state, and the optimiser's."""

    def __init__(self, network: Network, training: Training, precision: Precision, together: Processes):
        check_smoothing(network.output, training.label_smoothing)
        self._network, self._training = network, training
        self._precision, self._together = precision, together
        self._parameters = list(network.parameters())
        self._read = torch.compile(network.regularised) if training.compile else network.regularised
        self.optimiser = Optimiser(network, training)
        self.state: State = ()

    def step(self, piece: Piece, rate: float) -> tuple[Tensor, Tensor]:
        """Mean loss a token and gradient norm before clipping of all processes, on the device."""
        self.optimiser.clear()
        share = 0 if piece.segment is None else len(piece.segment.targets)
        loss = self._backward(piece) if share else self._parameters[0].new_zeros(())
        loss = self._together.add_up(self._parameters, loss, share / piece.targets)
        return loss, self.optimiser.step(rate)

    def _backward(self, piece: Piece) -> Tensor:
        """The gradient of this process's targets; their mean loss."""
        segment, smoothing = piece.segment, self._training.label_smoothing
        assert segment is not None
        fresh = segment.first
        state = self._network.initial_state(segment.inputs.shape[1]) if fresh else detach(self.state)
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
