"""Numbers that a verdict rests on, each with its interval and with what the interval covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from benchmark import text
from benchmark.measure.perplexity import exp
from benchmark.record.blocks import BlockLosses
from benchmark.record.folder import RunRecord
from benchmark.statistics import LEVEL, student
from benchmark.statistics.bootstrap import bootstrap
from benchmark.statistics.share import wilson

COUNTED = "counted"
UNMEASURED = "not measured"


@dataclass(frozen=True)
class Quantity:
    """A number with the ends of its 95% interval. `basis` says what the interval covers, such as `5 seeds`.

    `counted` is a number that does not vary, whose interval is the number itself. Raises ValueError for NaN.
    """

    value: float
    low: float
    high: float
    basis: str

    def __post_init__(self) -> None:
        if any(math.isnan(number) for number in (self.value, self.low, self.high)):
            raise ValueError("a quantity cannot be NaN")


def counted(value: float) -> Quantity:
    """A number that does not vary: counted, or computed exactly."""
    return Quantity(float(value), float(value), float(value), COUNTED)


def unmeasured(why: str) -> Quantity:
    """A number that nothing could be measured of here; no rule on it is decided."""
    return Quantity(0.0, -math.inf, math.inf, f"{UNMEASURED}: {why}")


def over_seeds(values: Sequence[float]) -> Quantity:
    """The mean over seeds with Student's interval (see `mean_of`)."""
    return mean_of(values, "seed")


def mean_of(values: Sequence[float], of: str) -> Quantity:
    """The mean of independent values with Student's interval; one value has an infinite one.

    `of` names what there is a value of: `seed`, `place`. Where some values are infinite, as the perplexity of
    a training that diverged, so is the mean, and the interval begins at the smallest value. Raises ValueError
    without values.
    """
    if not values:
        raise ValueError("there are no values")
    basis = text.plural(len(values), of)
    mean = fmean(values)
    if len(values) == 1 or not math.isfinite(mean):
        low = -math.inf if len(values) == 1 else min(values)
        return Quantity(mean, low, math.inf, basis)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = student.quantile(LEVEL, len(values) - 1) * error
    return Quantity(mean, mean - half, mean + half, basis)


def crossed_mean(
    values: Sequence[Sequence[float]], of: str, less: Sequence[Sequence[float]] | None = None
) -> Quantity:
    """The mean of values [seeds, places], of the same places for every seed.

    With `less`, it is the mean less that of other values at these places. For the interval, places
    and seeds are drawn anew (see `statistics.bootstrap`). `of` names the places, of which there must be two.
    """
    rows = [np.asarray(each, dtype=np.float64) for each in (values, less) if each is not None]
    drawn = bootstrap(rows, np.ones(rows[0].shape[1]))
    found = drawn.combined([1.0, -1.0][: len(rows)])
    basis = f"{text.plural(drawn.blocks, of)}, {text.plural(max(drawn.seeds), 'seed')}"
    return Quantity(found.value, found.low, found.high, basis)


def ratio_over_seeds(ratios: Sequence[float]) -> Quantity:
    """The geometric mean of positive ratios over seeds (see `mean_ratio`)."""
    return mean_ratio(ratios, "seed")


def mean_ratio(ratios: Sequence[float], of: str) -> Quantity:
    """The geometric mean of positive, independent ratios; the interval is that of their logarithms.

    `of` names what there is a ratio of, as in `mean_of`.
    """
    logs = mean_of([math.log(ratio) for ratio in ratios], of)
    return Quantity(exp(logs.value), exp(logs.low), exp(logs.high), logs.basis)


def share(successes: int, trials: int, of: str) -> Quantity:
    """A share of independent trials, with Wilson's interval. `of` names the trials: `runs`, `targets`."""
    low, high = wilson(successes / trials, trials)
    return Quantity(successes / trials, low, high, f"{trials:,} {of}")


def least(quantities: Sequence[Quantity]) -> Quantity:
    """The smallest of several numbers: the smallest value, low end and high end.

    Its interval is above a bound only if every one of theirs is. Without any, nothing was measured.
    """
    return _extreme(quantities, minimum=True)


def most(quantities: Sequence[Quantity]) -> Quantity:
    """The largest of several numbers: the largest value, low end and high end."""
    return _extreme(quantities, minimum=False)


def _extreme(quantities: Sequence[Quantity], *, minimum: bool) -> Quantity:
    if not quantities:
        return unmeasured("no run here tells")
    choose = min if minimum else max
    bases = dict.fromkeys(quantity.basis for quantity in quantities)
    return Quantity(
        choose(quantity.value for quantity in quantities),
        choose(quantity.low for quantity in quantities),
        choose(quantity.high for quantity in quantities),
        "; ".join(bases),
    )


def perplexity_ratio(runs: Sequence[RunRecord], others: Sequence[RunRecord]) -> Quantity:
    """exp of the mean loss of `runs` less that of `others`: the quotient of two test perplexities.

    Both are one setting over seeds. Blocks of the test text, the same for both, and seeds are drawn anew (see
    `statistics.bootstrap`). Infinite where a run of the first diverged, 0 where one of the others did. Raises
    ValueError if they were not scored on the same blocks.
    """
    for ended, value in ((others, 0.0), (runs, math.inf)):
        if any(run.result.status != "ok" for run in ended):
            return Quantity(value, value, value, "a training diverged")
    blocks = [run.blocks for run in (*runs, *others)]
    first = blocks[0] if blocks else None
    if not runs or not others or first is None:
        raise ValueError("there are no losses by block to compare")
    kept = [block for block in blocks if block is not None and block.like(first)]
    if len(kept) < len(blocks):
        raise ValueError("these runs were not scored on the same blocks")
    drawn = bootstrap([_sums(kept[: len(runs)]), _sums(kept[len(runs) :])], first.targets)
    nats = drawn.combined([1.0, -1.0])
    seeds = max(len(runs), len(others))
    basis = f"{len(first.targets):,} {first.unit}" + (f", {text.plural(seeds, 'seed')}" if seeds > 1 else "")
    return Quantity(exp(nats.value), exp(nats.low), exp(nats.high), basis)


def _sums(blocks: Sequence[BlockLosses]) -> np.ndarray:
    return np.stack([block.nll for block in blocks])
