"""Any backoff model, pruned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from baselines.mixture.components import class_path, named_class
from baselines.ngram.compact.prune import by_count, by_relative_entropy
from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.linked import Linked, fold, unfold
from benchmark.contract import LanguageModel, RunLog, TokenStream
from benchmark.errors import UserError

Cutoff = Annotated[int, Field(ge=0)]


class Pruned(BackoffModel):
    """The backoff model `of` without n-grams that it can do without.

    First by count: n-grams of order n that occur `cutoffs[n − 1]` times or less, the last cutoff holding for
    the orders above (lmplz's `--prune`). Then by relative entropy: those whose loss raises the perplexity
    by a share below `threshold` (Stolcke 1998). See `baselines.ngram.compact.prune`.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        of: LanguageModel,
        threshold: Annotated[float, Field(ge=0)] = 0.0,
        cutoffs: tuple[Cutoff, ...] = (),
    ) -> None:
        if not isinstance(of, BackoffModel):
            raise UserError(f"model.of: {type(of).__name__} has no n-grams with backoff weights to prune")
        if not of.normalised:
            raise UserError(f"model.of: {type(of).__name__} is a score, and pruning needs a distribution")
        if any(np.diff([0, *cutoffs]) < 0) or cutoffs[:1] > (0,):
            raise UserError(
                f"model.cutoffs={list(cutoffs)} is not usable: "
                "they begin with 0 (every word stays) and never fall"
            )
        super().__init__(order=of.order, context=of.context)
        self.of, self.threshold, self.cutoffs = of, threshold, cutoffs

    def settings(self) -> dict[str, Any]:
        of = {"class": class_path(self.of), "settings": self.of.settings()}
        return {"of": of, "threshold": self.threshold, "cutoffs": list(self.cutoffs)}

    @classmethod
    def made_with(cls, settings: Mapping[str, Any]) -> Self:
        of = named_class(settings["of"]["class"])(**settings["of"]["settings"])
        return cls(of=of, threshold=settings["threshold"], cutoffs=tuple(settings["cutoffs"]))

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Fit the whole model, then prune it."""
        self.of.fit(train, valid, log)
        self.order = self.of.order
        orders = unfold(self.of.table)
        del self.of.table
        whole = sum(map(len, orders))
        if any(self.cutoffs):
            orders = self._cut(orders, train)
        if self.threshold:
            orders = by_relative_entropy(orders, self.threshold, train.vocabulary.end)
        log.info(f"{sum(map(len, orders)):,} of {whole:,} n-grams stay")
        self._set(fold(orders), train.vocabulary)

    def _cut(self, orders: list[Linked], train: TokenStream) -> list[Linked]:
        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        counts = count_ngrams(sequence, len(train.vocabulary), self.order)
        if not all(map(_same, orders, counts)):
            raise UserError(f"model.cutoffs: {type(self.of).__name__} does not list the n-grams of the text")
        more = self.order - len(self.cutoffs)
        cutoffs = [*self.cutoffs, *[self.cutoffs[-1]] * more][: self.order]
        return by_count(orders, [each.counts for each in counts], cutoffs)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        raise NotImplementedError("pruning starts from a fitted model")


def _same(order: Linked, counts: OrderCounts) -> bool:
    return np.array_equal(order.contexts, counts.contexts) and np.array_equal(
        order.last_words, counts.last_words
    )
