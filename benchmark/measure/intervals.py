"""Estimates in nats as perplexities and their ratios, infinite where a float cannot hold them."""

from __future__ import annotations

import math

from benchmark.measure.perplexity import exp
from benchmark.statistics.bootstrap import Estimate


def exponential(nats: Estimate) -> Estimate:
    """e to the power of an estimate: a perplexity, or the ratio of two, with its interval."""
    return Estimate(exp(nats.value), exp(nats.low), exp(nats.high))


def about_mean(perplexity: float, nats: Estimate) -> Estimate:
    """A mean perplexity over seeds with its interval: it deviates as exp of the mean loss `nats` does."""
    if not math.isfinite(perplexity):
        return Estimate(perplexity, exp(nats.low), exp(nats.high))
    low, high = (perplexity * exp(end - nats.value) for end in (nats.low, nats.high))
    return Estimate(perplexity, low, high)
