"""What a gate may know of each history: numbers that depend on nothing but the tokens before a target."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from benchmark.contract import LanguageModel, TokenStream

#: Tokens over which the components' recent success is averaged.
_RECENT = (20, 200, 1000)
_LEAST = -30.0  # what ln 0 counts as


@runtime_checkable
class Informed(Protocol):
    """A model that can say how much it knows of each history: how often it saw it, how long a part."""

    def evidence(self, stream: TokenStream) -> np.ndarray:
        """Numbers of each target's history, the target left out: float64 [targets, any]."""


def evidence_of(model: LanguageModel, stream: TokenStream) -> np.ndarray:
    """What a model says of each history; no numbers if it says nothing."""
    return model.evidence(stream) if isinstance(model, Informed) else np.empty((len(stream), 0))


def position_and_frequency(stream: TokenStream) -> np.ndarray:
    """1; ln(1 + ·) of the tokens in the history, of those since `</s>`, and of how often training showed
    the last token and the one before; whether the last is `</s>`, or `<unk>`: float64 [targets, 7]."""
    ids = np.asarray(stream.ids, dtype=np.int64)
    vocabulary, place = stream.vocabulary, np.arange(len(ids))
    counts = np.log1p(np.append(vocabulary.counts, 0))
    last, one_before = (
        np.concatenate([np.full(min(n, len(ids)), len(vocabulary)), ids[: max(0, len(ids) - n)]])
        for n in (1, 2)
    )
    ended = (last == vocabulary.end) | (last == len(vocabulary))
    begins = np.maximum.accumulate(np.where(ended, place, 0))
    columns = (
        np.ones(len(ids)),
        np.log1p(place),
        np.log1p(place - begins),
        counts[last],
        counts[one_before],
        ended,
        last == vocabulary.unknown,
    )
    return np.stack([column.astype(np.float64) for column in columns], axis=1)


def recent_success(scores: np.ndarray) -> np.ndarray:
    """How much better than the others each component did on the last tokens: the mean of ln pᵢ less its
    mean over components. From ln pᵢ [components, targets] to float64 [targets, components · windows]."""
    clipped = np.maximum(scores, _LEAST).astype(np.float64)
    ahead = clipped - clipped.mean(axis=0)
    sums = np.concatenate([np.zeros((len(ahead), 1)), np.cumsum(ahead, axis=1)], axis=1)
    stop = np.arange(scores.shape[1])
    windows = [(sums[:, stop] - sums[:, np.maximum(stop - tokens, 0)]) / tokens for tokens in _RECENT]
    return np.concatenate(windows).T
