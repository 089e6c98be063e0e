"""Where KenLM's estimator departs from the published definition of modified Kneser-Ney.

Input: the training text; `OrderCounts` of each order, from 1 up, and adjusted counts in the order of its
n-grams.

Output: counts of counts and discounts of each order, and the probability of the uniform distribution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.discounts import Discounts, counts_of_counts
from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import IN_MEMORY
from benchmark.contract import Vocabulary

_BLOCK = 1 << 20  # tokens read at a time

CountsOfCounts = tuple[int, int, int, int]


class KenLMConventions:
    """What `lmplz` (Heafield et al. 2013) does differently, according to its source (release 0.3.0).

    - It reserves a word `<unk>`, and refuses one in the text. Here the reserved word is the vocabulary's
      `<unk>` if the text does not contain it. Otherwise it is `beyond` the vocabulary, whose probabilities
      then sum to 1 − p(<unk> | h).
    - The uniform distribution is over that `<unk>`, `</s>` and the words, without `<s>`.
    - The last n-gram of each order below the highest enters the counts of counts with its count instead of
      its adjusted count. The last one in the order of the words' ids, read from right to left, where `<s>`
      and `</s>` come first and the other words in the order in which they first occur in the text.
    - Discounts are computed in float32, which is visible if 1 − D₁ is small, and may be exactly 0.
    """

    def __init__(self, vocabulary: Vocabulary, text: np.ndarray) -> None:
        """For a training text: its ids, integers [tokens], with or without `<s>`."""
        words, unknown = len(vocabulary), vocabulary.unknown
        places = np.full(words + 1, -1, dtype=np.int64)
        for begin in range((len(text) - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
            block = text[begin : begin + _BLOCK][::-1]
            # of several places the last one written stays: the first in the text
            places[block] = np.arange(begin + len(block) - 1, begin - 1, -1)
            files.forget(text)
        self.beyond = unknown is None or bool(places[unknown] >= 0)
        places += 2
        if vocabulary.end is not None:
            places[vocabulary.end] = 1
        places[words] = 0
        self.places = places
        self.uniform = 1 / (words + self.beyond)

    def counts_of_counts(
        self, counts: Sequence[OrderCounts], adjusted: Sequence[np.ndarray]
    ) -> list[CountsOfCounts]:
        """n₁ … n₄ of each order."""
        seen = [counts_of_counts(each) for each in adjusted]
        for n, last in enumerate(self._last(counts)):
            moved = dict(enumerate(seen[n], 1))
            for count, step in ((int(adjusted[n][last]), -1), (int(counts[n].counts[last]), 1)):
                if count in moved:
                    moved[count] += step
            seen[n] = (moved[1], moved[2], moved[3], moved[4])
        return seen

    def _last(self, counts: Sequence[OrderCounts]) -> list[int]:
        """Id of the last n-gram of orders 1, 2, … below the highest, up to the first order that has none."""
        if len(counts) == 1:
            return []
        found = [int(np.argmax(np.where(counts[0].counts > 0, self.places, -1)))]
        for n in range(2, len(counts)):
            longer = _places_of(found[-1], counts[n - 1].suffix)
            if not len(longer):
                break  # it begins with <s>
            first = longer
            for order in counts[n - 1 : 0 : -1]:
                first = order.contexts[first]
            found.append(int(longer[np.argmax(self.places[first])]))
        return found


def _places_of(number: int, numbers: np.ndarray) -> np.ndarray:
    """Where a number stands: int64, ascending."""
    found = [np.zeros(0, dtype=np.int64)]
    found += [np.flatnonzero(numbers[some] == number) + some.start for some in IN_MEMORY.blocks(numbers)]
    return np.concatenate(found)


def kenlm_closed_form(n1: int, n2: int, n3: int, n4: int) -> Discounts | None:
    """D₁, D₂ and D₃₊ (see `closed_form`), every step rounded to float32; None if they are impossible."""
    if not (n1 and n2 and n3):
        return None
    n = [np.float32(count) for count in (0, n1, n2, n3, n4)]
    y = n[1] / np.float32(n1 + 2 * n2)
    d1, d2, d3 = (float(np.float32(i) - np.float32(i + 1) * y * n[i + 1] / n[i]) for i in (1, 2, 3))
    return (d1, d2, d3) if 0 <= d1 <= 1 and 0 <= d2 <= 2 and 0 <= d3 <= 3 else None
