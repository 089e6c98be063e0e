"""Kneser-Ney smoothing for histories of any factors, not only the words just before the target.

A history is a list of factors f₁ … f_k, nearest first: words at any distance, or classes of words. With h the
history and h' the history without its last factor,

    p(w | h) = (a(h w) − D(a(h w))) / Σ_v a(h v) + γ(h) p(w | h'),

where a(h w) is the count in training if the history cannot be longer, and otherwise the number of distinct
next factors (Kneser & Ney 1995). D and γ are those of modified Kneser-Ney (Chen & Goodman 1998); if the
factors are the nearest words, this is that method. The fixed order of dropping factors makes it a factored
language model with one backoff path (Bilmes & Kirchhoff 2003). Targets may be divided into groups: p is then
that of a target within its group, which is the first factor of every history, and the recursion ends in 1 /
(size of the group).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from baselines.ngram.estimation.discounts import Discounts, choose_discounts
from benchmark.contract import RunLog

#: There is no factor here, nor any beyond: the history ends.
ABSENT = -1
_ARRAYS = ("contexts", "ngrams", "log_probs", "log_backoffs")


@dataclass(frozen=True)
class FactoredTable:
    """Histories of up to k factors, and the targets seen after each; natural logarithms.

    - `groups` int64 [targets]: the group of each target.
    - `contexts[j − 1]` int64, ascending: the keys of the histories of j factors,
      (id of the history of j − 1 factors) · `radix` + factor. An id is an index into these keys; a history
      without factors has the id of the target's group.
    - `ngrams[j − 1]` int64, ascending: the keys of their n-grams, (id of the history) · targets + target.
    - `log_backoffs[j − 1]` float32: ln γ of each of `contexts[j − 1]`.
    - `log_probs[j]` float32: ln p of each of `ngrams[j − 1]`; `log_probs[0]` [targets] without factors.
    """

    groups: np.ndarray
    radix: int
    contexts: tuple[np.ndarray, ...]
    ngrams: tuple[np.ndarray, ...]
    log_probs: tuple[np.ndarray, ...]
    log_backoffs: tuple[np.ndarray, ...]

    @classmethod
    def estimate(
        cls, factors: np.ndarray, targets: np.ndarray, groups: np.ndarray, radix: int, log: RunLog
    ) -> Self:
        """The table of events: `factors` int [k, events] below `radix` or ABSENT, `targets` [events].

        Events may be in any order. If a factor is ABSENT, all farther ones must be, too.
        """
        size = len(groups)
        contexts, histories = _histories(factors, groups[targets], radix)
        ngrams, adjusted = _adjusted_counts(contexts, histories, targets, size, radix)
        discounts, _ = choose_discounts(adjusted, log)

        discounted, weight = _discounted(adjusted[0], groups, int(groups.max()) + 1, discounts[0])
        probs, backoffs = [discounted + (weight / np.bincount(groups))[groups]], []
        for j, keys in enumerate(contexts, 1):
            history, target = np.divmod(ngrams[j - 1], size)
            discounted, weight = _discounted(adjusted[j], history, len(keys), discounts[j])
            shorter = target if j == 1 else (keys // radix)[history] * size + target
            lower = probs[-1][shorter if j == 1 else np.searchsorted(ngrams[j - 2], shorter)]
            probs.append(discounted + weight[history] * lower)
            backoffs.append(weight)
        return cls(groups, radix, tuple(contexts), tuple(ngrams), _logarithms(probs), _logarithms(backoffs))

    @property
    def entries(self) -> int:
        """Stored n-grams, all orders."""
        return sum(map(len, self.log_probs))

    @property
    def nbytes(self) -> int:
        return self.groups.nbytes + sum(a.nbytes for name in _ARRAYS for a in getattr(self, name))

    def score(self, factors: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """ln p of each of `targets` [events] after its `factors` [k, events]: float32 [events]."""
        scores = self.log_probs[0][targets].astype(np.float64)
        for j, history in enumerate(self.histories(factors, self.groups[targets])):
            seen = np.flatnonzero(history != ABSENT)
            ngram = find(self.ngrams[j], history[seen] * len(self.groups) + targets[seen])
            backed_off = scores[seen] + self.log_backoffs[j][history[seen]]
            scores[seen] = np.where(ngram != ABSENT, self.log_probs[j + 1][ngram], backed_off)
        return scores.astype(np.float32)

    def followers(self, j: int, ids: np.ndarray) -> np.ndarray:
        """How many n-grams each of the histories `ids` of j + 1 factors has: int64."""
        size = len(self.groups)
        return np.searchsorted(self.ngrams[j], (ids + 1) * size) - np.searchsorted(self.ngrams[j], ids * size)

    def histories(self, factors: np.ndarray, group: np.ndarray) -> Iterator[np.ndarray]:
        """For j = 1 … k: the id of the history of j factors of each event, ABSENT if not stored: int64."""
        history = group.astype(np.int64)
        for values, keys in zip(factors, self.contexts, strict=True):
            known = (history != ABSENT) & (values != ABSENT)
            history = np.where(known, find(keys, history * self.radix + values), ABSENT)
            yield history

    def save(self, folder: Path, name: str) -> None:
        """Write each array as `NAME.ARRAY.ORDER.npy`."""
        np.save(folder / f"{name}.groups.npy", self.groups, allow_pickle=False)
        for arrays in _ARRAYS:
            for n, array in enumerate(getattr(self, arrays)):
                np.save(folder / f"{name}.{arrays}.{n}.npy", array, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str, factors: int, radix: int) -> Self:
        """Read what `save` wrote, given k and the radix."""

        def read(arrays: str) -> tuple[np.ndarray, ...]:
            count = factors + (arrays == "log_probs")
            paths = (folder / f"{name}.{arrays}.{n}.npy" for n in range(count))
            return tuple(np.load(path, allow_pickle=False) for path in paths)

        groups = np.load(folder / f"{name}.groups.npy", allow_pickle=False)
        return cls(groups, radix, *map(read, _ARRAYS))


def _histories(
    factors: np.ndarray, group: np.ndarray, radix: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Keys of the distinct histories of 1 … k factors; each event's ids of its histories of 0 … k factors."""
    contexts, histories = [], [group.astype(np.int64)]
    for values in factors:
        present = np.flatnonzero(values != ABSENT)
        keys, ids = np.unique(histories[-1][present] * radix + values[present], return_inverse=True)
        history = np.full(len(group), ABSENT, dtype=np.int64)
        history[present] = ids
        contexts.append(keys)
        histories.append(history)
    return contexts, histories


def _adjusted_counts(
    contexts: list[np.ndarray], histories: list[np.ndarray], targets: np.ndarray, size: int, radix: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Keys of the n-grams of 1 … k factors, and the adjusted counts of those of 0 … k, in their order.

    An event counts once at its longest history. Every n-gram found there counts once for the next shorter.
    """
    ngrams, adjusted = [], []
    continued = np.array([], dtype=np.int64)
    beyond = np.full(len(targets), ABSENT)
    for j in range(len(contexts), 0, -1):
        longest = (histories[j] != ABSENT) & (beyond == ABSENT)
        ends = histories[j][longest] * size + targets[longest]
        keys, counts = np.unique(np.concatenate([ends, continued]), return_counts=True)
        ngrams.append(keys)
        adjusted.append(counts)
        continued = (contexts[j - 1] // radix)[keys // size] * size + keys % size
        beyond = histories[j]
    words = np.concatenate([targets[beyond == ABSENT], continued % size])
    adjusted.append(np.bincount(words, minlength=size))
    return ngrams[::-1], adjusted[::-1]


def _discounted(
    counts: np.ndarray, histories: np.ndarray, size: int, discounts: Discounts
) -> tuple[np.ndarray, np.ndarray]:
    """(a − D(a)) / Σ a of each n-gram, and the weight γ of each of `size` histories (1 if Σ a is 0)."""
    taken = np.array([0.0, *discounts])[np.minimum(counts, 3)]
    total = np.bincount(histories, weights=counts, minlength=size)
    followed = total > 0
    freed = np.bincount(histories, weights=taken, minlength=size)
    weight = np.divide(freed, total, where=followed, out=np.ones(size))
    return (counts - taken) / np.where(followed, total, 1)[histories], weight


def _logarithms(values: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(np.log(each).astype(np.float32) for each in values)


def find(table: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Index of each key in the ascending `table`, ABSENT if it is not there: int64 [keys]."""
    if not len(table):
        return np.full(len(keys), ABSENT, dtype=np.int64)
    index = np.searchsorted(table, keys)
    index[index == len(table)] = 0
    return np.where(table[index] == keys, index, ABSENT)
