"""Interpolation: from adjusted counts and discounts to probabilities and backoff weights, order by order.

Input: for each order, from 1 up, its `OrderCounts` (sorted by context), adjusted counts in the order of its
n-grams, and three discounts.

Output: a `BackoffTable` of the same n-grams in the same order, in float32.

An order is processed in blocks that do not divide a context, so that it needs little memory beside its
result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.arithmetic import discounted_mass, mixed, own_share
from baselines.ngram.estimation.by_context import context_blocks
from baselines.ngram.estimation.discounts import Discounts
from baselines.ngram.estimation.memory import room_beside
from baselines.ngram.loops.load import Loops, loops_for
from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import Room
from baselines.ngram.sorting.threads import in_order, thread_count, thread_pool
from baselines.ngram.table.backoff import BackoffTable

if TYPE_CHECKING:
    from baselines.ngram.estimation.kept import Cut

_FORGOTTEN = 16  # after so many blocks, what was touched of mapped files is forgotten
_BITS = 17  # of a field that counts n-grams of a block: more than the block has
#: What an n-gram with a count of 0, 1, 2, and 3 or more adds to the three fields of a sum, exact in float64.
_FIELDS = np.array([0, 1, 1 << _BITS, 1 << 2 * _BITS], dtype=np.float64)


def interpolate(
    counts: list[OrderCounts],
    adjusted: Sequence[np.ndarray],
    discounts: Sequence[Discounts],
    uniform: float | np.ndarray | None = None,
    threads: int | None = None,
    memory: int | None = None,
    cut: Cut | None = None,
) -> BackoffTable:
    """p(w | h) = (a(h w) − D(a(h w))) / a(h •) + γ(h) p(w | h'), a(h •) = Σ_v a(h v), from order 1 up.

    γ(h) = Σ_v D(a(h v)) / a(h •) is the mass that the discounts take. The recursion ends below order 1 in
    `uniform`, by default 1 / V; or in a distribution, float64 [words + 1], the last one for `<s>`.
    `discounts[n − 1]` holds D(1), D(2) and D(3 and more) of order n. A context without followers has weight
    1. `threads`: how many CPU cores to use (default: see `thread_count`). `memory`: how many bytes this may
    take, counts and table included (default: see `memory_budget`).

    `cut`: n-grams that the table leaves out, as `lmplz` does. The lower order gets their share:

        p(w | h) = u(h w) + γ'(h) p(w | h'),  u(h w) = (a(h w) − D(a(h w))) / a(h •),
        γ'(h) = γ(h) + Σ u(h v) over what is left out.
    """
    room, threads = room_beside(counts, memory, pruned=cut is not None), threads or thread_count()
    masks = cut.kept(counts, room) if cut else [None] * len(counts)
    lower = np.atleast_1d(1 / counts[0].words if uniform is None else uniform)
    if len(lower) > 1:
        counts = [replace(counts[0], suffix=counts[0].last_words), *counts[1:]]
    log_probs: list[np.ndarray] = []
    log_backoffs = []
    with thread_pool(threads) as pool:
        for n, (ngrams, counted, taken, mask) in enumerate(
            zip(counts, adjusted, discounts, masks, strict=True), 1
        ):
            order = _Order(ngrams, counted, taken, lower, mask, room)
            for done, _ in enumerate(
                in_order(pool, order.block, context_blocks(ngrams.contexts), 2 * threads)
            ):
                if done % _FORGOTTEN == 0:
                    order.forget()
            order.forget()
            if n > 1:
                log_probs.append(_log(lower, room))
                log_backoffs.append(order.log_weights)
            lower = order.probs
    log_probs.append(_log(lower, room))
    if cut:
        from baselines.ngram.estimation.kept import only, only_ngrams

        kept = [mask for mask in masks if mask is not None]
        counts = only_ngrams(counts, kept, room)
        for arrays in (log_probs, log_backoffs):
            arrays[:] = (only(each, mask, room) for each, mask in zip(arrays, kept, strict=False))
    return BackoffTable.of(counts, log_probs, log_backoffs, room)


class _Order:
    """Computes the probabilities of one order's n-grams, float32, and the log weights of their contexts."""

    def __init__(
        self,
        ngrams: OrderCounts,
        counted: np.ndarray,
        discounts: Discounts,
        lower: np.ndarray,
        mask: np.ndarray | None,
        room: Room,
    ) -> None:
        self.ngrams, self.counted, self.discounts, self.mask = ngrams, counted, discounts, mask
        self.lower = room.lookup(lower, ngrams.suffix)
        self.probs = room.zeros(len(ngrams), np.float32)
        self.log_weights = room.zeros(ngrams.context_count, np.float32)
        in_loops = lower.dtype == np.float32 and counted.dtype == np.int32  # not the few of order 1
        self.loops = loops_for(None) if in_loops else None

    def forget(self) -> None:
        """Give up the memory of blocks that are done."""
        ngrams = self.ngrams
        files.forget(ngrams.contexts, ngrams.suffix, self.counted, self.mask, self.probs, self.log_weights)

    def block(self, some: slice) -> None:
        """Compute the n-grams `some`: all those of one or more contexts."""
        if self.loops:
            self._block_by(self.loops, some)
        else:
            self._block_by_arrays(some)

    def _block_by(self, loops: Loops, some: slice) -> None:
        contexts = self.ngrams.contexts[some]
        first, last = int(contexts[0]), int(contexts[-1])
        weights, numbers = np.ones(last - first + 1), np.array([0, *self.discounts, 1])
        kept = np.empty(0, np.uint8) if self.mask is None else self.mask[some].view(np.uint8)
        cut = (self.mask is not None, kept)
        arrays = (contexts, self.counted[some], self.lower(some), len(contexts), numbers)
        loops.interpolated(*arrays, *cut, weights, self.probs[some])
        self.log_weights[first : last + 1] = np.log(weights)

    def _block_by_arrays(self, some: slice) -> None:
        counted = self.counted[some]
        first = int(self.ngrams.contexts[some.start])
        context = self.ngrams.contexts[some].astype(np.int64)
        context -= first
        up_to_three = np.minimum(counted, 3, dtype=np.int64, casting="unsafe")
        total = np.bincount(context, weights=counted)
        followed = total > 0
        weight = np.ones(len(total))
        taken = discounted_mass(self.discounts, *_numbers(up_to_three, context))
        np.divide(taken, total, out=weight, where=followed)
        total[~followed] = 1  # only the zeros of words never counted are divided by it
        own = own_share(
            counted,
            np.array([0.0, *self.discounts]).take(up_to_three, mode="clip"),
            total.take(context, mode="clip"),
        )
        if self.mask is not None:
            weight += np.bincount(context, weights=np.where(self.mask[some], 0, own))
        lower = self.lower(some).astype(np.float64)
        self.probs[some] = mixed(own, weight.take(context, mode="clip"), lower)
        self.log_weights[first : first + len(weight)] = np.log(weight)


def _numbers(up_to_three: np.ndarray, context: np.ndarray) -> tuple[np.ndarray, ...]:
    """How many n-grams of each context have a count of 1, of 2, and of 3 or more: int64 [contexts].

    `up_to_three` int64 [n-grams]: the count, or 3 if it is larger. `context` int64 [n-grams]: from 0 up.
    """
    if context[-1] == 0:  # a single context, of any length
        return tuple(np.bincount(up_to_three, minlength=4)[1:, None])
    sums = np.bincount(context, weights=_FIELDS.take(up_to_three, mode="clip")).astype(np.int64)
    return sums & ((1 << _BITS) - 1), sums >> _BITS & ((1 << _BITS) - 1), sums >> 2 * _BITS


def _log(probs: np.ndarray, room: Room) -> np.ndarray:
    """ln p, in the memory of `probs` (float32)."""
    for some in room.blocks(probs):
        np.log(probs[some], out=probs[some])
    return probs
