"""Skip n-grams: a mixture of distributions whose histories leave out words."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from baselines.ngram.factored.model import FactoredModel, History, Part, choices
from benchmark.contract import Bounds, Vocabulary


@dataclass(kw_only=True, eq=False)
class SkipNgram(FactoredModel):
    """k-skip-n-grams: p(w | h) = Σᵢ λᵢ pᵢ(w | hᵢ), hᵢ every choice of n − 1 of the last n − 1 + k words.

    Mixtures of distributions over histories with gaps: Huang et al. 1993, Rosenfeld 1994 (distance
    n-grams) and Goodman 2001, sec. 4. The choice of histories: Guthrie et al. 2006 (k-skip-n-grams).
    Each pᵢ is interpolated modified Kneser-Ney that backs off by dropping the farthest word of hᵢ (see
    `baselines.ngram.factored.table`); the history without gaps gives the ordinary n-gram model. EM sets the
    weights on the validation text, for each bucket of histories (see `FactoredMixture`). A history that
    began less far back has `<s>` at its beginning, once.
    """

    version: ClassVar[int] = 1

    skips: Annotated[int, Bounds(ge=0, le=10)] = 1

    def parts(self, vocabulary: Vocabulary) -> list[Part]:
        words = np.arange(len(vocabulary) + 1)
        histories = tuple(History(distances, words) for distances in choices(self.order, self.skips))
        return [Part(words[:-1], np.zeros(len(vocabulary), dtype=np.int64), histories)]
