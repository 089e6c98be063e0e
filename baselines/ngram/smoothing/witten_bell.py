"""Witten-Bell smoothing."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts, sums_by_context
from baselines.ngram.estimation.forms import Form, Kept, contexts_of_order, smooth
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog


class WittenBell(BackoffModel):
    """A context gives way to a shorter one as often as it was followed by a word new to it.

    Witten & Bell 1991, method C; Chen & Goodman 1998, sec. 2.5 (interpolated) and 4.1 (backoff). With
    c(h) = Σ_w c(h w) and N₁₊(h •) the number of distinct words seen after h,

        interpolated:  p(w | h) = (c(h w) + N₁₊(h •) p(w | h')) / (c(h) + N₁₊(h •));
        backoff:       p(w | h) = c(h w) / (c(h) + N₁₊(h •))  if c(h w) > 0,  b(h) p(w | h')  if not.

    b(h), the end of the recursion in 1 / V and contexts never seen: see `forms.smooth`.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        form: Form = "interpolated",
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.form = form

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "form": self.form}

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        kept = (
            Kept(
                ngrams.counts.astype(np.float64),
                sums_by_context(ngrams, ngrams.counts > 0, contexts_of_order(counts, n)),
            )
            for n, ngrams in enumerate(counts, 1)
        )
        return smooth(counts, kept, self.form)
