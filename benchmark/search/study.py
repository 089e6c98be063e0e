"""Proposes the trials of a search, by Optuna's samplers and one of our own.

Proposals depend on the space, the sampler, its seed and the outcomes told so far, in the order of the
trials, but not on time or on how many runs go on at once. So the same search, started again, proposes the
same trials and finds those that are finished; it needs no store.

The quasi-random points are ours, from torch's Sobol engine. Optuna's QMCSampler (5.0) was tried: it needs
SciPy, and it knows the space only once a trial has ended well, so that the first batch, and every trial
until one succeeds, is drawn at random. With batches of 4, 16 points left gaps that 16 points of a Sobol
sequence do not leave.
"""

from __future__ import annotations

import math
import random
import warnings
from typing import TYPE_CHECKING, Any

from benchmark.errors import UserError
from benchmark.search.search_file import SearchSettings
from benchmark.search.space import Choices, Parameter, Point, Space, grid

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

#: Trials at random before the tree-structured Parzen estimator has anything to learn from.
STARTUP = 8


class Study:
    """Proposes trials and is told how they ended.

    `tpe`: tree-structured Parzen estimator over all parameters jointly (Bergstra et al. 2011; Watanabe
    2023); unfinished trials of a batch count as bad ones, so that its proposals differ. `random`:
    independent draws. `quasi-random`: a scrambled Sobol sequence, which leaves no gaps (Bergstra & Bengio
    2012, sec. 4). `grid`: every combination once, in an order drawn by the seed, so that a part of it covers
    the space.
    """

    def __init__(self, settings: SearchSettings, first: Point | None = None) -> None:
        """`first`: the settings of the first trial, if they are given."""
        optuna = _optuna()
        self._space = settings.parameters
        self._distributions = {key: distribution_of(part) for key, part in self._space.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study = optuna.create_study(sampler=_sampler(settings))
        points = _points(settings, first)
        #: How many trials there are: those asked for, or fewer where a grid has no more.
        self.trials = min(settings.trials, len(points)) if settings.sampler == "grid" else settings.trials
        for point in points:
            self._study.enqueue_trial(point)
        self._running: dict[int, Any] = {}

    def ask(self) -> tuple[int, Point]:
        """The number of the next trial, from 0, and its settings."""
        trial = self._study.ask(self._distributions)
        self._running[trial.number] = trial
        return trial.number, {key: part.used(trial.params[key]) for key, part in self._space.items()}

    def tell(self, number: int, value: float | None) -> None:
        """How a trial ended: the value to be minimised, or None if it failed."""
        from optuna.trial import TrialState

        trial = self._running.pop(number)
        if value is None or not math.isfinite(value):
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, value)


def proposer(settings: SearchSettings) -> str:
    """What the proposals depend on besides the settings: the program that draws them, and its version."""
    if settings.sampler == "quasi-random":
        import torch

        return f"torch {torch.__version__.partition('+')[0]}"
    return f"optuna {_optuna().__version__}"


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise UserError("a search needs the package optuna: pip install 'nextword[optuna]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _sampler(settings: SearchSettings) -> BaseSampler:
    from optuna.samplers import RandomSampler, TPESampler

    if settings.sampler == "tpe":
        return TPESampler(seed=settings.seed, multivariate=True, constant_liar=True, n_startup_trials=STARTUP)
    return RandomSampler(seed=settings.seed)


def _points(settings: SearchSettings, first: Point | None) -> list[Point]:
    """The trials that are known beforehand, in their order, which begins with `first`."""
    space, begin = settings.parameters, [] if first is None else [first]
    if settings.sampler == "quasi-random":
        return [*begin, *sobol(space, settings.trials, settings.seed)]
    if settings.sampler == "grid":
        points = grid(space)
        random.Random(settings.seed).shuffle(points)
        return [*begin, *(point for point in points if point != first)]
    return begin


def sobol(space: Space, trials: int, seed: int) -> list[Point]:
    """The first points of a scrambled Sobol sequence, a dimension a parameter."""
    from torch.quasirandom import SobolEngine

    shares = SobolEngine(len(space), scramble=True, seed=seed).draw(trials).tolist()
    return [
        {key: part.at(share) for (key, part), share in zip(space.items(), row, strict=True)} for row in shares
    ]


def distribution_of(parameter: Parameter) -> BaseDistribution:
    """A parameter as Optuna describes it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, Choices):
        return CategoricalDistribution(parameter.choices)
    if parameter.whole:
        return IntDistribution(
            int(parameter.low), int(parameter.last), log=parameter.log, step=int(parameter.step or 1)
        )
    return FloatDistribution(
        float(parameter.low), float(parameter.last), log=parameter.log, step=parameter.step
    )
