"""A backoff table on a device.

It holds probabilities and weights instead of their logarithms. The last bit of a logarithm depends on who
computes it, so NumPy takes it on the host, as it does for tables estimated there. Scoring looks up the
numbers of each target on the device and copies only them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.device.count import keys_of, words_of
from baselines.ngram.table.backoff import BackoffTable

_BLOCK = 1 << 22  # positions scored at a time


@dataclass(frozen=True)
class DeviceTable:
    """The content of a `BackoffTable` over `words` words, as tensors on a device.

    - `keys[n − 2]` int64 [n-grams], ascending: the n-grams of order n = 2 … N (see `DeviceCounts`).
    - `probs[n − 1]` float32 [n-grams]: p* of each n-gram; order 1: of each word, then of `<s>`.
    - `weights[n − 1]` float64 [n-grams]: b of each n-gram as a context, for n < N.
    """

    words: int
    keys: tuple[Tensor, ...]
    probs: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]

    @property
    def order(self) -> int:
        """n of the longest n-grams."""
        return len(self.probs)

    @property
    def ngrams(self) -> list[int]:
        """How many n-grams of each order are stored; order 1: words."""
        return [self.words, *map(len, self.keys)]

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return sum(each.nbytes for each in (*self.keys, *self.probs, *self.weights))

    def score(self, sequence: np.ndarray) -> np.ndarray:
        """ln p of each word of a sequence given those before it, as `BackoffTable.score`: float32."""
        scores = np.empty(len(sequence), dtype=np.float32)
        for start in range(0, len(sequence), _BLOCK):
            reach = max(0, start - self.order + 1)
            block = np.ascontiguousarray(sequence[reach : start + _BLOCK], dtype=np.int64)
            factors = self._factors(torch.from_numpy(block).to(self.probs[0].device))
            scores[start : start + _BLOCK] = _log_products(factors[:, start - reach :].cpu().numpy())
        scores[sequence >= self.words] = 0
        return scores

    def _factors(self, sequence: Tensor) -> Tensor:
        """What p of each word is the product of: float64 [order, sequence].

        First p* of the longest stored n-gram that ends in the word, then b of the contexts that are longer
        than its own, 1 where there is none.
        """
        ids = torch.where(sequence <= self.words, sequence, -1)
        is_word = sequence < self.words
        prob = self.probs[0][sequence.clamp(max=self.words)]
        factors, nothing = [], torch.ones(len(sequence), dtype=torch.float64, device=sequence.device)
        for keys, probs, weights in zip(self.keys, self.probs[1:], self.weights, strict=True):
            contexts = torch.nn.functional.pad(ids[:-1], (1, 0), value=-1)
            found = _find(keys, contexts, sequence)
            ids = torch.where(is_word, found, -1)
            prob = _where_stored(ids, probs, prob)
            factors.append(_where_stored(torch.where(ids < 0, contexts, -1), weights, nothing))
        return torch.stack([prob.double(), *factors])

    def on_host(self) -> BackoffTable:
        """The same table in memory of the host, with logarithms."""
        nothing, words = np.int32(0), np.arange(self.words + 1, dtype=np.int32)
        counts = [_order(np.broadcast_to(nothing, len(words)), words, self.words, 1)]
        for shorter, longer in pairwise(self.probs):
            keys = self.keys[len(counts) - 1]
            assert len(keys) == len(longer)
            contexts, last_words = ((keys >> 32).int(), words_of(keys).int())
            counts.append(_order(contexts.cpu().numpy(), last_words.cpu().numpy(), self.words, len(shorter)))
        return BackoffTable.of(
            counts,
            [np.log(probs.cpu().numpy()) for probs in self.probs],
            [np.log(weights.cpu().numpy()) for weights in self.weights],
        )


def _find(keys: Tensor, contexts: Tensor, words: Tensor) -> Tensor:
    """The id of the n-gram of each context and word, −1 if it is not stored: int64."""
    if not len(keys):
        return torch.full_like(contexts, -1)
    sought = keys_of(contexts, words)
    at = torch.searchsorted(keys, sought).clamp(max=len(keys) - 1)
    return torch.where((keys[at] == sought) & (contexts >= 0), at, -1)


def _where_stored(ids: Tensor, values: Tensor, otherwise: Tensor) -> Tensor:
    """The value of each id, `otherwise` where it is −1."""
    return torch.where(ids < 0, otherwise, values[ids.clamp(min=0)]) if len(values) else otherwise


def _log_products(factors: np.ndarray) -> np.ndarray:
    """ln of the product of each column: float64, from float32 logarithms, as a `BackoffTable` holds them."""
    total = np.log(factors[0].astype(np.float32)).astype(np.float64)
    for weights in factors[1:]:
        total += np.log(weights).astype(np.float32)
    return total


def _order(contexts: np.ndarray, last_words: np.ndarray, words: int, context_count: int) -> OrderCounts:
    """n-grams without counts, from which a table can be built."""
    none = np.broadcast_to(np.int32(0), len(last_words))
    return OrderCounts(contexts, last_words, none, none, 0, words, context_count)
