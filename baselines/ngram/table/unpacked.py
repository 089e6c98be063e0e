"""A backoff table as plain arrays, for work that adds, drops or reweights n-grams.

`unpack` takes a `BackoffTable` apart, `pack` makes one; nothing else here, or in the modules built on it,
depends on how a table is stored. Each order lists its n-grams sorted by context and then by last word, and
names the context, suffix and last word of each. Probabilities are natural logarithms in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.ids import ABSENT


@dataclass(frozen=True)
class UnpackedOrder:
    """The n-grams of one order, sorted by context and, within a context, by last word.

    - `contexts`, `suffixes` int64 [n-grams]: ids of (n−1)-grams (order 1: 0).
    - `last_words` int64 [n-grams].
    - `log_probs` float64 [n-grams]: ln p*.
    - `log_backoffs` float64 [n-grams]: ln b (highest order: 0).
    - `implied` bool [n-grams]: listed only because a longer n-gram ends in it; its p* is b(h) p(w | h').

    Order 1 lists every word, then `<s>`, whose probability is 0.
    """

    contexts: np.ndarray
    last_words: np.ndarray
    suffixes: np.ndarray
    log_probs: np.ndarray
    log_backoffs: np.ndarray
    implied: np.ndarray

    def __len__(self) -> int:
        return len(self.contexts)

    def sums(self, values: np.ndarray, contexts: int) -> np.ndarray:
        """Σ_w values(h w) for each of the `contexts` contexts h one shorter: float64 [contexts]."""
        return np.bincount(self.contexts, weights=values, minlength=contexts)


def unpack(table: BackoffTable) -> list[UnpackedOrder]:
    """The n-grams of a table, one `UnpackedOrder` for each order from 1 up, in the order of the table."""
    words = table.words_of(1).astype(np.int64)
    none = np.zeros(len(words), dtype=np.int64)
    log_probs = np.append(np.asarray(table.log_probs[0], np.float64), -np.inf)
    orders = [UnpackedOrder(none, words, none, log_probs, _backoffs(table, 1, len(words)), none > 0)]
    for n in range(2, table.order + 1):
        lower = orders[-1]
        contexts, last = table.contexts_of(n).astype(np.int64), table.words_of(n).astype(np.int64)
        suffixes = last if n == 2 else find(lower, lower.suffixes[contexts], last)
        implied = np.zeros(len(last), dtype=bool)
        log_probs, backoffs = np.asarray(table.log_probs[n - 1], np.float64), _backoffs(table, n, len(last))
        orders.append(UnpackedOrder(contexts, last, suffixes, log_probs, backoffs, implied))
    return orders


def _backoffs(table: BackoffTable, n: int, length: int) -> np.ndarray:
    return np.asarray(table.log_backoffs[n - 1], np.float64) if n < table.order else np.zeros(length)


def pack(orders: Sequence[UnpackedOrder]) -> BackoffTable:
    """The table of these n-grams. It keeps their order, and does not tell which are implied."""
    words = starts = len(orders[0]) - 1
    counts = []
    for n, order in enumerate(orders, 1):
        starts = int(np.searchsorted(order.contexts, starts)) if n > 1 else words
        counts.append(
            OrderCounts(
                contexts=order.contexts.astype(np.int32),
                last_words=order.last_words.astype(np.int32),
                counts=np.zeros(len(order), dtype=np.int32),
                suffix=order.suffixes.astype(np.int32),
                starts=starts,
                words=words,
                context_count=len(orders[n - 2]) if n > 1 else 1,
            )
        )
    return BackoffTable.of(
        counts, [each.log_probs for each in orders], [each.log_backoffs for each in orders[:-1]]
    )


def find(order: UnpackedOrder, contexts: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Id of the n-gram of each context and word, in any order; ABSENT if it is not listed: int64 [pairs]."""
    base = 1 + max(int(words.max(initial=0)), int(order.last_words.max(initial=0)))
    return search(order.contexts * base + order.last_words, contexts * base + words)


def search(table: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Index of each of `keys` in the ascending `table`, ABSENT if it is not there: int64 [keys].

    Searching for keys in ascending order is several times faster, so they are sorted first.
    """
    found = np.full(len(keys), ABSENT)
    if len(table) and len(keys):
        order = np.argsort(keys)
        sought = keys[order]
        index = np.searchsorted(table, sought)
        index[index == len(table)] = 0
        found[order] = np.where(table[index] == sought, index, ABSENT)
    return found


def select(orders: Sequence[UnpackedOrder], kept: Sequence[np.ndarray]) -> list[UnpackedOrder]:
    """The n-grams that the masks `kept` [order][n-grams] mark.

    With an n-gram, its context and its suffix must be marked.
    """
    chosen, renumbered = [], np.zeros(1, dtype=np.int64)
    for order, mask in zip(orders, kept, strict=True):
        chosen.append(
            UnpackedOrder(
                renumbered[order.contexts[mask]],
                order.last_words[mask],
                renumbered[order.suffixes[mask]],
                order.log_probs[mask],
                order.log_backoffs[mask],
                order.implied[mask],
            )
        )
        renumbered = np.cumsum(mask) - 1
    return chosen


def event_probabilities(orders: Sequence[UnpackedOrder], chosen: np.ndarray) -> list[np.ndarray]:
    """p(w is one of the `chosen` words | h) for every context h: float64 [length of h][contexts].

    `chosen` bool [words + 1] marks words by id. For each h, Σ_{chosen} p(w | h) = Σ_{stored} p*(h w) + b(h)
    (Σ_{chosen} p(w | h') − Σ_{stored} p(w | h')), where stored are the chosen w with h w stored.
    """
    sums = [np.array([np.exp(orders[0].log_probs[chosen]).sum()])]
    for lower, order in pairwise(orders):
        stored, backed_off = _masses(lower, order, chosen[order.last_words])
        below = sums[-1][lower.suffixes] if len(sums) > 1 else sums[0]
        sums.append(stored + np.exp(lower.log_backoffs) * np.maximum(below - backed_off, 0))
    return sums


def normalise(orders: Sequence[UnpackedOrder]) -> list[UnpackedOrder]:
    """The n-grams with new backoff weights, so that the probabilities after every context sum to one.

    b(h) = (1 − Σ p*(h w)) / (1 − Σ p(w | h')), the sums over the stored h w (Katz 1987), and 1 if no h w is
    stored. If no mass is left for backing off, or no word to back off to, b(h) is 0 and the p*(h w) are
    divided by their sum. The probabilities of order 1 must sum to one.
    """
    made = [orders[0]]
    for order in orders[1:]:
        lower = made.pop()
        stored, backed_off = stored_masses(lower, order)
        left, room = 1 - stored, 1 - backed_off
        closed = (stored > 0) & ((left <= _NOTHING) | (room <= _NOTHING))
        weight = np.divide(left, room, out=np.ones(len(lower)), where=(stored > 0) & ~closed)
        weight[closed] = 0
        lower = replace(lower, log_backoffs=log(weight))
        scale = log(np.where(closed, stored, 1))[order.contexts]
        made += [lower, with_implied(lower, replace(order, log_probs=order.log_probs - scale))]
    return made


def with_implied(lower: UnpackedOrder, order: UnpackedOrder) -> UnpackedOrder:
    """`order` with the probabilities of its implied n-grams computed from the weights of `lower`."""
    implied = lower.log_backoffs[order.contexts] + lower.log_probs[order.suffixes]
    return replace(order, log_probs=np.where(order.implied, implied, order.log_probs))


#: Probability mass that rounding may leave.
_NOTHING = 1e-9


def stored_masses(lower: UnpackedOrder, order: UnpackedOrder) -> tuple[np.ndarray, np.ndarray]:
    """Σ p*(h w) and Σ p(w | h') over the stored h w that are not implied, for each context h: float64."""
    return _masses(lower, order, ~order.implied)


def _masses(lower: UnpackedOrder, order: UnpackedOrder, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Σ p*(h w) and Σ p(w | h') over the `chosen` n-grams h w, for each context h: float64 [contexts]."""
    stored = order.sums(chosen * np.exp(order.log_probs), len(lower))
    backed_off = order.sums(chosen * np.exp(lower.log_probs[order.suffixes]), len(lower))
    return stored, backed_off


def log(values: np.ndarray) -> np.ndarray:
    """ln, −∞ of 0."""
    with np.errstate(divide="ignore"):
        return np.log(values)
