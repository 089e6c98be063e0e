"""Exact scores from a trained network, and the features they are computed from.

Nothing is truncated here: every target is scored with the state carried over its whole history.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from baselines.neural.arithmetic import tf32
from baselines.neural.network import Network
from baselines.neural.segments import EncodedStream, Rows, batches_by_length, pad, sentences
from benchmark.contract import Computation, Context, TokenStream

#: Positions (time × rows) in a segment when scoring: enough to keep matrix products busy, few enough to
#: hold in memory.
POSITIONS = 2048
#: Contexts read side by side for next-token distributions.
CONTEXTS = 128


def full_float32(network: Network) -> AbstractContextManager[None]:
    """A context in which a network on a CUDA device computes without TF32."""
    return tf32(False, next(network.parameters()).device)


@torch.no_grad()
def score(network: Network, stream: TokenStream, context: Context) -> np.ndarray:
    """ln p of each id given its whole history: float32 [targets].

    In `stream` context the text is one long row; in `sentence` context each sentence is a row.
    """
    scores = np.empty(len(stream), dtype=np.float32)
    encoded = EncodedStream(np.asarray(stream.ids), network.start, next(network.parameters()).device)
    was_training = network.training
    network.eval()
    with full_float32(network):
        for rows in _scoring_rows(stream.ids, stream.vocabulary.end, context):
            state = network.initial_state(len(rows.starts))
            for segment in encoded.segments(rows, max(1, POSITIONS // len(rows.starts))):
                features, state = network(segment.inputs, state)
                log_p = network.output.log_probs(segment.select(features), segment.targets)
                scores[segment.positions] = log_p.cpu().numpy()
    network.train(was_training)
    return scores


def computation(network: Network, context: Context) -> Computation:
    """How `score` computes: in the type of the weights, a stream as one row, sentences in varying batches."""
    weights = next(network.parameters())
    device, dtype = str(weights.device), str(weights.dtype).removeprefix("torch.")
    match context:
        case "sentence":
            return Computation(device, dtype, batch=None)
        case "stream":
            return Computation(device, dtype, batch=1)
        case unknown:
            assert_never(unknown)


def _scoring_rows(ids: np.ndarray, end: int | None, context: Context) -> list[Rows]:
    """The batches of rows that a stream is scored in."""
    match context:
        case "sentence":
            return batches_by_length(sentences(ids, end), positions=POSITIONS)
        case "stream":
            return [Rows(np.zeros(1, np.int64), np.array([len(ids)], np.int64))]
        case unknown:
            assert_never(unknown)


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
        features, state = network(torch.from_numpy(inputs[first : first + columns]).to(device), state)
        here = np.flatnonzero((last >= first) & (last < first + columns))
        order.append(here)
        ends.append(features[torch.from_numpy(last[here] - first), torch.from_numpy(here)])
    return torch.cat(ends)[torch.from_numpy(np.argsort(np.concatenate(order)))]


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
    encoded = EncodedStream(np.asarray(ids), network.start, next(network.parameters()).device)
    match context:
        case "sentence":
            for rows in _neighbouring_sentences(sentences(ids, end)):
                yield _features_of_sentences(network, encoded, rows)
        case "stream":
            state = network.initial_state(1)
            for segment in encoded.segments(Rows(np.zeros(1, np.int64), np.array([len(ids)])), POSITIONS):
                with full_float32(network):
                    features, state = network(segment.inputs, state)
                yield features.flatten(0, 1), segment.targets
        case unknown:
            assert_never(unknown)


def features_of_history(network: Network, ids: np.ndarray, end: int | None, context: Context) -> Tensor:
    """Features before each id of a history and after the last: [ids + 1, features]."""
    followed = np.append(np.asarray(ids, dtype=np.int64), 0)  # features look at no target, so any id will do
    return torch.cat([features for features, _ in features_in_order(network, followed, end, context)])


def _neighbouring_sentences(rows: Rows) -> Iterator[Rows]:
    """Consecutive sentences, as many at a time as fit into POSITIONS (at least one)."""
    ends = rows.starts + rows.lengths
    first = 0
    while first < len(rows.starts):
        stop = int(np.searchsorted(ends, rows.starts[first] + POSITIONS, side="right"))
        stop = max(stop, first + 1)
        yield Rows(rows.starts[first:stop], rows.lengths[first:stop])
        first = stop


def _features_of_sentences(network: Network, encoded: EncodedStream, rows: Rows) -> tuple[Tensor, Tensor]:
    """Features and targets of consecutive sentences, read in batches of similar length, then reordered."""
    features, targets, positions = [], [], []
    for batch in batches_by_length(rows, positions=POSITIONS):
        state = network.initial_state(len(batch.starts))
        for segment in encoded.segments(batch, max(1, POSITIONS // len(batch.starts))):
            with full_float32(network):
                read, state = network(segment.inputs, state)
            features.append(segment.select(read))
            targets.append(segment.targets)
            positions.append(segment.positions)
    order = torch.from_numpy(np.argsort(np.concatenate(positions))).to(targets[0].device)
    return torch.cat(features)[order], torch.cat(targets)[order]
