"""An exact output layer that spends little on rare words (Grave et al. 2017)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.softmax import softmax_loss

#: Shares of the training tokens that the head, and the head with the first cluster, are to cover.
COVERAGE = (0.8, 0.95)
#: Logits of a cluster held at once when scoring.
LOGITS = 2**23


def cutoffs_by_coverage(counts: np.ndarray) -> list[int]:
    """Where clusters begin: after the fewest words that cover each share of COVERAGE of the tokens.

    `counts` [vocabulary] are in decreasing order; one is added to each, as in a unigram start. A cluster
    that would hold no word is left out, so a vocabulary of one word has none. On the Penn Treebank's 10,000
    words the cutoffs are 1,143 and 5,046.
    """
    covered = np.cumsum(counts + 1.0) / np.sum(counts + 1.0)
    ends = np.searchsorted(covered, COVERAGE) + 1
    return sorted({int(end) for end in ends if end < len(counts)})


class Adaptive(OutputLayer):
    """p(w) = p_head(w) for the most frequent words, p_head(cluster i) · pᵢ(w) for those of cluster i.

    p_head is a softmax over the first cutoffs[0] ids and the clusters. pᵢ is a softmax of W Pᵢ x + b over
    the ids from cutoffs[i − 1] up to the next cutoff (or the end), where Pᵢ x has features / divisionⁱ
    numbers. Ids are sorted by decreasing count, so only rows whose targets are rare compute a cluster's
    softmax; the distribution is proper for any order of ids. Unlike in torch's AdaptiveLogSoftmaxWithLoss,
    every word has a bias and no logits are stored for the backward pass.

    With a `tied` embedding the head uses its rows, and cluster i uses the first columns of its rows.
    """

    waits = True  # for the number of targets in each cluster
    cutoffs: Tensor

    def __init__(
        self,
        vocabulary: int,
        features: int,
        cutoffs: Sequence[int],
        division: float,
        tied: nn.Embedding | None = None,
    ):
        super().__init__(vocabulary)
        edges = [0, *cutoffs, vocabulary]
        self.sizes = np.diff(edges).tolist()
        self.widths = [max(1, int(features / division**i)) for i in range(len(self.sizes))]
        self.register_buffer("cutoffs", torch.tensor(cutoffs, dtype=torch.int64), persistent=False)
        self.matrix = None if tied is None else tied.weight
        self.words = nn.ParameterList(
            nn.Parameter(torch.empty(size, width))
            for size, width in zip(self.sizes, self.widths, strict=True)
            if tied is None
        )
        self.clusters = nn.Parameter(torch.empty(len(cutoffs), features)) if cutoffs else None
        self.projections = nn.ParameterList(
            nn.Parameter(torch.empty(width, features)) for width in self.widths[1:]
        )
        self.bias = nn.Parameter(torch.zeros(vocabulary + len(cutoffs)))  # the last are the clusters'

    def exact_loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """See `OutputLayer`. Waits for the device once, for the number of targets in each cluster."""
        (head, *tails), (head_bias, *tail_biases) = self._matrices(), self._biases()
        cluster, in_head = self._places(targets)
        loss = softmax_loss(features, head, head_bias, in_head)
        for i, rows in enumerate(self._rows_by_cluster(cluster)[1:]):
            # A cluster without a target reads some row with weight 0, so that it has a gradient of zero.
            index = rows if len(rows) else cluster.new_zeros(1)
            x = F.linear(features.index_select(0, index), self.projections[i])
            word = (targets.index_select(0, index) - self.cutoffs[i]).clamp_(min=0)
            part = softmax_loss(x, tails[i], tail_biases[i], word.clamp_(max=len(tails[i]) - 1))
            loss = loss + part * (len(rows) / len(targets))
        return loss

    @torch.no_grad()
    def log_probs(self, features: Tensor, targets: Tensor) -> Tensor:
        (head, *tails), (head_bias, *tail_biases) = self._matrices(), self._biases()
        cluster, in_head = self._places(targets)
        scores = _log_probs(features, head, head_bias, in_head)
        for i, rows in enumerate(self._rows_by_cluster(cluster)[1:]):
            x, word = F.linear(features[rows], self.projections[i]), targets[rows] - self.cutoffs[i]
            scores[rows] += _log_probs(x, tails[i], tail_biases[i], word)
        return scores

    @torch.no_grad()
    def distribution(self, features: Tensor) -> Tensor:
        (head, *tails), (head_bias, *tail_biases) = self._matrices(), self._biases()
        first, *of_clusters = torch.log_softmax(F.linear(features, head, head_bias), 1).split(
            [self.sizes[0], *[1 for _ in tails]], 1
        )
        parts = [first]
        for project, tail, bias, share in zip(self.projections, tails, tail_biases, of_clusters, strict=True):
            parts.append(share + torch.log_softmax(F.linear(F.linear(features, project), tail, bias), 1))
        return torch.cat(parts, 1)

    def operations(self, counts: np.ndarray) -> float:
        """2 F (V₀ + clusters) for the head, and 2 dᵢ (F + Vᵢ) for cluster i if the target is one of its Vᵢ
        words, with F features and dᵢ of them after the projection."""
        features, clusters = self.widths[0], len(self.sizes) - 1
        targets = [float(part.sum()) for part in np.split(counts, np.cumsum(self.sizes)[:-1])]
        total = 2.0 * features * (self.sizes[0] + clusters)
        for number, size, width in zip(targets[1:], self.sizes[1:], self.widths[1:], strict=True):
            total += number / max(1.0, sum(targets)) * 2 * width * (features + size)
        return total

    @torch.no_grad()
    def start_from(self, log_unigram: Tensor) -> None:
        shares = [part.logsumexp(0, keepdim=True) for part in log_unigram.split(self.sizes)[1:]]
        self.bias.copy_(torch.cat([log_unigram, *shares]))  # a cluster's own softmax takes any constant

    def _matrices(self) -> list[Tensor]:
        """W of the head [head words + clusters, features] and of each cluster [its words, its width]."""
        if self.matrix is None:
            head, *tails = self.words
        else:
            # One split, so that the gradient is assembled once. A row for the start symbol may be left over.
            rows = self.matrix.split([*self.sizes, len(self.matrix) - self.vocabulary])
            head, *tails = [part[:, :width] for part, width in zip(rows, self.widths, strict=False)]
        return [head if self.clusters is None else torch.cat([head, self.clusters]), *tails]

    def _biases(self) -> list[Tensor]:
        """b of the head (its clusters last) and of each cluster."""
        head, *rest = self.bias.split([*self.sizes, len(self.cutoffs)])
        *tails, clusters = rest
        return [torch.cat([head, clusters]), *tails]

    def _places(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The cluster of each target (0: the head) and its index in the head's softmax, both int64 [n]."""
        cluster = torch.bucketize(targets, self.cutoffs, right=True)
        return cluster, torch.where(cluster == 0, targets, self.sizes[0] + cluster - 1)

    def _rows_by_cluster(self, cluster: Tensor) -> Sequence[Tensor]:
        """The indices of the rows that belong to the head and to each cluster, in order."""
        sizes = torch.bincount(cluster, minlength=len(self.sizes)).tolist()
        return cluster.argsort(stable=True).split(sizes)


def _log_probs(x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
    """ln softmax(x Wᵀ + b)[target], [n]."""
    scores = x.new_empty(len(x))
    size = max(1, LOGITS // len(weight))
    for rows in (slice(first, first + size) for first in range(0, len(x), size)):
        scores[rows] = -F.cross_entropy(F.linear(x[rows], weight, bias), target[rows], reduction="none")
    return scores
