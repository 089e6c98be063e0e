"""Snapshots of a training: everything a step changes, as named tensors and numbers.

`training.recovery` goes back to snapshots in memory; `training.checkpoint` keeps one on disk.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from baselines.neural.network import Network
from baselines.neural.training.budget import Position
from baselines.neural.training.monitor import Monitor
from baselines.neural.training.recipe import Training
from baselines.neural.training.schedule import Schedule
from baselines.neural.training.step import Stepper

#: Raise it when the names in a snapshot change: checkpoints of other formats are then not used.
FORMAT = 2

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Snapshot:
    """A training's state at one step: copies, unaffected by later steps."""

    tensors: Tensors
    numbers: dict[str, Any]


@dataclass
class TrainingState:
    """Everything a step changes, and so everything that is restored when training goes back."""

    network: Network
    stepper: Stepper
    schedule: Schedule
    monitor: Monitor
    position: Position = field(default_factory=Position)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def snapshot(self) -> Snapshot:
        """A copy of the present state. Names under `own` differ between processes."""
        carried = {str(index): part for index, part in enumerate(self.stepper.state)}
        own = {**prefixed("state", carried), **prefixed("generator", generators(self._device))}
        tensors = {
            **prefixed("weights", dict(self.network.named_parameters())),
            **prefixed("optimiser", self.stepper.optimiser.tensors()),
            **prefixed("own", own),
        }
        numbers: dict[str, Any] = {
            "position": asdict(self.position),
            "optimiser": self.stepper.optimiser.numbers(),
            "schedule": self.schedule.numbers(),
            "monitor": self.monitor.numbers(),
        }
        return Snapshot({name: tensor.detach().clone() for name, tensor in tensors.items()}, numbers)

    @torch.no_grad()
    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot."""
        tensors, numbers = snapshot.tensors, snapshot.numbers
        weights, own = unprefixed("weights", tensors), unprefixed("own", tensors)
        for name, parameter in self.network.named_parameters():
            parameter.copy_(weights[name])
        state = unprefixed("state", own)
        # Copies: memory mapped from a file is not aligned as torch's own is, and MKL then rounds differently.
        carried = (state[str(index)] for index in range(len(state)))
        self.stepper.state = tuple(part.to(self._device, copy=True) for part in carried)
        self.stepper.optimiser.restore(unprefixed("optimiser", tensors), numbers["optimiser"])
        self.stepper.release()
        set_generators(unprefixed("generator", own), self._device)
        self.schedule.restore(numbers["schedule"])
        self.monitor.restore(numbers["monitor"])
        self.position = Position(**numbers["position"])


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The same tensors, each name preceded by `prefix.`."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def unprefixed(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The tensors whose name begins with `prefix.`, without it: the inverse of `prefixed`."""
    return {
        name.removeprefix(f"{prefix}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{prefix}.")
    }


def generators(device: torch.device) -> Tensors:
    """The states of torch's random generators that training on this device draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_generators(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Set torch's random generators to the states that `generators` returned."""
    torch.set_rng_state(states["cpu"].cpu())
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)


def fingerprint(network: Network, training: Training, *others: Any) -> str:
    """Identifies a training: two with the same fingerprint may continue from each other's checkpoint."""
    shapes = {name: list(parameter.shape) for name, parameter in network.named_parameters()}
    identity = [FORMAT, asdict(training), shapes, [str(other) for other in others]]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
