"""A model in fewer n-grams or fewer bits."""

from __future__ import annotations

from dataclasses import replace

from baselines.ngram.compact.prune import by_relative_entropy
from baselines.ngram.compact.quantised import TOLERANCE, quantise
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


def quantised(model: Estimated, bits: int, backoff_bits: int | None) -> Estimated:
    """With the numbers above order 1 as codes of so many bits (see `quantise`). Raises UserError."""
    for name, value in (("bits", bits), ("backoff_bits", backoff_bits or bits)):
        if not 1 <= value <= MOST_BITS:
            raise UserError(f"{name}={value} is not usable: give a number from 1 to {MOST_BITS}")
    table, deviation = quantise(model.table, bits, backoff_bits)
    return replace(model, table=table, index=None, normalised=model.normalised and deviation <= TOLERANCE)
