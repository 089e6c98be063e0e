"""What training may spend, and what it has spent."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from baselines.neural.training.settings import Training
from benchmark.contract import RunLog
from benchmark.errors import UserError


@dataclass
class Place:
    """How far training is: what it spent, and which piece of which epoch comes next."""

    steps: int = 0
    tokens: int = 0
    epoch: int = 0
    piece: int = 0
    validated: int = 0  # tokens at the last validation


class Budget:
    """The limits of a recipe on so many training targets; the nearest one counts."""

    def __init__(self, training: Training, targets: int):
        """Raises UserError where there is nothing to train on."""
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
        """Does the clock matter?"""
        return self._seconds is not None

    def progress(self, place: Place, seconds: float) -> float:
        """The share of the budget that is spent: of the limit nearest its end, 1 or more at its end."""
        spent = ((place.tokens, self._tokens), (place.steps, self._steps), (seconds, self._seconds))
        return max(done / limit for done, limit in spent if limit is not None)

    def expected(self, place: Place, progress: float) -> int:
        """Training tokens at the end, as far as can be told now."""
        if progress <= 0:
            return max(self._tokens or 0, place.tokens)
        expected = round(place.tokens / progress)
        return max(place.tokens, expected if self._tokens is None else min(expected, self._tokens))


class Clock:
    """Seconds of training, those in an `evaluation` block not counted."""

    def __init__(self, log: RunLog):
        self._log = log
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Spent so far, by this and by earlier processes."""
        return time.perf_counter() - self._begun

    def resume(self, seconds: float) -> None:
        """An earlier process had spent so many."""
        self._begun -= seconds

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Stop this clock and that of the log."""
        begun = time.perf_counter()
        with self._log.evaluation():
            yield
        self._begun += time.perf_counter() - begun
