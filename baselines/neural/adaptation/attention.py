"""What a continuous cache remembers, and how likely it makes a word."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

#: Targets looked up at a time: one matrix product against the window and the targets themselves.
BLOCK = 256


@dataclass(frozen=True)
class Block:
    """Some consecutive targets and everything that lies in the window of any of them.

    The last n `keys` are the `queries` themselves: the history of target j is what stands before it.
    """

    queries: Tensor  # [n, features]: of the histories of the targets
    targets: Tensor  # int64 [n]
    keys: Tensor  # [m, features]: of earlier histories, oldest first
    words: Tensor  # int64 [m]: what followed each

    def log_probs(self, window: int, thetas: Sequence[float]) -> Tensor:
        """ln p_cache of the targets at each θ, [thetas, n]; NaN where nothing is in the window yet.

        p_cache(w | h_t) = Σ_{i : w_i = w} exp(θ h_t · h_i) / Σ_i exp(θ h_t · h_i), t − window ≤ i < t
        """
        place = torch.arange(len(self.keys), device=self.keys.device)
        own = place[len(self.keys) - len(self.queries) :, None]
        hidden = (place >= own) | (place < own - window)
        other = self.words != self.targets[:, None]
        similarity = self.queries @ self.keys.t()
        scores = []
        for theta in thetas:
            weights = (theta * similarity).masked_fill_(hidden, -torch.inf)
            total = weights.logsumexp(1)
            scores.append(weights.masked_fill_(other, -torch.inf).logsumexp(1) - total)
        return torch.stack(scores)


def blocks(chunks: Iterable[tuple[Tensor, Tensor]], window: int) -> Iterator[Block]:
    """Consecutive features [n, features] and targets [n] as blocks with the window before them."""
    keys: Tensor | None = None
    for features, targets in chunks:
        if keys is None:
            keys, words = features[:0], targets[:0]
        for queries, followed in zip(features.split(BLOCK), targets.split(BLOCK), strict=True):
            keys, words = torch.cat([keys, queries]), torch.cat([words, followed])
            yield Block(queries, followed, keys, words)
            keys, words = keys[-window:], words[-window:]


def cache_distribution(query: Tensor, keys: Tensor, words: Tensor, theta: float, vocabulary: int) -> Tensor:
    """p_cache of every word, [vocabulary], after one history with features [features]; keys not empty."""
    weights = F.softmax(theta * (keys @ query), 0)
    return weights.new_zeros(vocabulary).index_add_(0, words, weights)
