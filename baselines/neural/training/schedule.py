"""How fast the weights go."""

import math

from baselines.neural.training.settings import Training


class Schedule:
    """The learning rate of each step: warm-up, then what the recipe's `schedule` says."""

    def __init__(self, training: Training):
        self._training = training
        self._worse = 0  # validations in a row without a new best
        self._divisions = 0

    def rate(self, progress: float, epoch: int = 0) -> float:
        """That of a step in an epoch (from 0) that begins when `progress` (0 to 1) of the budget is spent."""
        training = self._training
        if progress < training.warmup:
            return training.learning_rate * progress / training.warmup
        return training.learning_rate * self._factor(
            (progress - training.warmup) / (1 - training.warmup), epoch
        )

    def _factor(self, progress: float, epoch: int) -> float:
        """The share of the full rate when so much of the budget behind the warm-up is spent."""
        match self._training.schedule:
            case "linear":
                return max(0.0, 1 - progress)
            case "cosine":
                return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
            case "zaremba":
                return self._training.decay ** -max(0, epoch + 1 - self._training.hold)
            case _:
                return self._training.decay**-self._divisions

    def validated(self, best: bool) -> None:
        """A validation was done; was it a new best?"""
        if self._training.schedule != "plateau":
            return
        self._worse = 0 if best else self._worse + 1
        if self._worse == self._training.hold:
            self._worse = 0
            self._divisions += 1

    def numbers(self) -> dict[str, float]:
        """What `restore` takes to go on from here."""
        return {"worse": self._worse, "divisions": self._divisions}

    def restore(self, numbers: dict[str, float]) -> None:
        """Go on from where `numbers` were taken."""
        self._worse, self._divisions = int(numbers["worse"]), int(numbers["divisions"])
