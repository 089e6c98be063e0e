"""What training may spend, and what it has spent."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from baselines.neural.training.recipe import Training
from benchmark.contract import RunLog
from benchmark.errors import UserError


@dataclass
class Position:
    """How far training has come: what it has spent, and which minibatch of which epoch comes next."""

    steps: int = 0
    tokens: int = 0
    epoch: int = 0
    minibatch: int = 0
    validated: int = 0  # tokens at the last validation


class Budget:
    """The limits of a recipe for a training split of `targets` tokens. Training ends at the nearest one."""

    def __init__(self, training: Training, targets: int):
        """Raises UserError if there is nothing to train on."""
        if targets == 0:
            raise UserError(
                "the training split is empty: a network has nothing to learn from. Check the corpus"
            )
        epochs, tokens = training.epochs, training.tokens
        limits = [math.ceil(epochs * targets)] if epochs is not None else []
        limits += [tokens] if tokens is not None else []
        self._tokens = min(limits, default=None)
        self._steps, self._seconds = training.steps, training.seconds

    @property
    def timed(self) -> bool:
        """Whether one of the limits is in seconds."""
        return self._seconds is not None

    def progress(self, position: Position, seconds: float) -> float:
        """The share of the budget that is spent, by the limit nearest its end; 1 or more at the end."""
        spent = ((position.tokens, self._tokens), (position.steps, self._steps), (seconds, self._seconds))
        return max(done / limit for done, limit in spent if limit is not None)

    def expected(self, position: Position, progress: float) -> int:
        """An estimate of the training tokens at the end."""
        if progress <= 0:
            return max(self._tokens or 0, position.tokens)
        expected = round(position.tokens / progress)
        return max(position.tokens, expected if self._tokens is None else min(expected, self._tokens))


class Clock:
    """Seconds of training. Time inside an `evaluation` block does not count."""

    def __init__(self, log: RunLog):
        self._log = log
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Spent so far, by this process and by those it continues."""
        return time.perf_counter() - self._begun

    def resume(self, seconds: float) -> None:
        """Add the seconds that an earlier process spent."""
        self._begun -= seconds

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Stop this clock and that of the log."""
        begun = time.perf_counter()
        with self._log.evaluation():
            yield
        self._begun += time.perf_counter() - begun
