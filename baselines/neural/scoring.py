"""Exact scores from a trained network, and the features they are computed from.

Nothing is truncated here: every target is scored with the state carried over its whole history.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from baselines.neural.arithmetic import tf32
from baselines.neural.network import Network
from baselines.neural.segments import (
    EncodedStream,
    Rows,
    SeparateLines,
    batches_by_length,
    on_device,
    pad,
    sentences,
)
from baselines.neural.stretches import POSITIONS, Collector, FeaturesAt, Scores, read, read_stream
from benchmark.contract import Computation, Context, TokenStream

#: Contexts read side by side for next-token distributions.
CONTEXTS = 128


def full_float32(network: Network) -> AbstractContextManager[None]:
    """A context in which a network on a CUDA device computes without TF32."""
    return tf32(False, next(network.parameters()).device)


@torch.no_grad()
def score(network: Network, stream: TokenStream, context: Context) -> tuple[np.ndarray, Computation]:
    """ln p of each id given its whole history, float32 [targets], and how that was computed.

    In `stream` context the text is one long row (see `baselines.neural.stretches`); in `sentence` context
    each sentence is a row.
    """
    scores = Scores(network, len(stream))
    rows = _read(network, stream, context, scores)
    return scores.array, _computation(network, rows)


@torch.no_grad()
def score_lines(network: Network, stream: TokenStream) -> np.ndarray:
    """ln p of each id given those before it in its line, float32 [targets]: many lines side by side."""
    lines = SeparateLines.of(np.asarray(stream.ids), stream.lines, network.start)
    scores = Scores(network, len(lines.ids))
    with _scoring(network):
        _read_side_by_side(network, _encoded(network, lines.ids), lines.rows, scores)
    return scores.array[lines.places]


@torch.no_grad()
def distributions(
    network: Network, stream: TokenStream, context: Context, places: np.ndarray, rows: int
) -> Iterator[np.ndarray]:
    """ln p of every token at some places of a stream, in blocks float32 [at most `rows`, vocabulary].

    `places` are ascending. The stream is read once, and of the features only those of the places are kept.
    """
    features = FeaturesAt(np.asarray(places, dtype=np.int64))
    _read(network, stream, context, features)
    for part in features.tensor.split(rows):
        with full_float32(network):
            block: np.ndarray = network.output.distribution(part).cpu().numpy()
        yield block


def _read(network: Network, stream: TokenStream, context: Context, into: Collector) -> int | None:
    """Read a stream for scoring; the rows that were read side by side (None: a varying number)."""
    encoded = _encoded(network, np.asarray(stream.ids))
    with _scoring(network):
        match context:
            case "sentence":
                rows = sentences(stream.ids, stream.vocabulary.end)
                _read_side_by_side(network, encoded, rows, into)
                return None
            case "stream":
                return read_stream(network, encoded, len(stream), into)
            case unknown:
                assert_never(unknown)


def _read_side_by_side(network: Network, encoded: EncodedStream, rows: Rows, into: Collector) -> None:
    """Read rows that begin in the initial state, those of similar length together."""
    for batch in batches_by_length(rows, positions=POSITIONS):
        state = network.initial_state(len(batch.starts))
        for segment in encoded.segments(batch, max(1, POSITIONS // len(batch.starts))):
            state = read(network, segment, state, into)


def _encoded(network: Network, ids: np.ndarray) -> EncodedStream:
    return EncodedStream(ids, network.start, next(network.parameters()).device)


@contextmanager
def _scoring(network: Network) -> Iterator[None]:
    """A context in which a network computes exact scores: in evaluation mode, without TF32."""
    was_training = network.training
    network.eval()
    with full_float32(network):
        yield
    network.train(was_training)


def computation(network: Network, context: Context) -> Computation:
    """How a short text is scored: a stream as one row, sentences in batches of varying size."""
    return _computation(network, 1 if context == "stream" else None)


def _computation(network: Network, rows: int | None) -> Computation:
    """In the type of the weights, on their device."""
    weights = next(network.parameters())
    return Computation(str(weights.device), str(weights.dtype).removeprefix("torch."), rows)


@torch.no_grad()
def next_distribution(network: Network, contexts: Sequence[np.ndarray], vocabulary_size: int) -> np.ndarray:
    """ln p of every token after each context, read from its first id: float32 [contexts, vocabulary]."""
    result = np.empty((len(contexts), vocabulary_size), dtype=np.float32)
    by_length = sorted(range(len(contexts)), key=lambda place: len(contexts[place]))
    network.eval()
    for first in range(0, len(contexts), CONTEXTS):
        places = by_length[first : first + CONTEXTS]
        with full_float32(network):
            features = _last_features(network, [contexts[place] for place in places])
            result[places] = network.output.distribution(features).cpu().numpy()
    return result


def _last_features(network: Network, contexts: Sequence[np.ndarray]) -> Tensor:
    """Features after the last token of each context, [contexts, features]."""
    device = next(network.parameters()).device
    inputs, last = pad(contexts, network.start)
    state = network.initial_state(len(contexts))
    columns = max(1, POSITIONS // len(contexts))
    ends: list[Tensor] = []
    order: list[np.ndarray] = []
    for first in range(0, len(inputs), columns):
        features, state = network(on_device(inputs[first : first + columns], device), state)
        here = np.flatnonzero((last >= first) & (last < first + columns))
        order.append(here)
        ends.append(features[on_device(last[here] - first, device), on_device(here, device)])
    return torch.cat(ends)[on_device(np.argsort(np.concatenate(order)), device)]


@torch.no_grad()
def features_in_order(
    network: Network, ids: np.ndarray, end: int | None, context: Context
) -> Iterator[tuple[Tensor, Tensor]]:
    """Features [n, features] of the history of each target and the targets [n], in the stream's order.

    The pairs are consecutive chunks of the stream. The features are those that `score` computes: in
    `sentence` context a history begins after `</s>` (id `end`), in `stream` context at the start of the
    stream.
    """
    network.eval()
    encoded = _encoded(network, np.asarray(ids))
    match context:
        case "sentence":
            yield from _features_of_rows(network, encoded, sentences(ids, end))
        case "stream":
            state = network.initial_state(1)
            for segment in encoded.segments(Rows(np.zeros(1, np.int64), np.array([len(ids)])), POSITIONS):
                with full_float32(network):
                    features, state = network(segment.inputs, state)
                yield features.flatten(0, 1), segment.targets
        case unknown:
            assert_never(unknown)


@torch.no_grad()
def features_of_lines(network: Network, stream: TokenStream) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Features [n, features] and targets [n] in the stream's order, with each line as a text of its own, and
    how many targets of its line are before each [n], in consecutive chunks of whole lines."""
    network.eval()
    lines = SeparateLines.of(np.asarray(stream.ids), stream.lines, network.start)
    lengths = np.diff(stream.lines)
    age = np.arange(len(stream)) - np.repeat(stream.lines[:-1], lengths)
    first = 0
    for features, targets in _features_of_rows(network, _encoded(network, lines.ids), lines.rows):
        yield features, targets, on_device(age[first : first + len(targets)], targets.device)
        first += len(targets)


def features_of_history(network: Network, ids: np.ndarray, end: int | None, context: Context) -> Tensor:
    """Features before each id of a history and after the last: [ids + 1, features]."""
    followed = np.append(np.asarray(ids, dtype=np.int64), 0)  # features look at no target, so any id will do
    return torch.cat([features for features, _ in features_in_order(network, followed, end, context)])


def _features_of_rows(
    network: Network, encoded: EncodedStream, rows: Rows
) -> Iterator[tuple[Tensor, Tensor]]:
    """Features and targets of rows that begin in the initial state, in the stream's order."""
    for neighbours in _neighbours(rows):
        yield _features_of_neighbours(network, encoded, neighbours)


def _neighbours(rows: Rows) -> Iterator[Rows]:
    """Consecutive rows, as many at a time as fit into POSITIONS (at least one)."""
    ends = rows.starts + rows.lengths
    first = 0
    while first < len(rows.starts):
        stop = int(np.searchsorted(ends, rows.starts[first] + POSITIONS, side="right"))
        stop = max(stop, first + 1)
        yield Rows(rows.starts[first:stop], rows.lengths[first:stop])
        first = stop


def _features_of_neighbours(network: Network, encoded: EncodedStream, rows: Rows) -> tuple[Tensor, Tensor]:
    """Features and targets of consecutive rows, read in batches of similar length, then reordered."""
    features, targets, positions = [], [], []
    for batch in batches_by_length(rows, positions=POSITIONS):
        state = network.initial_state(len(batch.starts))
        for segment in encoded.segments(batch, max(1, POSITIONS // len(batch.starts))):
            with full_float32(network):
                read, state = network(segment.inputs, state)
            features.append(segment.select(read))
            targets.append(segment.targets)
            positions.append(segment.positions)
    order = on_device(np.argsort(np.concatenate(positions)), targets[0].device)
    return torch.cat(features)[order], torch.cat(targets)[order]
