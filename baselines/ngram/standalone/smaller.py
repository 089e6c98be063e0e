"""A model in fewer n-grams or fewer bits."""

from __future__ import annotations

from dataclasses import replace
from numbers import Real

import numpy as np

from baselines.ngram.compact.prune import by_relative_entropy
from baselines.ngram.compact.quantised import TOLERANCE, quantise
from baselines.ngram.standalone.estimate import Estimated
from baselines.ngram.table.codebook import MOST_BITS
from baselines.ngram.table.unpacked import pack, unpack
from benchmark.arguments import whole
from benchmark.errors import UserError


def pruned(model: Estimated, threshold: float) -> Estimated:
    """Without the n-grams that cost least (see `by_relative_entropy`). Raises UserError."""
    if not isinstance(threshold, Real) or not threshold >= 0:
        raise UserError(f"threshold={threshold!r} is not usable: give a number from 0, such as 1e-7")
    orders = by_relative_entropy(unpack(model.table), threshold, model.vocabulary.end)
    # the backoff weights are new, so that a sum after any history is one if that of single words is
    total = float(np.exp(orders[0].log_probs).sum())
    return replace(model, table=pack(orders), index=None, normalised=abs(total - 1) <= TOLERANCE)


def quantised(model: Estimated, bits: int, backoff_bits: int | None) -> Estimated:
    """With the numbers above order 1 as codes of so many bits (see `quantise`). Raises UserError."""
    bits = whole("bits", bits, 1, MOST_BITS)
    if backoff_bits is not None:
        backoff_bits = whole("backoff_bits", backoff_bits, 1, MOST_BITS)
    table, deviation = quantise(model.table, bits, backoff_bits)
    return replace(model, table=table, index=None, normalised=deviation <= TOLERANCE)
