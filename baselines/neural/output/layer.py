"""What every output layer does: a loss to train by, and exact probabilities."""

from abc import abstractmethod

from torch import Tensor, nn


class OutputLayer(nn.Module):
    """Features of a history to a distribution over a `vocabulary` of so many tokens.

    `loss` is what training minimises; it may be an estimate. `log_probs` and `distribution` are exact.
    """

    vocabulary: int

    @abstractmethod
    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Mean negative log-likelihood in nats of targets [n] given features [n, features], n > 0."""

    def exact_loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """The same, but never an estimate: for learning from the text that is scored."""
        return self.loss(features, targets)

    def advance(self, progress: float) -> None:
        """Training has spent this share, 0 to 1, of its budget: a loss may change with it."""

    @abstractmethod
    def log_probs(self, features: Tensor, targets: Tensor) -> Tensor:
        """ln p of targets [n] given features [n, features]: [n]. Exact, without a gradient."""

    @abstractmethod
    def distribution(self, features: Tensor) -> Tensor:
        """ln p of every token given features [n, features]: [n, vocabulary]. Exact, without a gradient."""

    @abstractmethod
    def start_from(self, log_unigram: Tensor) -> None:
        """Set the biases so that zero features give this distribution, ln p of each token [vocabulary]."""
