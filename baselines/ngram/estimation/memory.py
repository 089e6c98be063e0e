"""Whether the arrays of an estimate fit the memory beside the counts."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import Room
from baselines.ngram.sorting.storage import memory_budget

_NGRAM_BYTES = 20  # adjusted count, probability, backoff weight, and the n-gram in the table: an upper bound
_PRUNED_BYTES = 21  # beside these: whether it is kept, its new number, and the four again that are kept
_WIDE_BYTES = 12  # beside the first: probabilities in eight bytes, of an order and of the one below


def room_beside(
    counts: Sequence[OrderCounts], memory: int | None, pruned: bool = False, wide: bool = False
) -> Room:
    """Where to keep the arrays of an estimate, in `memory` bytes (default: see `memory_budget`).

    `pruned`: whether the estimate is to drop n-grams (see `estimation.kept`). `wide`: whether it
    needs float64 of each n-gram.
    The caller may still hold the text: up to half of the memory, or an eighth if counting had plenty.
    """
    memory = memory or memory_budget()
    memory -= memory // (2 if files.in_file(counts[-1].contexts) else 8)
    held = [array for each in counts for array in (each.contexts, each.last_words, each.counts, each.suffix)]
    each_takes = _NGRAM_BYTES + (_PRUNED_BYTES if pruned else 0) + (_WIDE_BYTES if wide else 0)
    return Room.of(each_takes * sum(map(len, counts)), held, memory)
