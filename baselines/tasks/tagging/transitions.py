"""How probable a state is after the two before it: tag n-grams, smoothed by less and less of their
history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Smoothing = Literal["deleted_interpolation", "witten_bell", "absolute_discounting"]
#: What an event is: tag t, fine class c and class k of the two states before, then t and k of the next one.
COLUMNS = ("t1", "c1", "k1", "t2", "c2", "k2", "t3", "k3")
#: The class of what stands before and behind a sentence.
BOUNDARY = 0
#: Bytes of transitions that are kept once computed.
_CACHED = 2**27


class _View:
    """The events with all but some columns of their history forgotten.

    `counts` hold, for the classes of a history and of the next state, f(h s) as rows (t1, t2, t3, f);
    `totals`, for the classes of a history, f(h) and the number of states seen after it as rows (t1, t2, f,
    n).
    """

    def __init__(self, history: Sequence[str], events: np.ndarray, times: np.ndarray):
        columns = events.copy()
        columns[:, [place for place, name in enumerate(COLUMNS[:6]) if name not in history]] = 0
        seen, self._place = np.unique(columns, axis=0, return_inverse=True)
        self._place = self._place.ravel()
        f = np.bincount(self._place, weights=times)
        before, self._before = np.unique(seen[:, :6], axis=0, return_inverse=True)
        self._before = self._before.ravel()
        totals = np.bincount(self._before, weights=f)
        kinds = np.bincount(self._before)
        self._f, self._totals = f, totals
        self._classes = [1, 2, 4, 5]
        self.counts = _grouped(seen, [*self._classes, 7], np.column_stack([seen[:, [0, 3, 6]], f]))
        self.totals = _grouped(before, self._classes, np.column_stack([before[:, [0, 3]], totals, kinds]))
        self.masked = np.array([name in history for name in COLUMNS[:6]])
        self.tags = ("t1" in history, "t2" in history)
        once, twice = float((f == 1).sum()), float((f == 2).sum())
        self.discount = once / (once + 2 * twice) if once else 0.5

    def left_out(self) -> np.ndarray:
        """(f(h s) − 1) / (f(h) − 1) of every event, 0 where that is 0 / 0."""
        totals = self._totals[self._before][self._place]
        return (self._f[self._place] - 1) / np.maximum(totals - 1, 1)

    def key(self, classes: Sequence[int]) -> tuple[int, ...]:
        """What of the classes c1, k1, c2, k2 this view sees."""
        return tuple(np.where(self.masked[self._classes], classes, 0).tolist())

    def entries(self) -> int:
        """Stored n-grams."""
        return len(self._f)


def _grouped(rows: np.ndarray, by: Sequence[int], values: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    keys, group = np.unique(rows[:, by], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    parts = np.split(values[order], np.cumsum(np.bincount(group.ravel()))[:-1])
    return {tuple(key): part for key, part in zip(keys.tolist(), parts, strict=True)}


class Transitions:
    """p(t3, k3 | t1 c1 k1, t2 c2 k2): the next tag and its class, by more and more of the history.

    `events` int [events, 8] have the columns `COLUMNS`, `times` is how often each occurred. `tags` is how
    many tags there are, and the number of the boundary. Each of `views` names the columns that a step of the
    chain knows. The chain starts from P(t3) P(k3), then forgets that the two are independent (Witten-Bell
    without a history), which leaves pairs that were never seen a little. At each further step p(s | h), with
    h' what the step before it knew of h, is

    - deleted_interpolation: Σ λ_v f(h_v s) / f(h_v) over the views v so far, with λ_v as Brants (2000,
      section 2.3) has them: each event, taken out of the counts once, votes with f for the view that makes it
      most probable, of several the one that knows most. Each view has one vote beforehand, so that none is
      without weight. A history that was never seen leaves its λ to the others.
    - witten_bell: (f(h s) + n(h) p(s | h')) / (f(h) + n(h)), n(h) the number of states seen after h (Witten
      and Bell 1991, method C).
    - absolute_discounting: (max(f(h s) − D, 0) + D n(h) p(s | h')) / f(h) with D = n₁ / (n₁ + 2 n₂), n₁ and
      n₂ how many h s were seen once and twice (Ney, Essen and Kneser 1994).

    A history that was never seen has the probabilities of the step before.
    """

    def __init__(
        self,
        events: np.ndarray,
        times: np.ndarray,
        tags: int,
        views: Sequence[Sequence[str]],
        smoothing: Smoothing,
    ):
        self.tags, self.smoothing = tags, smoothing
        self._views = [_View(view, events, times) for view in ((), *views)]
        of_tags = np.bincount(events[:, 6], weights=times, minlength=tags + 1)
        of_classes = np.bincount(events[:, 7], weights=times)
        self._tag_shares = of_tags / of_tags.sum()
        self._class_shares = (of_classes + 1) / (of_classes.sum() + len(of_classes))
        self.weights = self._deleted_interpolation(times)
        self._cache: dict[tuple[int, ...], np.ndarray] = {}

    def _deleted_interpolation(self, times: np.ndarray) -> np.ndarray:
        found = np.stack([view.left_out() for view in reversed(self._views)])
        votes = len(self._views) - 1 - found.argmax(axis=0)
        found = np.bincount(votes, weights=times, minlength=len(self._views)) + 1
        weights: np.ndarray = found / found.sum()
        return weights

    def log_probs(self, classes: Sequence[int], k3: int) -> np.ndarray:
        """ln p(t3, k3 | t1 c1, t2 c2) for all tags: float64 [tags + 1 or 1, tags + 1, tags + 1].

        `classes` are c1, k1, c2, k2. The first axis has length 1 where no view knows t1.
        """
        key = (*classes, k3)
        if key not in self._cache:
            if len(self._cache) * 8 * (self.tags + 1) ** 3 > _CACHED:
                self._cache.clear()
            with np.errstate(divide="ignore"):
                self._cache[key] = np.log(self._probs(classes, k3))
        return self._cache[key]

    def _probs(self, classes: Sequence[int], k3: int) -> np.ndarray:
        p = np.tile(self._tag_shares * self._class_shares[k3], (1, self.tags + 1, 1))
        for number, view in enumerate(self._views):
            size = [self.tags + 1 if known else 1 for known in view.tags]
            seen, total, kinds = np.zeros((*size, self.tags + 1)), np.zeros(size), np.zeros(size)
            key = view.key(classes)
            if (rows := view.totals.get(key)) is None:
                continue
            t1, t2 = rows[:, 0].astype(int), rows[:, 1].astype(int)
            total[t1, t2], kinds[t1, t2] = rows[:, 2], rows[:, 3]
            if (rows := view.counts.get((*key, k3))) is not None:
                t1, t2, t3 = rows[:, :3].astype(int).T
                seen[t1, t2, t3] = rows[:, 3]
            p = self._step(p, seen, total[:, :, None], kinds[:, :, None], number)
        return p

    def _step(
        self, p: np.ndarray, seen: np.ndarray, total: np.ndarray, kinds: np.ndarray, number: int
    ) -> np.ndarray:
        known = total > 0
        total = np.where(known, total, 1)
        if number == 0 or self.smoothing == "witten_bell":
            return np.where(known, (seen + kinds * p) / (total + kinds), p)
        if self.smoothing == "absolute_discounting":
            discount = self._views[number].discount
            return np.where(known, (np.maximum(seen - discount, 0) + discount * kinds * p) / total, p)
        share = self.weights[number] / max(self.weights[: number + 1].sum(), 1e-300)
        return np.where(known, share * seen / total + (1 - share) * p, p)

    def entries(self) -> int:
        """Stored n-grams, of all views."""
        return sum(view.entries() for view in self._views)
