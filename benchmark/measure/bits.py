"""Likelihoods in bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.record.result import Result


def bits_per_token(result: Result) -> float | None:
    """−Σ log₂ p / N over the N test targets: the logarithm of test perplexity to base 2, in bits.

    Infinite where perplexity is; None for scores that do not sum to one, and for a run without a score.
    """
    if not result.normalised or result.test_nll is None or not result.test_targets:
        return None
    return result.test_nll / math.log(2) / result.test_targets
