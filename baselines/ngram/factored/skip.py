"""Skip n-grams: a mixture of distributions whose histories leave out words."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from baselines.ngram.factored.model import FactoredModel, History, Part, choices
from benchmark.contract import Context, Vocabulary


class SkipNgram(FactoredModel):
    """k-skip-n-grams: p(w | h) = Σᵢ λᵢ pᵢ(w | hᵢ), hᵢ every choice of n − 1 of the last n − 1 + k words.

    Mixing distributions over histories with gaps is in Huang et al. 1993, Rosenfeld 1994 (distance
    n-grams) and Goodman 2001, sec. 4; the choice of histories is the k-skip-n-gram's (Guthrie et al. 2006).
    Each pᵢ is interpolated modified Kneser-Ney that backs off by dropping the farthest word of hᵢ (see
    `baselines.ngram.factored.table`); the history without gaps gives the ordinary n-gram model. The
    weights are set by EM on the validation text, for each bucket of histories (see `FactoredMixture`).
    Where the history began less far back, what stands there is `<s>`, once.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        skips: Annotated[int, Field(ge=0, le=10)] = 1,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, skips=skips, context=context)

    def parts(self, vocabulary: Vocabulary) -> list[Part]:
        words = np.arange(len(vocabulary) + 1)
        histories = tuple(History(distances, words) for distances in choices(self.order, self.skips))
        return [Part(words[:-1], np.zeros(len(vocabulary), dtype=np.int64), histories)]
