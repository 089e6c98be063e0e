"""The lookup of a continuous cache: what it remembers, and the probabilities it gives to words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from baselines.neural.arithmetic import tf32

#: Targets looked up at a time, by one matrix product with the window and the targets themselves.
BLOCK = 256
_TINY = torch.finfo(torch.float32).tiny


@dataclass(frozen=True)
class Block:
    """Consecutive targets and everything that lies in the window of any of them.

    The last n `keys` are the `queries` themselves: target j looks up what comes before it.
    """

    queries: Tensor  # [n, hidden]: the hidden vectors of the targets' histories
    targets: Tensor  # int64 [n]
    keys: Tensor  # [m, hidden]: the hidden vectors of earlier histories, oldest first
    words: Tensor  # int64 [m]: the word that followed each
    age: Tensor | None = None  # int64 [n]: the targets of its text before each; None: at least the keys

    def log_probs(self, window: int, thetas: Sequence[float]) -> Tensor:
        """ln p_cache of the targets at each θ, [thetas, n]; NaN if the window is still empty.

        p_cache(w | h_t) = Σ_{i : w_i = w} exp(θ h_t · h_i) / Σ_i exp(θ h_t · h_i), t − window ≤ i < t
        """
        outside = _outside(len(self.queries), len(self.keys), window, self.keys.device)
        if self.age is not None:
            outside = outside | _of_other_texts(self.age, len(self.keys))
        same = (self.words.int() == self.targets.int()[:, None]).float()
        with tf32(False, self.keys.device):
            similarity = self.queries @ self.keys.t()
        similarity.masked_fill_(outside, -torch.inf)
        similarity -= similarity.amax(1, keepdim=True)  # the largest weight of a history is 1
        scores = []
        for theta in thetas:
            # a factor of 0 would make NaN of the −∞ outside
            weights = (theta * similarity).exp_() if theta > _TINY else (~outside).float()
            total = weights.sum(1)
            scores.append(weights.mul_(same).sum(1).log_() - total.log_())
        return torch.stack(scores)


@lru_cache(maxsize=4)
def _outside(targets: int, keys: int, window: int, device: torch.device) -> Tensor:
    """Which keys each target does not look up: those of its own history and later ones, and those too long
    ago. bool [targets, keys]; the same for all full blocks."""
    position = torch.arange(keys, device=device)
    own = position[keys - targets :, None]
    return (position >= own) | (position < own - window)


def _of_other_texts(age: Tensor, keys: int) -> Tensor:
    """Which keys belong to earlier texts than each target's, bool [targets, keys]."""
    position = torch.arange(keys, device=age.device)
    return position < (position[keys - len(age) :] - age)[:, None]


def blocks(chunks: Iterable[tuple[Tensor, ...]], window: int) -> Iterator[Block]:
    """Cut consecutive hidden vectors [n, hidden] and targets [n] into blocks with the window before each.

    A third tensor of each chunk, if there is one, is the targets' `Block.age`.
    """
    keys: Tensor | None = None
    for hidden, targets, *age in chunks:
        if keys is None:
            keys, words = hidden[:0], targets[:0]
        parts = (part.split(BLOCK) for part in (hidden, targets, *age))
        for queries, followed, *ages in zip(*parts, strict=True):
            keys, words = torch.cat([keys, queries]), torch.cat([words, followed])
            yield Block(queries, followed, keys, words, *ages)
            keys, words = keys[-window:], words[-window:]


def cache_distribution(query: Tensor, keys: Tensor, words: Tensor, theta: float, vocabulary: int) -> Tensor:
    """p_cache of every word [vocabulary] for the query [hidden] of one history; `keys` must not be empty."""
    with tf32(False, keys.device):
        weights = F.softmax(theta * (keys @ query), 0)
    return weights.new_zeros(vocabulary).index_add_(0, words, weights)
