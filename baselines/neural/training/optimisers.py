"""Optimisers: torch's own, with gradient clipping and averaging of the weights."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, assert_never

import torch
from torch import Tensor, nn

from baselines.neural.training.recipe import Training


def torch_optimiser(parameters: list[nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """The recipe's optimiser, in one fused kernel where torch has one, otherwise in one for all parameters.

    On devices other than the CPU its state, step counters included, lies on the device.
    """
    betas = (training.beta1, training.beta2)
    settings: dict[str, Any] = {"lr": training.learning_rate, "weight_decay": training.l2}
    on_cpu = parameters[0].device.type == "cpu"
    on_device = {} if on_cpu else {"capturable": True}
    # Without this torch would wait for the device at every step.
    unfused = {} if on_cpu else {"capturable": True, "foreach": True}
    match training.optimiser:
        case "adagrad":
            joined = {"fused": True} if on_cpu else {"foreach": True}
            return torch.optim.Adagrad(parameters, **settings, **joined)
        case "rmsprop":
            momentum = training.momentum
            return torch.optim.RMSprop(
                parameters, **settings, alpha=training.beta2, momentum=momentum, **unfused
            )
        case "adam":
            return torch.optim.Adam(parameters, **settings, betas=betas, fused=True, **on_device)
        case "adamw":
            return torch.optim.AdamW(parameters, **settings, betas=betas, fused=True, **on_device)
        case "nadam":
            return torch.optim.NAdam(parameters, **settings, betas=betas, **unfused)
        case "sgd" | "nt_asgd":
            return torch.optim.SGD(parameters, **settings, momentum=training.momentum, fused=True)
        case unknown:
            assert_never(unknown)


class Optimiser:
    """Clips gradients, takes steps and, for `nt_asgd`, averages the weights once that is due.

    A step is `set_rate`, `update` and `average`, in this order; `step` takes all three. None of them waits
    for the device. A CUDA graph can hold `update` once it has run for the first time, which creates the
    optimiser's state; `restore` replaces this state, so a graph must then be captured anew.
    """

    def __init__(self, network: nn.Module, training: Training, captured: bool = False):
        """`captured`: a CPU, too, is to read the learning rate from a tensor, which fused optimisers can."""
        self._training = training
        self._parameters = list(network.parameters())
        self._optimiser = torch_optimiser(self._parameters, training)
        self._average = Average(self._parameters, training.nonmonotone)
        device = self._parameters[0].device
        # On a device the rate is a tensor that every step reads, so that a captured step follows it.
        self._rate: Tensor | None = None
        if captured or device.type != "cpu":
            # A CPU reads any type, and so the rate that it would get as a number.
            dtype = torch.float64 if device.type == "cpu" else torch.float32
            self._rate = torch.empty((), dtype=dtype, device=device)
            # torch would warn of steps that are not captured.
            self._optimiser.__dict__["_warned_capturable_if_run_uncaptured"] = True

    def clear(self) -> None:
        """Discard the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def step(self, rate: float) -> Tensor:
        """Take a step at this learning rate; return the gradient's norm before clipping, on the device."""
        self.set_rate(rate)
        norm = self.update()
        self.average()
        return norm

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the following updates."""
        value = rate if self._rate is None else self._rate.fill_(rate)
        for group in self._optimiser.param_groups:
            group["lr"] = value

    @torch.no_grad()
    def update(self) -> Tensor:
        """Clip the gradients and follow them; return their norm before clipping, on the device."""
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        # As torch.nn.utils.clip_grad_norm_, whose checks would take longer than its work.
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        if self._training.clip is not None:
            torch._foreach_mul_(gradients, (self._training.clip / (norm + 1e-6)).clamp(max=1.0))
        self._optimiser.step()
        return norm

    def average(self) -> None:
        """Add the weights after an update to their average, if averaging has begun."""
        if self._average.count:
            self._average.add()

    def validated(self, loss: float) -> bool:
        """Take note of a validation loss; return whether averaging begins with the present weights."""
        return self._training.optimiser == "nt_asgd" and self._average.validated(loss)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within this block the network has its averaged weights, if averaging has begun."""
        with self._average.instead():
            yield

    def tensors(self) -> dict[str, Tensor]:
        """With `numbers`, the arguments that `restore` needs to continue from here."""
        states = self._optimiser.state_dict()["state"]
        own = {f"{index}.{name}": value for index, state in states.items() for name, value in state.items()}
        average = {f"average.{index}": value for index, value in enumerate(self._average.weights)}
        # RMSprop and others keep None if a recipe has no momentum.
        return {name: value for name, value in {**own, **average}.items() if isinstance(value, Tensor)}

    def numbers(self) -> dict[str, Any]:
        """See `tensors`."""
        return {"averaged": self._average.count, "losses": list(self._average.losses)}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Continue from what `tensors` and `numbers` returned, on this optimiser's device."""
        state: dict[int, dict[str, Tensor]] = {}
        weights: dict[int, Tensor] = {}
        for name, value in tensors.items():
            index, _, key = name.partition(".")
            if index == "average":
                weights[int(key)] = value.to(self._parameters[0].device, copy=True)
            else:
                state.setdefault(int(index), {})[key] = value.clone()
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": state, "param_groups": groups})
        self._average.weights = [weights[index] for index in sorted(weights)]
        self._average.count, self._average.losses = int(numbers["averaged"]), list(numbers["losses"])


class Average:
    """The mean of the weights since validation stopped improving (Merity et al. 2018, algorithm 1).

    After validation losses v₁ … vₜ, averaging begins at a validation whose loss is v > min(v₁ … vₜ₋ₙ), where
    n is `nonmonotone`.
    """

    def __init__(self, parameters: list[nn.Parameter], nonmonotone: int):
        self._parameters: list[Tensor] = [*parameters]
        self._nonmonotone = nonmonotone
        self.weights: list[Tensor] = []
        self.count = 0
        self.losses: list[float] = []

    @torch.no_grad()
    def validated(self, loss: float) -> bool:
        """Take note of a validation loss; return whether averaging begins with it."""
        due = not self.count and loss > min(self.losses[: -self._nonmonotone], default=math.inf)
        self.losses.append(loss)
        if due:
            self.weights, self.count = [parameter.detach().clone() for parameter in self._parameters], 1
        return due

    @torch.no_grad()
    def add(self) -> None:
        """Add the weights after a step to the mean of k: a ← a + (w − a) / k."""
        if self.count:
            self.count += 1
            torch._foreach_lerp_(self.weights, self._parameters, 1 / self.count)

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Replace the weights by their average within this block."""
        if not self.count:
            yield
            return
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for parameter, average in zip(self._parameters, self.weights, strict=True):
            held = parameter.clone()
            parameter.copy_(average)
            average.copy_(held)
