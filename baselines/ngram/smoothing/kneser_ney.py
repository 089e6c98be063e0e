"""Interpolated modified Kneser-Ney smoothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import Discounts, closed_form, discounts_of
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.estimation.kenlm_conventions import KenLMConventions, kenlm_closed_form
from baselines.ngram.smoothing.interpolated_kneser_ney import InterpolatedKneserNey
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog, TokenStream
from benchmark.errors import UserError


@dataclass(kw_only=True, eq=False)
class KneserNey(InterpolatedKneserNey):
    """Modified Kneser-Ney (Chen & Goodman 1998, sec. 3), as KenLM defines it (Heafield et al. 2013).

    With a(·) the adjusted counts (see `adjusted_counts`) and h' the context h without its first word,

        p(w | h) = (a(h w) − D(a(h w))) / Σ_v a(h v) + γ(h) p(w | h'),
        γ(h) = (D₁ N₁(h) + D₂ N₂(h) + D₃₊ N₃₊(h)) / Σ_v a(h v),

    Nᵢ(h) the number of words v with a(h v) = i, and 1 / V below order 1, V the size of the vocabulary.
    The discounts are the closed form of each order, or where that is impossible 0.5, 1 and 1.5; the log
    says so. `conventions: kenlm` follows `lmplz` where it departs from the publication (see
    `KenLMConventions`). Its probabilities sum to less than one if `<unk>` is a word of the text:
    `normalised` is then False. It needs `device: cpu`.

    After `fit`, `discounts` [order][3] holds D₁, D₂, D₃₊ of each order, and `fallback_orders` the orders
    that took the fixed ones.
    """

    version: ClassVar[int] = 1

    conventions: Literal["published", "kenlm"] = "published"

    discounts: list[list[float]] = field(init=False, default_factory=list)
    fallback_orders: list[int] = field(init=False, default_factory=list)
    normalised: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        if self.conventions == "kenlm" and self.device != "cpu":
            raise UserError(
                f"model.conventions=kenlm is estimated on the CPU, not on model.device={self.device}: "
                "give model.device=cpu, or model.conventions=published"
            )

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count the n-grams of all orders, then estimate. `valid` is not read."""
        if self.conventions == "kenlm":
            self._kenlm = KenLMConventions(train.vocabulary, train.ids)
            self.normalised = not self._kenlm.beyond
        super().fit(train, valid, log)

    def choose_discounts(self, seen: Sequence[tuple[int, int, int, int]], log: RunLog) -> list[Discounts]:
        formula = kenlm_closed_form if self.conventions == "kenlm" else closed_form
        discounts, self.fallback_orders = discounts_of(seen, log, formula)
        self.discounts = [list(each) for each in discounts]
        return discounts

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        if self.conventions == "published":
            return super().estimate(counts, log)
        adjusted = adjusted_counts(counts)
        discounts = self.choose_discounts(self._kenlm.counts_of_counts(counts, adjusted), log)
        return interpolate(counts, adjusted, discounts, self._kenlm.uniform)
