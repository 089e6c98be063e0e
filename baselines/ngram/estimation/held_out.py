"""Values from the training counts for each target of a held-out text, to choose settings by its likelihood.

Input: `OrderCounts` of each order, from 1 up, and values in the order of their n-grams and contexts.

Output: one value for each target, in the order of the text: float32 [targets].
"""

from __future__ import annotations

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.counting.history import scoring_sequence
from baselines.ngram.sorting.room import IN_MEMORY, Room
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, TokenStream
from benchmark.errors import UserError


class HeldOut:
    """A text that is not part of the counts. Raises UserError if it is empty."""

    def __init__(self, stream: TokenStream, context: Context) -> None:
        if not len(stream):
            raise UserError("the validation text is empty, but this model needs it to choose its settings")
        self._sequence, self._is_target = scoring_sequence(stream.ids, stream.vocabulary, context)

    def look_up(
        self,
        counts: list[OrderCounts],
        of_ngrams: list[np.ndarray],
        of_contexts: list[np.ndarray],
        room: Room = IN_MEMORY,
    ) -> np.ndarray:
        """A value for each target: float32 [targets]. `room`: where a table is kept meanwhile.

        `of_ngrams[n − 1]` holds a value for each n-gram of order n, `of_contexts[n − 1]` one for each n-gram
        below the highest order, as a context. A target gets the value of the longest counted n-gram that
        ends in it, plus those of the longer contexts that were counted, but not with the target after them.
        This is what a `BackoffTable` adds up; its values need not be logarithms.
        """
        return BackoffTable.of(counts, of_ngrams, of_contexts, room).score(self._sequence)[self._is_target]

    def of_highest_order(
        self,
        counts: list[OrderCounts],
        of_ngrams: np.ndarray,
        of_contexts: np.ndarray,
        room: Room = IN_MEMORY,
    ) -> np.ndarray:
        """A value for each target from the highest order in `counts` alone: float32 [targets].

        That of its n-gram; if it was not counted, that of its context; if neither was, 0.
        """
        below = [room.zeros(len(ngrams), np.float32) for ngrams in counts[:-1]]
        return self.look_up(counts, [*below, of_ngrams], [*below[:-1], of_contexts] if below else [], room)
