"""What a network knows before each target of a stream, in the stream's own order."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from baselines.neural.network import Network
from baselines.neural.reading.scoring import PLACES
from baselines.neural.reading.segments import EncodedStream, Rows, batches_by_length, sentences
from benchmark.contract import Context


@torch.no_grad()
def features_in_order(
    network: Network, ids: np.ndarray, end: int | None, context: Context
) -> Iterator[tuple[Tensor, Tensor]]:
    """Features [n, features] of the history of each target, with the targets [n], chunk after chunk.

    The features are those that `scoring.score` computes: in `sentence` context a history begins behind
    `</s>` (id `end`), in `stream` context at the beginning of the stream.
    """
    network.eval()
    encoded = EncodedStream(np.asarray(ids), network.start, next(network.parameters()).device)
    if context == "sentence":
        for some in _together(sentences(ids, end)):
            yield _sentences(network, encoded, some)
        return
    state = network.initial_state(1)
    for segment in encoded.segments(Rows(np.zeros(1, np.int64), np.array([len(ids)])), PLACES):
        features, state = network(segment.inputs, state)
        yield features.flatten(0, 1), segment.targets


def features_of_history(network: Network, ids: np.ndarray, end: int | None, context: Context) -> Tensor:
    """Features before each id of a history and after the last: [ids + 1, features]."""
    followed = np.append(np.asarray(ids, dtype=np.int64), 0)  # features look at no target, so any will do
    return torch.cat([features for features, _ in features_in_order(network, followed, end, context)])


def _together(rows: Rows) -> Iterator[Rows]:
    """Neighbouring sentences, as many as fill the places of one go."""
    ends = rows.starts + rows.lengths
    first = 0
    while first < len(rows.starts):
        stop = int(np.searchsorted(ends, rows.starts[first] + PLACES, side="right"))
        stop = max(stop, first + 1)
        yield Rows(rows.starts[first:stop], rows.lengths[first:stop])
        first = stop


def _sentences(network: Network, encoded: EncodedStream, rows: Rows) -> tuple[Tensor, Tensor]:
    """Features and targets of neighbouring sentences, read in batches of like length, put back in order."""
    features, targets, positions = [], [], []
    for batch in batches_by_length(rows, places=PLACES):
        state = network.initial_state(len(batch.starts))
        for segment in encoded.segments(batch, max(1, PLACES // len(batch.starts))):
            read, state = network(segment.inputs, state)
            features.append(segment.select(read))
            targets.append(segment.targets)
            positions.append(segment.positions)
    order = torch.from_numpy(np.argsort(np.concatenate(positions))).to(targets[0].device)
    return torch.cat(features)[order], torch.cat(targets)[order]
