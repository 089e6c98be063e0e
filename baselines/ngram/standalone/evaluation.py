"""What a model makes of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.ngram.counting.history import scoring_sequence
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.hashed import HashedTable
from benchmark.corpus.stream import TokenStream
from benchmark.errors import UserError


@dataclass(frozen=True)
class Evaluation:
    """Perplexity exp(−mean ln p) over the words of a text and the `</s>` of each sentence.

    - `perplexity`, and `perplexity_known` without the unknown words.
    - `targets`: words and `</s>`; `unknown`: how many of them the vocabulary lacks.
    - `log10_prob`: of the text.
    """

    perplexity: float
    perplexity_known: float
    targets: int
    unknown: int
    log10_prob: float


def scored(table: BackoffTable | HashedTable, stream: TokenStream) -> np.ndarray:
    """ln p of every target of a stream, each sentence by itself: float32 [targets]."""
    sequence, is_target = scoring_sequence(stream.ids, stream.vocabulary, "sentence")
    return table.score(sequence)[is_target]


def evaluated(table: BackoffTable | HashedTable, stream: TokenStream) -> Evaluation:
    """Raises UserError for a text without sentences."""
    if not len(stream):
        raise UserError("an empty text has no perplexity: give sentences")
    log_probs, known = scored(table, stream).astype(np.float64), stream.ids != stream.vocabulary.unknown
    return Evaluation(
        float(np.exp(-log_probs.mean())),
        float(np.exp(-log_probs[known].mean())) if known.any() else float("nan"),
        len(stream),
        int(np.count_nonzero(~known)),
        float(log_probs.sum() / np.log(10)),
    )
