"""The state of a training as named tensors and numbers, in memory and on disk."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from baselines.neural.network import Network
from baselines.neural.training.settings import Training

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Snapshot:
    """What a training goes on from: copies, which nothing changes later."""

    tensors: Tensors
    numbers: dict[str, Any]


def within(part: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The names of a part, as the whole calls them."""
    return {f"{part}.{name}": tensor for name, tensor in tensors.items()}


def part_of(part: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The reverse: what the whole holds of a part, under the part's own names."""
    return {
        name.removeprefix(f"{part}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{part}.")
    }


def copies(tensors: Mapping[str, Tensor]) -> Tensors:
    """The same values in memory of their own."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def generators(device: torch.device) -> Tensors:
    """The states of torch's random generators that training on this device draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_generators(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Draw on from these states."""
    torch.set_rng_state(states["cpu"].cpu())
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)


def fingerprint(network: Network, training: Training, *others: Any) -> str:
    """Names one training: two with the same fingerprint may go on from each other's state."""
    shapes = {name: list(parameter.shape) for name, parameter in network.named_parameters()}
    text = json.dumps([asdict(training), shapes, [str(other) for other in others]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
