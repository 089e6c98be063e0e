"""What the networks of all tasks do alike: telling their size, and being saved and loaded."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from benchmark.contract import ModelSize
from benchmark.storage.reading import Unreadable

_WEIGHTS = "weights.safetensors"


def network_size(network: torch.nn.Module) -> ModelSize:
    """The trained numbers of a network, and their bytes."""
    parameters = list(network.parameters())
    return ModelSize(
        bytes_in_memory=sum(each.nbytes for each in parameters),
        parameters=sum(each.numel() for each in parameters),
    )


def save_weights(network: torch.nn.Module, folder: Path) -> None:
    """Write the weights as safetensors."""
    weights = {name: each.detach().cpu().contiguous() for name, each in network.state_dict().items()}
    save_file(weights, folder / _WEIGHTS)


def load_weights(network: torch.nn.Module, folder: Path) -> None:
    """Read what `save_weights` wrote into a network of the same make. Raises Unreadable."""
    file = folder / _WEIGHTS
    try:
        network.load_state_dict(load_file(file))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise Unreadable(f"cannot read {file}: {str(error).splitlines()[0]}") from None
