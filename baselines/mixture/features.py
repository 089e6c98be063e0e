"""Features of each history for a gate: numbers that depend only on the tokens before a target."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from benchmark.contract import LanguageModel, TokenStream

#: Numbers of tokens over which the components' recent success is averaged.
_RECENT = (20, 200, 1000)
_LEAST = -30.0  # in place of ln 0


@runtime_checkable
class ReportsEvidence(Protocol):
    """A model that reports what it knows of each history: how often it saw it, how long a part of it."""

    def evidence(self, stream: TokenStream) -> np.ndarray:
        """Numbers about each target's history, without the target: float64 [targets, any]."""


@runtime_checkable
class ReportsEvidenceByLine(Protocol):
    """A model that reports this for many short texts at once."""

    def evidence_by_line(self, stream: TokenStream) -> np.ndarray:
        """`evidence` with each line of the stream as a text of its own: float64 [targets, any]."""


def evidence_of(model: LanguageModel, stream: TokenStream) -> np.ndarray:
    """What a model reports about each history, if anything: float64 [targets, any]."""
    return model.evidence(stream) if isinstance(model, ReportsEvidence) else np.empty((len(stream), 0))


def evidence_by_line_of(model: LanguageModel, stream: TokenStream) -> np.ndarray:
    """The same, each line of the stream as a text of its own."""
    if isinstance(model, ReportsEvidenceByLine):
        return model.evidence_by_line(stream)
    by_sentence = model.context == "sentence" and stream.vocabulary.end is not None
    if by_sentence or not isinstance(model, ReportsEvidence) or not len(stream):
        return evidence_of(model, stream)
    return np.concatenate([model.evidence(line) for line in stream.each_line()])


def line_begins(stream: TokenStream) -> np.ndarray:
    """The index at which the line of each target begins: int64 [targets]."""
    return np.repeat(stream.lines[:-1], np.diff(stream.lines))


def position_and_frequency(stream: TokenStream, begins: np.ndarray) -> np.ndarray:
    """Features that need no model, of histories that begin at the indices `begins`: float64 [targets, 7].

    1; ln(1 + ·) of the number of tokens in the history, of those since `</s>`, and of the training counts of
    the last token and the one before; whether the last token is `</s>`; whether it is `<unk>`.
    """
    ids = np.asarray(stream.ids, dtype=np.int64)
    vocabulary, place = stream.vocabulary, np.arange(len(ids))
    counts = np.log1p(np.append(vocabulary.counts, 0))
    last, one_before = (
        np.where(place - begins >= n, ids.take(np.maximum(place - n, 0)), len(vocabulary)) for n in (1, 2)
    )
    ended = (last == vocabulary.end) | (last == len(vocabulary))
    sentence = np.maximum.accumulate(np.where(ended, place, 0))
    columns = (
        np.ones(len(ids)),
        np.log1p(place - begins),
        np.log1p(place - sentence),
        counts[last],
        counts[one_before],
        ended,
        last == vocabulary.unknown,
    )
    return np.stack([column.astype(np.float64) for column in columns], axis=1)


def recent_success(scores: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """How much better than the others each component did on the last tokens.

    The mean of ln pᵢ over a window, minus its mean over the components: float64
    [targets, components · windows], from ln pᵢ [components, targets]. Histories begin at `begins` [targets].
    """
    clipped = np.maximum(scores, _LEAST).astype(np.float64)
    ahead = clipped - clipped.mean(axis=0)
    sums = np.concatenate([np.zeros((len(ahead), 1)), np.cumsum(ahead, axis=1)], axis=1)
    stop = np.arange(scores.shape[1])
    windows = [(sums[:, stop] - sums[:, np.maximum(stop - tokens, begins)]) / tokens for tokens in _RECENT]
    return np.concatenate(windows).T
