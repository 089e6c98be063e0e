"""Where weights start, which way they go, and how fast: initialisation, optimisers, schedules."""

import torch
from torch import nn

from baselines.neural.network import Network
from baselines.neural.training import Training
from benchmark.contract import Vocabulary


def initialise(network: Network, training: Training, vocabulary: Vocabulary) -> None:
    """Draw every matrix by the recipe from torch's global generator; biases become zero.

    With output_bias `unigram` that of the output becomes ln((count + 1) / Σ (count + 1)): the network
    begins as a unigram model instead of spending its first steps on becoming one.
    """
    for parameter in network.parameters():
        if parameter.dim() < 2:
            nn.init.zeros_(parameter)
        elif training.initialisation == "xavier":
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.uniform_(parameter, -training.init_range, training.init_range)
    if training.output_bias == "unigram":
        counts = torch.from_numpy(vocabulary.counts + 1.0)
        with torch.no_grad():
            network.output.bias.copy_((counts / counts.sum()).log())


def optimiser(network: nn.Module, training: Training) -> torch.optim.Optimizer:
    """The optimiser of the recipe over all parameters, its learning rate still to be set each step."""
    parameters = list(network.parameters())
    rate, decay = training.learning_rate, training.l2
    if training.optimiser == "sgd":
        return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, fused=True)
    if training.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay, fused=True)
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)


class Schedule:
    """The learning rate over the budget: warm-up, then constant, linear to zero or halved on plateaus."""

    def __init__(self, training: Training):
        self._training = training
        self._halvings = 0

    def rate(self, progress: float) -> float:
        """The learning rate of a step that begins when `progress` (0 to 1) of the budget is spent."""
        training = self._training
        if progress < training.warmup:
            return training.learning_rate * progress / training.warmup
        falling = (1 - progress) / (1 - training.warmup) if training.schedule == "linear" else 1.0
        return training.learning_rate * falling * 0.5**self._halvings

    def validated(self, best: bool) -> None:
        """A validation was done; was it a new best?"""
        if self._training.schedule == "plateau" and not best:
            self._halvings += 1
