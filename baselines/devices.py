"""Where torch computes: the setting `device`."""

import torch

from benchmark.environment import LOCAL_RANK
from benchmark.errors import UserError


def device_if_there(name: str) -> torch.device:
    """A torch device by name, or the CPU where it cannot be used: a saved model is loaded anywhere."""
    try:
        return pick_device(name)
    except UserError:
        return torch.device("cpu")


def pick_device(name: str) -> torch.device:
    """A torch device by name. `auto` is a CUDA device if there is one, otherwise the CPU.

    `cuda` is the first CUDA device, or under `torchrun` that of this process's local rank. Raises UserError
    if the device cannot be used.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{LOCAL_RANK.value}"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"device={name} cannot be used ({reason}). Choose device=cpu or device=auto"
        ) from error
    return device
