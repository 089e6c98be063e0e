"""A model in fewer n-grams or fewer bits."""

from __future__ import annotations

from dataclasses import replace

from baselines.ngram.compact.prune import by_relative_entropy
from baselines.ngram.compact.quantised import quantise
from baselines.ngram.standalone.estimate import Estimated
from baselines.ngram.table.codebook import MOST_BITS
from baselines.ngram.table.unpacked import pack, unpack
from benchmark.errors import UserError


def pruned(model: Estimated, threshold: float) -> Estimated:
    """Without the n-grams that cost least (see `by_relative_entropy`). Raises UserError."""
    if not threshold >= 0:
        raise UserError(f"threshold={threshold} is not usable: give a number from 0, such as 1e-7")
    orders = by_relative_entropy(unpack(model.table), threshold, model.vocabulary.end)
    return replace(model, table=pack(orders), index=None)


def quantised(model: Estimated, bits: int) -> Estimated:
    """With the probabilities above order 1 as codes of so many bits (see `quantise`). Raises UserError."""
    if not 1 <= bits <= MOST_BITS:
        raise UserError(f"bits={bits} is not usable: give a number from 1 to {MOST_BITS}")
    table, _ = quantise(model.table, bits, None)
    return replace(model, table=table, index=None)
