"""Training against a few sampled words instead of the whole vocabulary. Scores are exact.

A step touches the rows of W that belong to its targets and samples. All rows of the minibatch share the
samples (Jean et al. 2015), so the products cost (targets + samples) / vocabulary of those of the exact loss.
What remains is the dense gradient of W, zero elsewhere, and the optimiser's pass over all of W. On one CPU
core, for 700 targets of 200 features, loss, gradient and Adam with 1,000 samples took a fifth of the chunked
exact softmax's time at a vocabulary of 10,000, a tenth at 33,000 and a seventeenth at 268,000; the adaptive
softmax, which is exact, took a fifth, a seventh and a tenth. Sampling pays from tens of thousands of words.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.output.softmax import Softmax


@dataclass(frozen=True)
class Proposal:
    """Which words a step samples: `samples` of them, in proportion to positive `weights` [vocabulary]."""

    weights: np.ndarray
    samples: int

    @property
    def probabilities(self) -> np.ndarray:
        """q: the weights, normalised, float64 [vocabulary]."""
        return self.weights / self.weights.sum()


class _SampledLoss(Softmax):
    """An exact softmax whose subclasses train by the logits of the targets and of sampled words alone."""

    proposal: Tensor

    def __init__(self, proposal: Proposal, features: int, tied: nn.Embedding | None = None):
        super().__init__(len(proposal.weights), features, tied)
        self.samples = proposal.samples
        # Not saved: only training needs it.
        shares = torch.from_numpy(np.asarray(proposal.probabilities, dtype=np.float32))
        self.register_buffer("proposal", shares, persistent=False)

    def loss_operations(self, counts: np.ndarray) -> float:
        """2 F (samples + 1) with F features."""
        return 2.0 * self.weight.shape[1] * (self.samples + 1)

    def _logits(self, features: Tensor, targets: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """W x + b for the target of each row [n], and for the drawn words [n, drawn]."""
        words = torch.cat([targets, drawn])
        weight, bias = self.matrix.index_select(0, words), self.bias.index_select(0, words)
        n = len(targets)
        return (features * weight[:n]).sum(1) + bias[:n], F.linear(features, weight[n:], bias[n:])


class Sampled(_SampledLoss):
    """Sampled softmax (Bengio & Senécal 2003; Jean et al. 2015): an importance-weighted normaliser.

    The loss of a row is −ln(eˢᵗ / (eˢᵗ + Σ_w e^{s_w} / π_w)), over the drawn words w other than the target t.
    The words are drawn without replacement: word w arrives after an exponential time of rate q_w, the
    proposal, and the first `samples` are taken. If τ is the arrival of the next one, each was included with
    probability π_w = 1 − exp(−q_w τ), and the sum is an unbiased estimate of that over all other words
    (priority sampling: Duffield, Lund & Thorup 2007; Cohen & Kaplan 2007). With all words drawn, π = 1
    and the loss is exact; with fewer it is too small on average, being the logarithm of an unbiased estimate.

    From the share `exact_from` of the budget on, the loss is that of the exact softmax: most steps are
    cheap, and the last ones, at the lowest learning rates, minimise what is measured.
    """

    def __init__(
        self, proposal: Proposal, features: int, tied: nn.Embedding | None = None, exact_from: float = 1.0
    ):
        super().__init__(proposal, features, tied)
        self.exact_from, self._exact = exact_from, False

    def advance(self, progress: float) -> None:
        self._exact = progress >= self.exact_from

    @property
    def variant(self) -> bool:
        return self._exact

    def draw(self) -> tuple[Tensor, Tensor]:
        """Different words int64 [samples], and ln π of each."""
        if self.samples == self.vocabulary:
            return torch.arange(self.samples, device=self.proposal.device), torch.zeros_like(self.proposal)
        arrivals = torch.empty_like(self.proposal).exponential_().div_(self.proposal)
        first, words = arrivals.topk(self.samples + 1, largest=False)
        words = words[:-1]
        return words, torch.log(-torch.expm1(-self.proposal[words] * first[-1]))

    def loss_operations(self, counts: np.ndarray) -> float:
        """Those of the samples up to `exact_from`, those of all words afterwards."""
        sampled = min(1.0, self.exact_from)
        return sampled * super().loss_operations(counts) + (1 - sampled) * self.operations(counts)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        if self._exact:
            return self.exact_loss(features, targets)
        drawn, log_inclusion = self.draw()
        right, others = self._logits(features, targets, drawn)
        others = (others - log_inclusion).masked_fill(targets[:, None] == drawn, -torch.inf)
        return F.cross_entropy(torch.cat([right[:, None], others], 1), torch.zeros_like(targets))


class NoiseContrastive(_SampledLoss):
    """Noise-contrastive estimation (Gutmann & Hyvärinen 2010; for language models, Mnih & Teh 2012).

    Tells the target from k = `samples` words of noise, drawn with replacement from the proposal q, by
    p(data | w) = σ(s_w − ln Z − ln(k q_w)). The loss of a row is
    −ln p(data | target) − Σ_noise ln(1 − p(data | w)). This is no likelihood, so it cannot be compared with
    the loss of a softmax; its minimum holds Σ_w e^{s_w} at Z. ln Z = 0 suits biases that start as a unigram
    distribution (Mnih & Teh fix it so), ln |vocabulary| suits those that start from zero.
    """

    cumulative: Tensor

    def __init__(
        self, proposal: Proposal, features: int, tied: nn.Embedding | None = None, log_normaliser: float = 0.0
    ):
        super().__init__(proposal, features, tied)
        self.log_normaliser = log_normaliser
        cumulative = torch.from_numpy(np.cumsum(proposal.probabilities, dtype=np.float64))
        self.register_buffer("cumulative", cumulative, persistent=False)

    def draw(self) -> Tensor:
        """Words int64 [samples], possibly repeated."""
        at = torch.rand(self.samples, dtype=torch.float64, device=self.cumulative.device)
        return torch.searchsorted(self.cumulative, at, right=True).clamp_(max=self.vocabulary - 1)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        drawn = self.draw()
        right, noise = self._logits(features, targets, drawn)
        expected = torch.log(self.samples * self.proposal) + self.log_normaliser
        data = F.softplus(expected[targets] - right)
        return (data + F.softplus(noise - expected[drawn]).sum(1)).mean()
