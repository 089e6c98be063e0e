"""The state of a training as named tensors and numbers, in memory and on disk."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from baselines.neural.network import Network
from baselines.neural.training.budget import Place
from baselines.neural.training.monitor import Monitor
from baselines.neural.training.schedule import Schedule
from baselines.neural.training.settings import Training
from baselines.neural.training.step import Stepper

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Snapshot:
    """What a training goes on from: copies, which nothing changes later."""

    tensors: Tensors
    numbers: dict[str, Any]


@dataclass
class Parts:
    """All that a step changes: what has to go back where training goes back."""

    network: Network
    stepper: Stepper
    schedule: Schedule
    monitor: Monitor
    place: Place = field(default_factory=Place)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def snapshot(self) -> Snapshot:
        """The present state. Under `own` is what each process has for itself."""
        carried = {str(index): part for index, part in enumerate(self.stepper.state)}
        own = {**within("state", carried), **within("generator", generators(self._device))}
        tensors = {
            **within("weights", dict(self.network.named_parameters())),
            **within("optimiser", self.stepper.optimiser.tensors()),
            **within("own", own),
        }
        numbers: dict[str, Any] = {
            "place": asdict(self.place),
            "optimiser": self.stepper.optimiser.numbers(),
            "schedule": self.schedule.numbers(),
            "monitor": self.monitor.numbers(),
        }
        return Snapshot({name: tensor.detach().clone() for name, tensor in tensors.items()}, numbers)

    @torch.no_grad()
    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        tensors, numbers = snapshot.tensors, snapshot.numbers
        weights, own = part_of("weights", tensors), part_of("own", tensors)
        for name, parameter in self.network.named_parameters():
            parameter.copy_(weights[name])
        state = part_of("state", own)
        # Copies: what a file was mapped to is not aligned as torch's own memory is, and MKL rounds otherwise.
        carried = (state[str(index)] for index in range(len(state)))
        self.stepper.state = tuple(part.to(self._device, copy=True) for part in carried)
        self.stepper.optimiser.restore(part_of("optimiser", tensors), numbers["optimiser"])
        set_generators(part_of("generator", own), self._device)
        self.schedule.restore(numbers["schedule"])
        self.monitor.restore(numbers["monitor"])
        self.place = Place(**numbers["place"])


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
