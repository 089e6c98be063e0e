"""Who proposes the next trials: optuna, or a list of points drawn beforehand.

Proposals depend on the space, the sampler, its seed and the outcomes told so far, in the order of the
trials; neither on time nor on how many runs there are at once. So the same search, begun again, proposes
the same trials, finds those that are finished, and needs no other memory.
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

    `tpe`: tree-structured Parzen estimator, all parameters together (Bergstra et al. 2011; Watanabe 2023),
    a batch told apart by counting its unfinished trials as bad ones. `random`: independent draws.
    `quasi-random`: a scrambled Sobol sequence, which leaves no gaps (Bergstra & Bengio 2012, sec. 4).
    `grid`: every combination once, in an order shuffled by the seed, so that a part of it covers the space.
    """

    def __init__(self, settings: SearchSettings) -> None:
        optuna = _optuna()
        self._space = settings.parameters
        self._distributions = {key: _distribution(part) for key, part in self._space.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study = optuna.create_study(sampler=_sampler(settings))
        points = _points(settings)
        #: How many trials there are: those asked for, or fewer where a grid has no more.
        self.trials = settings.trials if points is None else len(points)
        for point in points or ():
            self._study.enqueue_trial(point)
        self._running: dict[int, Any] = {}

    def ask(self) -> tuple[int, Point]:
        """The number of the next trial, from 0, and its settings."""
        trial = self._study.ask(self._distributions)
        self._running[trial.number] = trial
        return trial.number, {key: part.used(trial.params[key]) for key, part in self._space.items()}

    def tell(self, number: int, value: float | None) -> None:
        """How a trial ended: what is to be low, or None where it failed."""
        from optuna.trial import TrialState

        trial = self._running.pop(number)
        if value is None or not math.isfinite(value):
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, value)


def proposer(settings: SearchSettings) -> str:
    """What the proposals depend on beside the settings: the program that draws them, and its version."""
    if settings.sampler == "grid":
        return "grid"
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


def _points(settings: SearchSettings) -> list[Point] | None:
    """The points of a sampler that does not look at outcomes; None for the others."""
    if settings.sampler == "grid":
        points = grid(settings.parameters)
        random.Random(settings.seed).shuffle(points)
        return points[: settings.trials]
    if settings.sampler == "quasi-random":
        return sobol(settings.parameters, settings.trials, settings.seed)
    return None


def sobol(space: Space, trials: int, seed: int) -> list[Point]:
    """The first points of a scrambled Sobol sequence, a dimension a parameter."""
    from torch.quasirandom import SobolEngine

    shares = SobolEngine(len(space), scramble=True, seed=seed).draw(trials).tolist()
    return [
        {key: part.at(share) for (key, part), share in zip(space.items(), row, strict=True)} for row in shares
    ]


def _distribution(parameter: Parameter) -> BaseDistribution:
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
