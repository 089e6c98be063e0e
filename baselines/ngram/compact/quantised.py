"""Any backoff model made smaller: its probabilities, and weights if asked, as codes of a few bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from baselines.mixture.components import class_path, named_class
from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.codes import MOST_BITS, Coded, Numbers, below, cells, nearest
from baselines.ngram.table.linked import Linked, event_probabilities, normalise, stored_masses, unfold
from benchmark.contract import LanguageModel, RunLog, TokenStream
from benchmark.errors import UserError

Bits = Annotated[int, Field(ge=1, le=MOST_BITS)]
_TOLERANCE = 1e-4  # how far from one the probabilities of a distribution may sum to
_ROUNDING = 1e-6  # of a sum of float32 probabilities, with some to spare


class Quantised(BackoffModel):
    """The backoff model `of` with the probabilities above order 1 as codes of `probability_bits`.

    Each order has its own values for the codes to stand for, the means of the ln p nearest to them (see
    `cells`; Whittaker & Raj 2001, Federico & Bertoldi 2006). The backoff weights are then computed anew,
    b(h) = (1 − Σ p*(h w)) / (1 − Σ p(w | h')) over the stored h w, so that probabilities sum to one as
    before. Where the nearest values would leave a context less than half of what it had to back off
    with, each p*(h w) takes the next value below; an order in which all words follow some context
    stays as it is, since nothing could make up for its codes there.

    The weights are float32, or codes of `backoff_bits`. With 8 the probabilities after a context sum only
    nearly to one: the model then is a score (`normalised` is False), and the log says by how much.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("normalised",)

    def __init__(
        self, *, of: LanguageModel, probability_bits: Bits = 8, backoff_bits: Bits | None = None
    ) -> None:
        if not isinstance(of, BackoffModel):
            raise UserError(f"model.of: {type(of).__name__} has no n-grams with backoff weights to quantise")
        if not of.normalised:
            raise UserError(f"model.of: {type(of).__name__} is a score: its weights follow from no sum")
        super().__init__(order=of.order, context=of.context)
        self.of, self.probability_bits, self.backoff_bits = of, probability_bits, backoff_bits

    def settings(self) -> dict[str, Any]:
        return {
            "of": {"class": class_path(self.of), "settings": self.of.settings()},
            "probability_bits": self.probability_bits,
            "backoff_bits": self.backoff_bits,
        }

    @classmethod
    def made_with(cls, settings: Mapping[str, Any]) -> Self:
        of = named_class(settings["of"]["class"])(**settings["of"]["settings"])
        return cls(**{**settings, "of": of})

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Fit the model as it is, then quantise it."""
        self.of.fit(train, valid, log)
        self.order = self.of.order
        table = self.of.table
        del self.of.table
        table, deviation = quantise(table, self.probability_bits, self.backoff_bits)
        self.normalised = deviation <= _TOLERANCE  # type: ignore[misc]  # of the class for most models
        log.info(f"after any context the probabilities sum to one within {deviation:.1e}")
        self._set(table, train.vocabulary)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        raise NotImplementedError("a quantised model is made from a fitted one")


def quantise(
    table: BackoffTable, probability_bits: int, backoff_bits: int | None
) -> tuple[BackoffTable, float]:
    """The table in codes, and how far from one a context's probabilities sum to, at most."""
    orders = unfold(table)
    log_probs: list[Numbers] = list(table.log_probs)
    for n in range(2, table.order + 1):
        coded = _probabilities(orders[n - 2], orders[n - 1], probability_bits)
        if coded is not None:
            log_probs[n - 1] = coded
            orders[n - 1] = replace(orders[n - 1], log_probs=coded[:].astype(np.float64))
    orders = normalise(orders)
    weights = [each.log_backoffs.astype(np.float32) for each in orders[:-1]]
    log_backoffs: list[Numbers] = [
        each if backoff_bits is None else Coded.of(each, backoff_bits) for each in weights
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


def _probabilities(lower: Linked, order: Linked, bits: int) -> Coded | None:
    """ln p* of an order in codes, None where a context in it has no words to back off to."""
    stored, backed_off = stored_masses(lower, order)
    values = cells(order.log_probs, bits)
    codes = nearest(order.log_probs, values)
    too_little = 1 - _sums(order, codes, values, len(lower)) < (1 - stored) / 2
    down = np.flatnonzero(too_little[order.contexts])
    if len(down):
        values[0] = min(values[0], order.log_probs.min())  # so that there is a value below
    codes[down] = below(order.log_probs[down], values)
    left, room = 1 - _sums(order, codes, values, len(lower)), 1 - backed_off
    if (left * _ROUNDING > room * _TOLERANCE).any():  # b = left / room is lost in rounding
        return None
    return Coded(codes, values)


def _sums(order: Linked, codes: np.ndarray, values: np.ndarray, contexts: int) -> np.ndarray:
    """Σ p*(h w) for each context h, of probabilities in codes."""
    return order.sums(np.exp(values.astype(np.float64))[codes], contexts)
