"""Exact scores from a trained network, with the whole carried state."""

from collections.abc import Sequence

import numpy as np
import torch

from baselines.neural.network import Network
from baselines.neural.reading.segments import EncodedStream, Rows, batches_by_length, pad, sentences
from benchmark.contract import Context, TokenStream

#: Places in a segment when scoring: enough to occupy matrix products, few enough to hold in memory.
PLACES = 2048
#: Contexts run side by side.
CONTEXTS = 128


@torch.no_grad()
def score(network: Network, stream: TokenStream, context: Context) -> np.ndarray:
    """ln p of each id given its whole history: float32 [targets].

    `stream` context is one long row, `sentence` context a row a sentence; no state is cut anywhere else.
    """
    scores = np.empty(len(stream), dtype=np.float32)
    encoded = EncodedStream(np.asarray(stream.ids), network.start, next(network.parameters()).device)
    was_training = network.training
    network.eval()
    for rows in _scoring_rows(stream, context):
        state = network.initial_state(len(rows.starts))
        for segment in encoded.segments(rows, max(1, PLACES // len(rows.starts))):
            features, state = network(segment.inputs, state)
            log_p = network.output.log_probs(segment.select(features), segment.targets)
            scores[segment.positions] = log_p.cpu().numpy()
    network.train(was_training)
    return scores


def _scoring_rows(stream: TokenStream, context: Context) -> list[Rows]:
    if context == "sentence":
        return batches_by_length(sentences(stream.ids, stream.vocabulary.end), places=PLACES)
    return [Rows(np.zeros(1, np.int64), np.array([len(stream)], np.int64))]


@torch.no_grad()
def next_distribution(network: Network, contexts: Sequence[np.ndarray], vocabulary_size: int) -> np.ndarray:
    """ln p of every token after each context, which the model sees whole: [contexts, vocabulary]."""
    result = np.empty((len(contexts), vocabulary_size), dtype=np.float32)
    by_length = sorted(range(len(contexts)), key=lambda place: len(contexts[place]))
    network.eval()
    for first in range(0, len(contexts), CONTEXTS):
        places = by_length[first : first + CONTEXTS]
        features = _last_features(network, [contexts[place] for place in places])
        result[places] = network.output.distribution(features).cpu().numpy()
    return result


def _last_features(network: Network, contexts: Sequence[np.ndarray]) -> torch.Tensor:
    """Features after the last token of each context, [contexts, features]."""
    device = next(network.parameters()).device
    inputs, last = pad(contexts, network.start)
    state = network.initial_state(len(contexts))
    columns = max(1, PLACES // len(contexts))
    ends: list[torch.Tensor] = []
    order: list[np.ndarray] = []
    for first in range(0, len(inputs), columns):
        features, state = network(torch.from_numpy(inputs[first : first + columns]).to(device), state)
        here = np.flatnonzero((last >= first) & (last < first + columns))
        order.append(here)
        ends.append(features[torch.from_numpy(last[here] - first), torch.from_numpy(here)])
    return torch.cat(ends)[torch.from_numpy(np.argsort(np.concatenate(order)))]
