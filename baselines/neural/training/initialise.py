"""Where weights start."""

import math

import torch
from torch import Tensor, nn

from baselines.neural.network import Network
from baselines.neural.training.settings import Training
from benchmark.contract import Vocabulary


def initialise(network: Network, training: Training, vocabulary: Vocabulary) -> None:
    """Draw every matrix by the recipe from torch's global generator; biases become zero, gains one.

    With output_bias `unigram` the output's becomes ln((count + 1) / Σ (count + 1)): the network
    begins as a unigram model instead of spending its first steps on becoming one. Last, the
    architecture sets what it wants otherwise (`Network.initialise_own`).
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
    if training.output_bias == "unigram":
        counts = torch.from_numpy(vocabulary.counts + 1.0)
        network.output.start_from((counts / counts.sum()).log())
    network.initialise_own()


@torch.no_grad()
def _draw(matrix: Tensor, training: Training, inner: bool) -> None:
    """One matrix; `inner`: between embedding and output, not one of these."""
    kind, width = training.initialisation, training.init_range
    if kind == "zero":
        nn.init.zeros_(matrix)
    elif kind == "xavier":
        nn.init.xavier_uniform_(matrix)
    elif kind == "orthogonal" and inner:
        nn.init.orthogonal_(matrix)
    else:
        if kind == "fan_in" and inner:
            width = 1 / math.sqrt(matrix[0].numel())
        nn.init.uniform_(matrix, -width, width)
