"""The learning rate of each step."""

import math
from typing import assert_never

from baselines.neural.training.recipe import Training


class Schedule:
    """A linear warm-up, then what the recipe's `schedule` says."""

    def __init__(self, training: Training):
        self._training = training
        self._worse = 0  # consecutive validations without a new best
        self._divisions = 0

    def rate(self, progress: float, epoch: int = 0) -> float:
        """The rate of a step of an epoch (from 0) that begins at `progress` (0 to 1) of the budget."""
        training = self._training
        if progress < training.warmup:
            return training.learning_rate * progress / training.warmup
        return training.learning_rate * self._factor(
            (progress - training.warmup) / (1 - training.warmup), epoch
        )

    def _factor(self, progress: float, epoch: int) -> float:
        """The share of the full rate once `progress` of the budget after the warm-up is spent."""
        match self._training.schedule:
            case "constant":
                return 1.0
            case "linear":
                return max(0.0, 1 - progress)
            case "cosine":
                return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
            case "plateau":
                return self._training.decay**-self._divisions
            case "zaremba":
                return self._training.decay ** -max(0, epoch + 1 - self._training.hold)
            case unknown:
                assert_never(unknown)

    def validated(self, best: bool) -> None:
        """Take note of a validation, and whether it was a new best."""
        if self._training.schedule != "plateau":
            return
        self._worse = 0 if best else self._worse + 1
        if self._worse == self._training.hold:
            self._worse = 0
            self._divisions += 1

    def numbers(self) -> dict[str, float]:
        """The argument that `restore` needs to continue from here."""
        return {"worse": self._worse, "divisions": self._divisions}

    def restore(self, numbers: dict[str, float]) -> None:
        """Continue from what `numbers` returned."""
        self._worse, self._divisions = int(numbers["worse"]), int(numbers["divisions"])
