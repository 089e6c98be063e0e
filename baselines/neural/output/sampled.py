"""Training by a few sampled words instead of the whole vocabulary. Scores are those of the exact softmax.

A step touches the rows of W that belong to its targets and samples, which all rows of the batch share
(Jean et al. 2015), so its products cost (targets + samples) / vocabulary of the exact loss. What remains
is the dense gradient of W, zero elsewhere, and the optimiser's pass over all of W. On one CPU core, for
700 targets of 200 features, loss, gradient and Adam with 1,000 samples took a fifth of the chunked exact
softmax's time at a vocabulary of 10,000, a tenth at 33,000 and a seventeenth at 268,000; the adaptive
softmax, which is exact, took a fifth, a seventh and a tenth. It pays from tens of thousands of words.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.output.softmax import Softmax, softmax_loss


class _ShortList(Softmax):
    """An exact softmax whose loss looks at the targets and at `samples` words drawn from a proposal."""

    proposal: Tensor

    def __init__(self, proposal: np.ndarray, samples: int, features: int, tied: nn.Embedding | None = None):
        """`proposal`: positive weights [vocabulary], not yet normalised."""
        super().__init__(len(proposal), features, tied)
        self.samples = samples
        # Not saved: only training needs it.
        share = torch.from_numpy(np.asarray(proposal / proposal.sum(), dtype=np.float32))
        self.register_buffer("proposal", share, persistent=False)

    def exact_loss(self, features: Tensor, targets: Tensor) -> Tensor:
        return softmax_loss(features, self.weight, self.bias, targets)

    def _logits(self, features: Tensor, targets: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """W x + b for the target of each row [n], and for the drawn words [n, drawn]."""
        places = torch.cat([targets, drawn])
        weight, bias = self.matrix.index_select(0, places), self.bias.index_select(0, places)
        n = len(targets)
        return (features * weight[:n]).sum(1) + bias[:n], F.linear(features, weight[n:], bias[n:])


class Sampled(_ShortList):
    """Sampled softmax (Bengio & Senécal 2003; Jean et al. 2015): an importance-weighted normaliser.

    Loss of a row: −ln(eˢᵗ / (eˢᵗ + Σ_w e^{s_w} / π_w)), over the drawn words w other than the target t.
    The words are drawn without replacement: word w arrives after an exponential time of rate q_w, the
    proposal, and the first `samples` are taken. With τ the arrival of the next one, each was in with
    probability π_w = 1 − exp(−q_w τ), and the sum is an unbiased estimate of that over all other words
    (priority sampling: Duffield, Lund & Thorup 2007; Cohen & Kaplan 2007). With all words drawn, π = 1
    and the loss is exact; with fewer, the logarithm of an unbiased estimate makes it too small on average.

    From the share `exact_from` of the budget on, the loss is that of the exact softmax: the bulk of the
    steps is cheap, and the last of them, at the lowest rates, follow what is measured.
    """

    def __init__(
        self,
        proposal: np.ndarray,
        samples: int,
        features: int,
        tied: nn.Embedding | None = None,
        exact_from: float = 1.0,
    ):
        super().__init__(proposal, samples, features, tied)
        self.exact_from, self._exact = exact_from, False

    def advance(self, progress: float) -> None:
        self._exact = progress >= self.exact_from

    def draw(self) -> tuple[Tensor, Tensor]:
        """Different words [samples], and ln π of each."""
        if self.samples == self.vocabulary:
            return torch.arange(self.samples, device=self.proposal.device), torch.zeros_like(self.proposal)
        arrivals = torch.empty_like(self.proposal).exponential_().div_(self.proposal)
        first, words = arrivals.topk(self.samples + 1, largest=False)
        words = words[:-1]
        return words, torch.log(-torch.expm1(-self.proposal[words] * first[-1]))

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        if self._exact:
            return super().loss(features, targets)
        drawn, log_inclusion = self.draw()
        right, others = self._logits(features, targets, drawn)
        others = (others - log_inclusion).masked_fill(targets[:, None] == drawn, -torch.inf)
        return F.cross_entropy(torch.cat([right[:, None], others], 1), torch.zeros_like(targets))


class NoiseContrastive(_ShortList):
    """Noise-contrastive estimation (Gutmann & Hyvärinen 2010; for language models, Mnih & Teh 2012).

    Tells the target from k = `samples` words of noise, drawn with replacement from the proposal q, by
    p(no noise | w) = σ(s_w − ln Z − ln(k q_w)). Loss of a row: −ln p(no noise | target) −
    Σ_noise ln(1 − p(no noise | w)). This is no likelihood: it is not comparable with the loss of a
    softmax, and its minimum holds Σ_w e^{s_w} at Z. ln Z = 0 suits biases that start as a unigram
    distribution (Mnih & Teh fix it so), ln |vocabulary| those that start from zero.
    """

    cumulative: Tensor

    def __init__(
        self,
        proposal: np.ndarray,
        samples: int,
        features: int,
        tied: nn.Embedding | None = None,
        log_normaliser: float = 0.0,
    ):
        super().__init__(proposal, samples, features, tied)
        self.log_normaliser = log_normaliser
        cumulative = torch.from_numpy(np.cumsum(proposal / proposal.sum(), dtype=np.float64))
        self.register_buffer("cumulative", cumulative, persistent=False)

    def draw(self) -> Tensor:
        """Words [samples], perhaps repeated."""
        at = torch.rand(self.samples, dtype=torch.float64, device=self.cumulative.device)
        return torch.searchsorted(self.cumulative, at, right=True).clamp_(max=self.vocabulary - 1)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        drawn = self.draw()
        right, noise = self._logits(features, targets, drawn)
        expected = torch.log(self.samples * self.proposal) + self.log_normaliser
        data = F.softplus(expected[targets] - right)
        return (data + F.softplus(noise - expected[drawn]).sum(1)).mean()
