"""How large gradients are on the training text."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from baselines.neural.adaptation.rules import borrowed
from baselines.neural.adaptation.walk import gradients
from baselines.neural.network import Network, State, detach
from baselines.neural.reading.segments import (
    EncodedStream,
    Rows,
    Segment,
    batches_by_length,
    sentences,
    stream_rows,
)
from benchmark.contract import Context, TokenStream

#: Stretches of the training text, evenly spread, that are read side by side.
ROWS = 20


def root_mean_squares(
    network: Network, train: TokenStream, context: Context, unroll: int, segments: int
) -> list[Tensor]:
    """√MS of each weight, MS = 1/N Σ_k g_k² (Krause et al. 2018, eq. 3): one tensor a parameter.

    g_k is the gradient of the mean loss of minibatch k of N = `segments` (fewer if the text is shorter),
    each `unroll` tokens of ROWS places of the text (of as many sentences in `sentence` context).
    """
    weights = list(network.parameters())
    squares = [torch.zeros_like(weight) for weight in weights]
    state: State = ()
    read = 0
    with borrowed(network), torch.enable_grad():
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
    groups: list[Rows] = [stream_rows(len(train), ROWS, unroll)]
    if context == "sentence":
        groups = batches_by_length(sentences(train.ids, train.vocabulary.end), most=ROWS)
        groups = groups[:: max(1, len(groups) // most)]  # of all lengths
    for rows in groups:
        yield from encoded.segments(rows, unroll)
