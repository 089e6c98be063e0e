"""Any backoff model, pruned."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from baselines.ngram.compact.model import CompactModel
from baselines.ngram.compact.prune import by_count, by_relative_entropy
from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.unpacked import UnpackedOrder, pack, unpack
from benchmark.contract import Bounds, RunLog, TokenStream
from benchmark.errors import UserError

Cutoff = Annotated[int, Bounds(ge=0)]


@dataclass(kw_only=True, eq=False)
class Pruned(CompactModel):
    """The backoff model `of` without the n-grams that it needs least.

    First by count: n-grams of order n that occur `cutoffs[n − 1]` times or less are dropped; the last cutoff
    holds for all higher orders (lmplz's `--prune`). Then by relative entropy: n-grams whose loss raises the
    perplexity by a share below `threshold` are dropped (Stolcke 1998). See `baselines.ngram.compact.prune`.
    """

    version: ClassVar[int] = 1

    threshold: Annotated[float, Bounds(ge=0)] = 0.0
    cutoffs: tuple[Cutoff, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(np.diff([0, *self.cutoffs]) < 0) or self.cutoffs[:1] > (0,):
            raise UserError(
                f"model.cutoffs={list(self.cutoffs)} is not usable: "
                "they begin with 0 (every word stays) and never fall"
            )

    def compacted(self, table: BackoffTable, train: TokenStream, log: RunLog) -> BackoffTable:
        orders = unpack(table)
        del table  # the memory is needed
        whole = sum(map(len, orders))
        if any(self.cutoffs):
            orders = self._cut(orders, train)
        if self.threshold:
            orders = by_relative_entropy(orders, self.threshold, train.vocabulary.end)
        log.info(f"{sum(map(len, orders)):,} of {whole:,} n-grams stay")
        return pack(orders)

    def _cut(self, orders: list[UnpackedOrder], train: TokenStream) -> list[UnpackedOrder]:
        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        counts = count_ngrams(sequence, len(train.vocabulary), len(orders))
        if not all(map(_same, orders, counts)):
            raise UserError(f"model.cutoffs: {type(self.of).__name__} does not list the n-grams of the text")
        more = len(orders) - len(self.cutoffs)
        cutoffs = [*self.cutoffs, *[self.cutoffs[-1]] * more][: len(orders)]
        return by_count(orders, [each.counts for each in counts], cutoffs)


def _same(order: UnpackedOrder, counts: OrderCounts) -> bool:
    return np.array_equal(order.contexts, counts.contexts) and np.array_equal(
        order.last_words, counts.last_words
    )
