"""Initial weights."""

import math
from typing import assert_never

import torch
from torch import Tensor, nn

from baselines.neural.network import Network
from baselines.neural.training.recipe import Training
from benchmark.contract import Vocabulary


def initialise(network: Network, training: Training, vocabulary: Vocabulary) -> None:
    """Draw every matrix as the recipe says, from torch's global generator; set biases to zero, gains to one.

    With output_bias `unigram`, the output's biases become ln((count + 1) / Σ (count + 1)), so that the
    network begins as a unigram model instead of spending its first steps on becoming one. At the end the
    architecture makes its own changes (`Network.adjust_initial_weights`).
    """
    normalisations = (nn.LayerNorm, nn.RMSNorm)
    gains = {id(module.weight) for module in network.modules() if isinstance(module, normalisations)}
    ends = {id(network.embedding.weight), *(id(parameter) for parameter in network.output.parameters())}
    for parameter in network.parameters():
        if id(parameter) in gains:
            nn.init.ones_(parameter)
        elif parameter.dim() < 2:
            nn.init.zeros_(parameter)
        else:
            _draw(parameter, training, inner=id(parameter) not in ends)
    match training.output_bias:
        case "zero":
            pass
        case "unigram":
            counts = torch.from_numpy(vocabulary.counts + 1.0)
            network.output.start_from((counts / counts.sum()).log())
        case unknown:
            assert_never(unknown)
    network.adjust_initial_weights()


@torch.no_grad()
def _draw(matrix: Tensor, training: Training, inner: bool) -> None:
    """Draw one matrix; `inner`: it lies between embedding and output and is neither of them."""
    width = training.init_range
    match training.initialisation:
        case "zero":
            nn.init.zeros_(matrix)
        case "xavier":
            nn.init.xavier_uniform_(matrix)
        case "orthogonal" if inner:
            nn.init.orthogonal_(matrix)
        case "fan_in" if inner:
            bound = 1 / math.sqrt(matrix[0].numel())
            nn.init.uniform_(matrix, -bound, bound)
        case "uniform" | "orthogonal" | "fan_in":
            nn.init.uniform_(matrix, -width, width)
        case unknown:
            assert_never(unknown)
