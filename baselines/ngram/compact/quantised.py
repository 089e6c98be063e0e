"""Any backoff model with its probabilities, and weights if asked, stored as codes of a few bits."""

from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

import numpy as np

from baselines.ngram.compact.model import CompactModel
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.codebook import MOST_BITS, CodedArray, Numbers, codebook, lower_code, nearest_code
from baselines.ngram.table.unpacked import (
    UnpackedOrder,
    event_probabilities,
    normalise,
    stored_masses,
    unpack,
)
from benchmark.contract import Bounds, RunLog, TokenStream

Bits = Annotated[int, Bounds(ge=1, le=MOST_BITS)]
TOLERANCE = 1e-4  # how far from one the probabilities of a distribution may sum to
_ROUNDING = 1e-6  # of a sum of float32 probabilities, with some margin


@dataclass(kw_only=True, eq=False)
class Quantised(CompactModel):
    """The backoff model `of` with the probabilities above order 1 as codes of `probability_bits`.

    Each order has a codebook of its own: values that are the means of the ln p nearest to them (see
    `codebook`; Whittaker & Raj 2001, Federico & Bertoldi 2006). The backoff weights are then recomputed,
    b(h) = (1 − Σ p*(h w)) / (1 − Σ p(w | h')) over the stored h w, so that probabilities still sum to one.
    If the nearest values would leave a context less than half of the mass that it had for backing off,
    each p*(h w) takes the next value below. An order in which all words follow some context is left as it
    is, because no weight could make up for its codes there.

    The weights are float32, or codes of `backoff_bits`. With 8 bits the probabilities after a context sum
    only roughly to one: the model is then a score (`normalised` is False), and the log says by how much.
    """

    version: ClassVar[int] = 1

    probability_bits: Bits = 8
    backoff_bits: Bits | None = None

    normalised: bool = field(init=False, default=True)

    def compacted(self, table: BackoffTable, train: TokenStream, log: RunLog) -> BackoffTable:
        table, deviation = quantise(table, self.probability_bits, self.backoff_bits)
        self.normalised = deviation <= TOLERANCE
        log.info(f"after any context the probabilities sum to one within {deviation:.1e}")
        return table


def quantise(
    table: BackoffTable, probability_bits: int, backoff_bits: int | None
) -> tuple[BackoffTable, float]:
    """The table in codes, and how far from one the probabilities after a context sum to, at most."""
    orders = unpack(table)
    log_probs: list[Numbers] = list(table.log_probs)
    for n in range(2, table.order + 1):
        coded = _probabilities(orders[n - 2], orders[n - 1], probability_bits)
        if coded is not None:
            log_probs[n - 1] = coded
            orders[n - 1] = replace(orders[n - 1], log_probs=coded[:].astype(np.float64))
    orders = normalise(orders)
    weights = [each.log_backoffs.astype(np.float32) for each in orders[:-1]]
    log_backoffs: list[Numbers] = [
        each if backoff_bits is None else CodedArray.of(each, backoff_bits) for each in weights
    ]
    held = [
        replace(
            order, log_probs=np.append(p, -np.inf) if n == 1 else np.asarray(p), log_backoffs=np.asarray(b)
        )
        for n, (order, p, b) in enumerate(zip(orders, log_probs, [*log_backoffs, 0.0], strict=True), 1)
    ]
    sums = event_probabilities(held, np.ones(table.words + 1, dtype=bool))
    deviation = max(float(np.abs(each - 1).max(initial=0)) for each in sums)
    return BackoffTable(table.words, table.continuations, tuple(log_probs), tuple(log_backoffs)), deviation


def _probabilities(lower: UnpackedOrder, order: UnpackedOrder, bits: int) -> CodedArray | None:
    """ln p* of an order in codes, or None if a context in it has no words left to back off to."""
    stored, backed_off = stored_masses(lower, order)
    values = codebook(order.log_probs, bits)
    codes = nearest_code(order.log_probs, values)
    too_little = 1 - _sums(order, codes, values, len(lower)) < (1 - stored) / 2
    down = np.flatnonzero(too_little[order.contexts])
    if len(down):
        values[0] = min(values[0], order.log_probs.min())  # so that there is a value below
    codes[down] = lower_code(order.log_probs[down], values)
    left, room = 1 - _sums(order, codes, values, len(lower)), 1 - backed_off
    if (left * _ROUNDING > room * TOLERANCE).any():  # rounding would swamp b = left / room
        return None
    return CodedArray(codes, values)


def _sums(order: UnpackedOrder, codes: np.ndarray, values: np.ndarray, contexts: int) -> np.ndarray:
    """Σ p*(h w) for each context h, with the probabilities that the codes stand for: float64 [contexts]."""
    return order.sums(np.exp(values.astype(np.float64))[codes], contexts)
