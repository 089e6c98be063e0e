"""Several models as one: the n-grams of all, with mixed probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from baselines.ngram.standalone.estimate import Estimated
from baselines.ngram.standalone.evaluation import scored
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.unpacked import UnpackedOrder, log, normalise, pack, search
from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

#: A model: its table and its words.
Part = tuple[BackoffTable, Vocabulary]

_CLOSE = 1e-6  # how far from one the sum of the weights may be
_ROUNDS, _ENOUGH = 1000, 1e-10  # of EM: until the log-likelihood per word gains no more


def interpolated(parts: Sequence[Part], weights: Sequence[float]) -> Estimated:
    """p(w | h) = Σ λᵢ pᵢ(w | h) for the n-grams that one of the models stores, the rest by backing off.

    A model shortens a history that it does not store, and gives a word that it lacks no probability. Raises
    UserError for weights that are negative, do not sum to one, or are as many as something else.
    """
    if len(weights) != len(parts) or not min(weights) >= 0 or not abs(sum(weights) - 1) <= _CLOSE:
        raise UserError(
            f"weights={[round(weight, 4) for weight in weights]} is not usable: give one for each of the "
            f"{len(parts)} models, not negative, with a sum of 1"
        )
    vocabulary = joined(parts)
    aligned = [_Aligned(part, vocabulary) for part in parts]
    orders = [_unigrams(_mixed(aligned, weights))]
    keys = [np.arange(len(orders[0]))]  # of an n-gram: its context's id · (words + 1) + its last word
    for n in range(2, max(table.order for table, _ in parts) + 1):
        wanted = [each.keys_of(n) for each in aligned]
        keys.append(np.unique(np.concatenate(wanted)))
        order = _listed(orders[-1], keys, len(vocabulary) + 1)
        for each, own in zip(aligned, wanted, strict=True):
            each.extend(n, order, np.searchsorted(keys[-1], own))
        orders.append(replace(order, log_probs=_mixed(aligned, weights)))
    learned = {"weights": [float(weight) for weight in weights]}
    return Estimated(pack(normalise(orders)), vocabulary, normalised=True, learned=learned)


def joined(parts: Sequence[Part]) -> Vocabulary:
    """The words of all models, most frequent first where counts are known, those of the first model first."""
    counts: dict[str, int] = {}
    for _, words in parts:
        for word, count in zip(words.tokens, words.counts.tolist(), strict=True):
            counts[word] = counts.get(word, 0) + count
    ranked = sorted(counts, key=counts.__getitem__, reverse=True)
    return Vocabulary(tuple(ranked), np.array([counts[word] for word in ranked], dtype=np.int64))


def _unigrams(log_probs: np.ndarray) -> UnpackedOrder:
    """Every word, then `<s>`, which has no probability."""
    ids = np.arange(len(log_probs))
    none = np.zeros(len(ids), dtype=np.int64)
    return UnpackedOrder(none, ids, none, log_probs, np.zeros(len(ids)), none > 0)


def _listed(lower: UnpackedOrder, keys: Sequence[np.ndarray], base: int) -> UnpackedOrder:
    """The n-grams of the last `keys`, still without probabilities; `keys` and `lower` of the order below."""
    contexts, last = np.divmod(keys[-1], base)
    bigrams = len(keys) == 2
    suffixes = last if bigrams else search(keys[-2], lower.suffixes[contexts] * base + last)
    nothing = np.zeros(len(last))
    return UnpackedOrder(contexts, last, suffixes, nothing, nothing, nothing > 0)


def _mixed(aligned: Sequence[_Aligned], weights: Sequence[float]) -> np.ndarray:
    """ln Σ λᵢ pᵢ of each n-gram of the order that the models are at."""
    return log(sum(weight * np.exp(each.log_probs) for weight, each in zip(weights, aligned, strict=True)))


class _Aligned:
    """One model's probabilities of the n-grams of all models, order by order.

    `places` int64: the common id of each of its own n-grams of the order that it is at. `log_probs` float64:
    its ln p of every common n-gram.
    """

    def __init__(self, part: Part, vocabulary: Vocabulary) -> None:
        self._table, words = part
        self._words = np.array([vocabulary.ids[word] for word in words.tokens] + [len(vocabulary)])
        self._base = len(vocabulary) + 1
        self.places = self._words
        self.log_probs = np.full(self._base, -np.inf)
        self.log_probs[self._words[:-1]] = np.asarray(self._table.log_probs[0], dtype=np.float64)
        self.log_probs -= np.log(np.exp(self.log_probs).sum())  # rounded in a file

    def keys_of(self, n: int) -> np.ndarray:
        """The key of each of its n-grams of order n, while it is at the order below."""
        if n > self._table.order:
            return np.empty(0, dtype=np.int64)
        return self.places[self._table.contexts_of(n)] * self._base + self._words[self._table.words_of(n)]

    def extend(self, n: int, order: UnpackedOrder, places: np.ndarray) -> None:
        """Go to order n, whose common n-grams are `order`; `places` are the common ids of its own."""
        weights = np.zeros(len(self.log_probs))  # ln b, 0 for what it does not store
        if n <= self._table.order:
            weights[self.places] = np.asarray(self._table.log_backoffs[n - 2], dtype=np.float64)
        self.log_probs = weights[order.contexts] + self.log_probs[order.suffixes]
        self.places = places
        if n <= self._table.order:
            self.log_probs[places] = np.asarray(self._table.log_probs[n - 1], dtype=np.float64)


def tuned_weights(parts: Sequence[Part], text: TokenStream) -> list[float]:
    """The weights with the highest likelihood of a text, by EM from equal ones (Dempster et al. 1977).

    `text` is over the words of all models (see `joined`). A word that a model lacks has no probability there;
    one that all lack is left out. Raises UserError if nothing is left.
    """
    texts = [(table, _over(words, text)) for table, words in parts]
    known = np.stack([stream.ids != stream.vocabulary.unknown for _, stream in texts])
    probs = np.exp(np.stack([scored(table, stream) for table, stream in texts]).astype(np.float64))
    probs = np.where(known, probs, 0)
    probs = probs[:, probs.any(axis=0)]
    if not probs.shape[1]:
        raise UserError("tune_on: no model knows any word of this text")
    weights, before = np.full(len(texts), 1 / len(texts)), -np.inf
    for _ in range(_ROUNDS):
        mixed = weights @ probs
        gained = float(np.log(mixed).mean())
        weights = (weights[:, None] * probs / mixed).mean(axis=1)
        if gained - before < _ENOUGH:
            break
        before = gained
    return (weights / weights.sum()).tolist()


def _over(words: Vocabulary, text: TokenStream) -> TokenStream:
    """A text over other words."""
    ids = words.encode(text.vocabulary.tokens).astype(np.uint32)
    return TokenStream.from_ids(ids.take(text.ids), words)
