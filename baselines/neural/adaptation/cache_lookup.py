"""The lookup of a continuous cache: what it remembers, and the probabilities it gives to words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from baselines.neural.arithmetic import tf32

#: Targets looked up at a time, by one matrix product with the window and the targets themselves.
BLOCK = 256


@dataclass(frozen=True)
class Block:
    """Consecutive targets and everything that lies in the window of any of them.

    The last n `keys` are the `queries` themselves: target j looks up what comes before it.
    """

    queries: Tensor  # [n, hidden]: the hidden vectors of the targets' histories
    targets: Tensor  # int64 [n]
    keys: Tensor  # [m, hidden]: the hidden vectors of earlier histories, oldest first
    words: Tensor  # int64 [m]: the word that followed each

    def log_probs(self, window: int, thetas: Sequence[float]) -> Tensor:
        """ln p_cache of the targets at each θ, [thetas, n]; NaN if the window is still empty.

        p_cache(w | h_t) = Σ_{i : w_i = w} exp(θ h_t · h_i) / Σ_i exp(θ h_t · h_i), t − window ≤ i < t
        """
        position = torch.arange(len(self.keys), device=self.keys.device)
        own = position[len(self.keys) - len(self.queries) :, None]
        outside = (position >= own) | (position < own - window)
        other = self.words != self.targets[:, None]
        with tf32(False, self.keys.device):
            similarity = self.queries @ self.keys.t()
        scores = []
        for theta in thetas:
            weights = (theta * similarity).masked_fill_(outside, -torch.inf)
            total = weights.logsumexp(1)
            scores.append(weights.masked_fill_(other, -torch.inf).logsumexp(1) - total)
        return torch.stack(scores)


def blocks(chunks: Iterable[tuple[Tensor, Tensor]], window: int) -> Iterator[Block]:
    """Cut consecutive hidden vectors [n, hidden] and targets [n] into blocks with the window before each."""
    keys: Tensor | None = None
    for hidden, targets in chunks:
        if keys is None:
            keys, words = hidden[:0], targets[:0]
        for queries, followed in zip(hidden.split(BLOCK), targets.split(BLOCK), strict=True):
            keys, words = torch.cat([keys, queries]), torch.cat([words, followed])
            yield Block(queries, followed, keys, words)
            keys, words = keys[-window:], words[-window:]


def cache_distribution(query: Tensor, keys: Tensor, words: Tensor, theta: float, vocabulary: int) -> Tensor:
    """p_cache of every word [vocabulary] for the query [hidden] of one history; `keys` must not be empty."""
    with tf32(False, keys.device):
        weights = F.softmax(theta * (keys @ query), 0)
    return weights.new_zeros(vocabulary).index_add_(0, words, weights)
