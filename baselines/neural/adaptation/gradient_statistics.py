"""The size of gradients on the training text."""

from collections.abc import Iterator
from itertools import islice
from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from baselines.neural.adaptation.online_learner import gradients
from baselines.neural.adaptation.update_rule import restoring_weights
from baselines.neural.network import Network, State, detach
from baselines.neural.segments import (
    EncodedStream,
    Rows,
    Segment,
    batches_by_length,
    sentences,
    stream_rows,
)
from benchmark.contract import Context, TokenStream

#: Evenly spaced stretches of the training text that are read side by side.
ROWS = 20


def root_mean_squares(
    network: Network, train: TokenStream, context: Context, unroll: int, segments: int
) -> list[Tensor]:
    """√MS of each weight, MS = 1/N Σ_k g_k² (Krause et al. 2018, eq. 3): one tensor per parameter.

    g_k is the gradient of the mean loss (nats per token) of minibatch k of N = `segments`, or fewer if the
    text is shorter. A minibatch is `unroll` tokens in each of ROWS rows (sentences, in `sentence` context).
    """
    weights = list(network.parameters())
    squares = [torch.zeros_like(weight) for weight in weights]
    state: State = ()
    read = 0
    with restoring_weights(network), torch.enable_grad():
        for segment in islice(_segments(network, train, context, unroll, segments), segments):
            loss, state = _loss(network, segment, state)
            found = gradients(loss, weights)
            torch._foreach_addcmul_(squares, found, found)
            read += 1
    return [(total / max(1, read)).sqrt_() for total in squares]


def _loss(network: Network, segment: Segment, state: State) -> tuple[Tensor, State]:
    state = network.initial_state(segment.inputs.shape[1]) if segment.first else detach(state)
    features, state = network(segment.inputs, state)
    return network.output.exact_loss(segment.select(features), segment.targets), state


def _segments(
    network: Network, train: TokenStream, context: Context, unroll: int, most: int
) -> Iterator[Segment]:
    encoded = EncodedStream(np.asarray(train.ids), network.start, next(network.parameters()).device)
    groups: list[Rows]
    match context:
        case "stream":
            groups = [stream_rows(len(train), ROWS, unroll)]
        case "sentence":
            groups = batches_by_length(sentences(train.ids, train.vocabulary.end), most=ROWS)
            groups = groups[:: max(1, len(groups) // most)]  # sentences of all lengths
        case unknown:
            assert_never(unknown)
    for rows in groups:
        yield from encoded.segments(rows, unroll)
