"""Several processes that train one network, each on its share of the rows of a batch (`torchrun`).

Gradients are added up by one explicit all-reduce a step, not by DistributedDataParallel: its plain mean
over processes is the gradient of the batch only if all hold equally many targets, and its hooks see the
gradient of a tied matrix before its sparse part is added. All processes draw the same first weights and
follow the same gradients, bit for bit, so their weights stay equal without being sent.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import torch
from torch import Tensor, distributed, nn

#: How long processes wait for one another: a validation, which one of them does, is the longest.
PATIENCE = timedelta(hours=12)

_connections = count()


class Processes:
    """This process (`rank`) among `size`; what it does is nothing where it is alone."""

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank, self.size = rank, size

    def add_up(self, parameters: Sequence[nn.Parameter], loss: Tensor, weight: float) -> Tensor:
        """Make each gradient, and return the loss as, the mean over processes by these weights (sum: 1).

        A process without a gradient, its weight 0, takes part too.
        """
        if self.size == 1:
            return loss
        parts = [self._dense(parameter) for parameter in parameters]
        flat = torch.cat([*(part.flatten() for part in parts), loss.detach().reshape(1)])
        # What a process without targets holds may be no number; 0 × NaN would be none either.
        flat = flat.mul_(weight) if weight else flat.zero_()
        distributed.all_reduce(flat)
        sizes = [part.numel() for part in parts]
        for parameter, share in zip(parameters, flat[:-1].split(sizes), strict=True):
            parameter.grad = share.view_as(parameter)
        return flat[-1]

    @staticmethod
    def _dense(parameter: nn.Parameter) -> Tensor:
        gradient = parameter.grad
        if gradient is None:
            return torch.zeros_like(parameter)
        return gradient.to_dense() if gradient.is_sparse else gradient

    def agree(self, number: float) -> float:
        """The number that the first process has."""
        if self.size == 1:
            return number
        shared = torch.tensor([number], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return float(shared)

    def collect(self, own: dict[str, Tensor]) -> dict[str, Tensor]:
        """What all processes hold, each name behind `<rank>.`; empty but in the first process."""
        every: list[Any] = [None] * self.size
        if self.size == 1:
            every = [own]
        else:
            distributed.gather_object(own, every if self.rank == 0 else None)
        return {
            f"{rank}.{name}": value
            for rank, part in enumerate(every)
            if part is not None
            for name, value in part.items()
        }

    def spread(self, thing: Any) -> Any:
        """The thing that the first process has, tensors and numbers."""
        if self.size == 1:
            return thing
        box = [thing]
        distributed.broadcast_object_list(box, 0)
        return box[0]


@contextmanager
def processes(device: torch.device) -> Iterator[Processes]:
    """Those that `torchrun` has started, connected until the block ends; else this one alone.

    Gradients go by NCCL between CUDA devices, all else by gloo.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Processes()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    # Where a process trains several networks, they must not find the addresses of the connection before.
    store, rank, size = next(distributed.rendezvous("env://"))
    own = distributed.PrefixStore(f"training-{next(_connections)}", store)
    distributed.init_process_group(backend, store=own, rank=rank, world_size=size, timeout=PATIENCE)
    try:
        yield Processes(rank, size)
    finally:
        distributed.destroy_process_group()
