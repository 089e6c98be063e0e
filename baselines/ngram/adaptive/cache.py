"""A cache: n-gram frequencies of the recent text itself."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np

from baselines.mixture.features import line_begins
from baselines.ngram.adaptive.chain import Estimate, chain_weights, interpolated
from baselines.ngram.adaptive.occurrences import Occurrences
from baselines.ngram.adaptive.recent_text import RecentText
from baselines.saving import settings_of
from benchmark.contract import Bounds, Computation, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary

_SAVED = "cache.json"
_UNIGRAMS = "unigrams.npy"
#: Weights are kept apart by the power of 2 that a history's count reaches, within these bounds.
_LEAST, _MOST = -6, 16
_BUCKETS = _MOST - _LEAST + 2


@dataclass(kw_only=True, eq=False)
class Cache(LanguageModel):
    """p_n(w | h) = λ_n(C(h)) · C(h w) / C(h) + (1 − λ_n(C(h))) · p_{n−1}(w | h'), C counted in the history.

    Unigram, bigram and trigram caches (Kuhn & De Mori 1990; Jelinek et al. 1991; Goodman 2001, sec. 2) in a
    chain that ends in the unigram distribution of the training text (words not seen there counted once).
    h is the last n − 1 tokens. C counts the n-grams that lie wholly in the last `window` tokens of the
    history (null: all of it), each with the weight 2^(−d / `half_life`) if it ends d tokens back (null: 1;
    Clarkson & Robinson 1997). λ_n depends on the power of 2 that C(h) reaches, and is 0 for C(h) = 0. Goodman
    calls caches that are used only where their context has occurred conditional. EM sets the weights on the
    validation text, read as one stream that begins with an empty cache.

    A poor model by itself: it is made to be a component of a mixture.
    """

    version: ClassVar[int] = 1
    family = "count"
    trained_on = scored_on = Computation(dtype="float64")
    context = "stream"

    order: Annotated[int, Bounds(ge=1, le=5)] = 3
    window: Annotated[int, Bounds(ge=1)] | None = None
    half_life: Annotated[float, Bounds(gt=0)] | None = 200.0

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        counts = np.bincount(train.ids, minlength=len(train.vocabulary))
        counts = np.maximum(counts, 1)
        self.unigrams = counts / counts.sum()
        self.weights = chain_weights(self._levels(valid), _BUCKETS, self.unigrams[valid.ids])
        log.progress(len(train), len(train))

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return self._scores(stream, self._levels(stream))

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        """See `LanguageModel`. All lines are searched at once."""
        return self._scores(stream, self._levels(stream, line_begins(stream)))

    def _scores(self, stream: TokenStream, levels: list[Estimate]) -> np.ndarray:
        chain = interpolated(levels, self.weights, self.unigrams[stream.ids])
        return np.log(chain[-1]).astype(np.float32)

    def evidence(self, stream: TokenStream) -> np.ndarray:
        """What the cache knows of each history: float64 [targets, 2 · (order − 1)].

        For each order above 1: whether the context has occurred, and the power of 2 of its weight.
        """
        return _columns(self._levels(stream))

    def evidence_by_line(self, stream: TokenStream) -> np.ndarray:
        """`evidence` with each line as a text of its own."""
        return _columns(self._levels(stream, line_begins(stream)))

    def _levels(self, stream: TokenStream, begins: np.ndarray | None = None) -> list[Estimate]:
        """Relative frequency in the history of each target after its last 0, 1, … tokens.

        The history of each target begins at the index `begins` [targets] (None: 0). An n-gram that ends at s
        lies in it and in the window of target t if max(begin, t − window) + n − 1 ≤ s < t, and its context,
        which ends at s − 1, if max(begin, t − window) + n − 2 ≤ s − 1 < t − 1.
        """
        ids = np.asarray(stream.ids, dtype=np.int64)
        place = np.arange(len(ids))
        begins = np.zeros_like(place) if begins is None else begins
        oldest = begins if self.window is None else np.maximum(place - self.window, begins)
        found = Occurrences(ids, self.half_life)
        total = self._history_weight(place - begins)
        levels = [self._level(found.within(ids, oldest, place), total)]
        for n in range(2, self.order + 1):
            contexts, found_contexts = ids, found
            ids = _one_longer(contexts, np.asarray(stream.ids), len(stream.vocabulary))
            found = Occurrences(ids, self.half_life)
            last = np.maximum(place - 1, 0)
            total = found_contexts.within(contexts[last], oldest + n - 2, last)
            total[place - begins < n - 1] = 0  # shorter histories have no such context
            levels.append(self._level(found.within(ids, oldest + n - 1, place), total))
        return levels

    def _level(self, counts: np.ndarray, total: np.ndarray) -> Estimate:
        known = total > 0
        frequency = np.divide(counts, total, where=known, out=np.zeros(counts.shape))
        return Estimate(frequency, _bucket(total))

    def _history_weight(self, tokens: np.ndarray) -> np.ndarray:
        """The sum of the weights in the window of a history of so many tokens."""
        within = np.minimum(tokens, self.window or np.inf).astype(np.float64)
        if self.half_life is None:
            return within
        fading = -np.log(2) / self.half_life
        return np.exp(fading) * np.expm1(fading * within) / np.expm1(fading)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.empty((len(contexts), len(self.unigrams)), dtype=np.float32)
        for row, ids in zip(rows, contexts, strict=True):
            row[:] = np.log(
                interpolated(self._dense(np.asarray(ids, dtype=np.int64)), self.weights, self.unigrams)[-1]
            )
        return rows

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """See `LanguageModel`. The counts are carried on from place to place."""
        for words, p, rest in self._chains(stream, places, rows):
            block = np.add(np.log(rest)[:, None], self._log_unigrams)
            block[:, words] = np.log(p, out=p)
            yield block

    def fixed_row(self) -> np.ndarray:
        """See `ChangesColumns`: ln p after an empty history."""
        return self._log_unigrams

    def changed_columns(
        self, stream: TokenStream, places: np.ndarray, rows: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See `ChangesColumns`: the words that the window holds."""
        for words, p, rest in self._chains(stream, places, rows):
            p /= rest[:, None]
            p /= self.unigrams[words].astype(np.float32)
            yield words, np.log(p, out=p)

    def _chains(
        self, stream: TokenStream, places: np.ndarray, rows: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Blocks of at most `rows` places: the words that their windows hold (ascending), p of these words at
        each place, float32 [places, words], and how much of its unigram probability is left to any other
        word, float32 [places].

        An n-gram in the window consists of words in the window, so no other word needs the chain.
        """
        ids = np.asarray(stream.ids, dtype=np.int64)
        text = RecentText(ids, len(self.unigrams), self.window, self.half_life)
        contexts = [ids]  # numbers of the single words, pairs, … that end at each place
        while len(contexts) < self.order - 1:
            contexts.append(_one_longer(contexts[-1], ids, len(self.unigrams)))
        numbered = [(each, Occurrences(each)) for each in contexts[: self.order - 1]]
        for first in range(0, len(places), rows):
            yield self._chain(text, numbered, places[first : first + rows])

    def _chain(
        self, text: RecentText, numbered: Sequence[tuple[np.ndarray, Occurrences]], places: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        words, counts = text.counts(places)
        total = self._history_weight(places)
        share = self.weights[0][_bucket(total)]
        rest = 1 - share
        counts *= np.divide(share, total, where=total > 0, out=np.zeros(len(places)))[:, None]
        p = counts.astype(np.float32)
        p += np.multiply.outer(rest.astype(np.float32), self.unigrams[words].astype(np.float32))
        for length, (contexts, found) in enumerate(numbered, 1):
            place, word, weight = text.following(contexts, found, length, places)
            total = np.bincount(place, weights=weight, minlength=len(places))
            share = self.weights[length][_bucket(total)]
            rest *= 1 - share
            p *= (1 - share).astype(np.float32)[:, None]
            # divided first: a weight that has all but faded would make share / total infinite
            frequency = np.divide(weight, total[place], where=total[place] > 0, out=np.zeros(len(place)))
            np.add.at(p, (place, np.searchsorted(words, word)), share[place] * frequency)
        return words, p, rest.astype(np.float32)

    @cached_property
    def _log_unigrams(self) -> np.ndarray:
        return np.log(self.unigrams).astype(np.float32)

    def _dense(self, ids: np.ndarray) -> list[Estimate]:
        """The levels of every word after one history."""
        ids = ids[-self.window :] if self.window else ids
        weights = np.ones(len(ids))
        if self.half_life is not None:
            weights = np.exp2(-np.arange(len(ids), 0, -1) / self.half_life)
        levels = []
        ends = np.arange(len(ids))  # of the n-grams whose first words are the last ones of the history
        for n in range(1, self.order + 1):
            if n > 1:
                ends = ends[ends >= n - 1]
                ends = ends[ids[ends - n + 1] == ids[1 - n]] if len(ids) >= n - 1 else ends
            counts = np.bincount(ids[ends], weights=weights[ends], minlength=len(self.unigrams))
            total = np.full(1, weights[ends].sum())
            levels.append(self._level(counts, np.broadcast_to(total, counts.shape)))
        return levels

    def size(self) -> ModelSize:
        """Its unigrams: the history is not part of the model."""
        return ModelSize(bytes_in_memory=self.unigrams.nbytes, entries=len(self.unigrams))

    def save(self, folder: Path) -> None:
        np.save(folder / _UNIGRAMS, self.unigrams, allow_pickle=False)
        saved = {"settings": settings_of(self), "weights": [weight.tolist() for weight in self.weights]}
        (folder / _SAVED).write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        saved = json.loads((folder / _SAVED).read_text(encoding="utf-8"))
        model = cls(**saved["settings"])
        model.unigrams = np.load(folder / _UNIGRAMS, allow_pickle=False)
        model.weights = [np.array(weight) for weight in saved["weights"]]
        return model


def _columns(levels: list[Estimate]) -> np.ndarray:
    """For each level above the first, whether it has an estimate, and its bucket: float64 [targets, any]."""
    columns = [column for level in levels[1:] for column in (level.bucket > 0, level.bucket)]
    if not columns:
        return np.empty((len(levels[0].bucket), 0))
    return np.stack(columns, axis=1).astype(np.float64)


def _one_longer(shorter: np.ndarray, ids: np.ndarray, words: int) -> np.ndarray:
    """Numbers for the n-grams that end at each place, from those of the (n−1)-grams: int64 [tokens].

    A place too close to the beginning also gets a number, which is never used.
    """
    keys = shorter * words
    keys[1:] = shorter[:-1] * words + ids[1:]
    return np.unique(keys, return_inverse=True)[1]


def _bucket(total: np.ndarray) -> np.ndarray:
    """0 if there is no weight at all, else 1, 2, … by the power of 2 that it reaches."""
    with np.errstate(divide="ignore"):
        power = np.floor(np.log2(total) + 1e-9)  # the same on both sides of a rounding
    return np.where(total > 0, np.clip(power, _LEAST, _MOST) - _LEAST + 1, 0).astype(np.int64)
