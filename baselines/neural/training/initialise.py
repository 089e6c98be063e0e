"""Where weights start."""

import torch
from torch import nn

from baselines.neural.network import Network
from baselines.neural.training.settings import Training
from benchmark.contract import Vocabulary


def initialise(network: Network, training: Training, vocabulary: Vocabulary) -> None:
    """Draw every matrix by the recipe from torch's global generator; biases become zero, gains one.

    With output_bias `unigram` the output's becomes ln((count + 1) / Σ (count + 1)): the network
    begins as a unigram model instead of spending its first steps on becoming one. Last, the
    architecture sets what it wants otherwise (`Network.initialise_own`).
    """
    gains = {
        id(module.weight) for module in network.modules() if isinstance(module, nn.LayerNorm | nn.RMSNorm)
    }
    for parameter in network.parameters():
        if id(parameter) in gains:
            nn.init.ones_(parameter)
        elif parameter.dim() < 2:
            nn.init.zeros_(parameter)
        elif training.initialisation == "xavier":
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.uniform_(parameter, -training.init_range, training.init_range)
    if training.output_bias == "unigram":
        counts = torch.from_numpy(vocabulary.counts + 1.0)
        network.output.start_from((counts / counts.sum()).log())
    network.initialise_own()
