"""Any backoff model in fewer bytes, number for number."""

from dataclasses import dataclass, field
from typing import ClassVar

from baselines.ngram.compact.model import CompactModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog, TokenStream


@dataclass(kw_only=True, eq=False)
class Compact(CompactModel):
    """The backoff model `of` with the same probabilities, in about three quarters of the bytes.

    Where the n-grams of a context begin is coded in unary (Elias 1974), words beyond 16 bits are found by
    counting instead of by their places, and most backoff weights take a byte, since a few values are those of
    most contexts. See `BackoffTable.compacted`. It takes longer to score a text.
    """

    version: ClassVar[int] = 1

    normalised: bool = field(init=False, default=True)

    def compacted(self, table: BackoffTable, train: TokenStream, log: RunLog) -> BackoffTable:
        self.normalised = self.of.normalised
        return table.compacted()
