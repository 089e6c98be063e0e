"""Perplexity and its relatives, from one log-probability per target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmark.corpus.stream import TokenStream
from benchmark.record.result import Result


def perplexity(log_probs: np.ndarray) -> float:
    """exp(−Σ ln p / N) over all N targets, summed in float64 (Jelinek et al. 1977).

    Infinite where any target has probability zero.
    """
    return exp(-float(np.sum(log_probs, dtype=np.float64)) / len(log_probs))


def exp(nats: float) -> float:
    """e to the power of nats, infinite where a float cannot hold it."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def summary(log_probs: np.ndarray, stream: TokenStream) -> dict[str, Any]:
    """The test measures of a run.

    `test_nll`: −Σ ln p in nats; `test_targets`: N; `test_perplexity`; `test_perplexity_known`: the
    same without `<unk>` targets; `test_zero_probabilities`: targets with probability 0, which make every
    sum infinite, and `test_perplexity_nonzero`: perplexity of the others alone, on events of the model's
    own choosing; `oov_rate`: share of `<unk>` among the targets.
    """
    nll = -float(np.sum(log_probs, dtype=np.float64))
    unknown = stream.vocabulary.unknown
    known = np.ones(len(stream), bool) if unknown is None else np.asarray(stream.ids) != unknown
    possible = ~np.isneginf(log_probs)
    return {
        "test_nll": nll,
        "test_targets": len(stream),
        "test_perplexity": perplexity(log_probs),
        "test_perplexity_known": perplexity(log_probs[known]) if known.any() else None,
        "test_zero_probabilities": int((~possible).sum()),
        "test_perplexity_nonzero": perplexity(log_probs[possible]) if possible.any() else None,
        "oov_rate": float(1 - known.mean()),
    }


def perplexity_line(result: Result) -> str:
    """The test perplexity of a run as one line; a score that is not a distribution has none."""
    if not result.normalised:
        return "no test perplexity: the scores do not sum to one"
    if result.test_zero_probabilities:
        zeros, targets = result.test_zero_probabilities, result.test_targets
        return f"test perplexity ∞: {zeros:,} of {targets:,} targets have probability 0"
    return f"test perplexity {result.test_perplexity:.2f}"
