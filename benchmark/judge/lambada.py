"""LAMBADA: can a model tell the last word of a passage?

Paperno et al. (2016), The LAMBADA dataset: Word prediction requiring a broad discourse context. A model
with stream context has the passage up to its last word as its history; one with sentence context has the
words before it in the last sentence, which people find too little to tell the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.contract import LanguageModel
from benchmark.judge.blimp import Report
from benchmark.judge.reading import Reader

#: Histories read at a time, and the numbers that their distributions may take together (float32: 32 MB).
MOST_HISTORIES, MOST_NUMBERS = 128, 1 << 23


@dataclass(frozen=True)
class Prediction:
    """What a model makes of the words that it knows: how often it is right, −Σ ln p, and each word's rank."""

    passages: int
    right: float
    nll: float
    ranks: np.ndarray  # float64 [known targets]


def predict_last_words(
    model: LanguageModel, reader: Reader, passages: Sequence[Sequence[str]], report: Report
) -> Prediction:
    """Judge every passage whose last word is in the vocabulary. Raises UserError for text it cannot hold.

    The word competes with all tokens of the vocabulary. Its rank is 1 + the number of more probable tokens +
    half the number of others that are as probable; it is right at the first place, shared by what is as
    probable as it.
    """
    read = [reader.passage(passage) for passage in passages]
    known = [(history, target) for history, target in read if target is not None]
    known.sort(key=lambda pair: len(pair[0]))  # histories of similar length are read together
    total, done = sum(len(history) + 1 for history, _ in known), 0
    size = max(1, min(MOST_HISTORIES, MOST_NUMBERS // len(reader.vocabulary)))
    right = nll = 0.0
    ranks: list[np.ndarray] = []
    for first in range(0, len(known), size):
        batch = known[first : first + size]
        log_probs = model.next_log_probs([history for history, _ in batch])
        own = log_probs[np.arange(len(batch)), [target for _, target in batch]]
        above = (log_probs > own[:, None]).sum(axis=1)
        equal = (log_probs == own[:, None]).sum(axis=1)
        right += float((1 / equal[above == 0]).sum())
        nll -= float(own.sum(dtype=np.float64))
        ranks.append(above + (equal + 1) / 2)
        done += sum(len(history) + 1 for history, _ in batch)
        report(done, total)
    return Prediction(len(passages), right, nll, np.concatenate(ranks) if ranks else np.empty(0))
