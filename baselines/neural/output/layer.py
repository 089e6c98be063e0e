"""What every output layer does: a loss for training, and exact probabilities."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import ClassVar

import numpy as np
from torch import Tensor, nn


class OutputLayer(nn.Module, ABC):
    """Maps the features of a history to a distribution over a vocabulary of `vocabulary` tokens.

    A layer implements `exact_loss`, `log_probs`, `distribution` and `start_from`, all of which are exact, and
    `operations`.
    Training minimises `loss`, which is `exact_loss` unless a layer overrides it by a cheaper estimate.
    """

    #: Whether `loss` waits for the device, for example because sizes depend on the targets.
    waits: ClassVar[bool] = False

    def __init__(self, vocabulary: int):
        super().__init__()
        self.vocabulary = vocabulary

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """What training minimises, in nats per target; arguments and result as in `exact_loss`."""
        return self.exact_loss(features, targets)

    def advance(self, progress: float) -> None:
        """Training has spent this share (0 to 1) of its budget. A layer may change its `loss` with it."""

    @property
    def variant(self) -> Hashable:
        """Which `loss` `advance` has chosen. Steps with the same variant compute alike."""
        return None

    @abstractmethod
    def operations(self, counts: np.ndarray) -> float:
        """Floating-point operations of `log_probs` for one target, counted as in `Network.operations`.

        `counts` [vocabulary] say how often each token is a target, where the cost depends on that.
        """

    def loss_operations(self, counts: np.ndarray) -> float:
        """The same of `loss` without its gradient, on average over a training."""
        return self.operations(counts)

    @abstractmethod
    def exact_loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Mean −ln p (nats) of targets int64 [n] given features [n, features], n > 0, with a gradient."""

    @abstractmethod
    def log_probs(self, features: Tensor, targets: Tensor) -> Tensor:
        """ln p of targets int64 [n] given features [n, features]: [n], without a gradient."""

    @abstractmethod
    def distribution(self, features: Tensor) -> Tensor:
        """ln p of every token given features [n, features]: [n, vocabulary], without a gradient."""

    @abstractmethod
    def start_from(self, log_unigram: Tensor) -> None:
        """Set the biases so that zero features give this distribution, ln p of each token [vocabulary]."""
