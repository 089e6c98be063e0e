"""How fast the weights go."""

from baselines.neural.training.settings import Training


class Schedule:
    """The learning rate over the budget: warm-up, then constant, linear to zero or halved on plateaus."""

    def __init__(self, training: Training):
        self._training = training
        self._halvings = 0

    def rate(self, progress: float) -> float:
        """The learning rate of a step that begins when `progress` (0 to 1) of the budget is spent."""
        training = self._training
        if progress < training.warmup:
            return training.learning_rate * progress / training.warmup
        falling = (1 - progress) / (1 - training.warmup) if training.schedule == "linear" else 1.0
        return training.learning_rate * falling * 0.5**self._halvings

    def validated(self, best: bool) -> None:
        """A validation was done; was it a new best?"""
        if self._training.schedule == "plateau" and not best:
            self._halvings += 1
