"""Which way the weights go."""

import torch
from torch import nn

from baselines.neural.training.settings import Training


def optimiser(network: nn.Module, training: Training) -> torch.optim.Optimizer:
    """The optimiser of the recipe over all parameters, its learning rate still to be set each step."""
    parameters = list(network.parameters())
    rate, decay = training.learning_rate, training.l2
    if training.optimiser == "sgd":
        return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, fused=True)
    if training.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
