"""Several processes that train one network, each on its share of a minibatch's rows (`torchrun`).

Gradients are summed by one explicit all-reduce per step rather than by DistributedDataParallel. Its plain
mean over processes is the gradient of the minibatch only if all processes hold equally many targets, and
its hooks see the gradient of a tied matrix before the sparse part is added. All processes draw the same
initial weights and follow the same gradients, bit for bit, so weights never need to be sent.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import torch
from torch import Tensor, distributed, nn

from benchmark.environment import WORLD_SIZE

#: How long processes wait for one another. The longest wait is a validation, which rank 0 does alone.
TIMEOUT = timedelta(hours=12)

_connections = count()


class ProcessGroup:
    """This process (`rank`) among `size` processes. A single process communicates with nobody."""

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank, self.size = rank, size

    def reduce_gradients(self, parameters: Sequence[nn.Parameter], loss: Tensor, weight: float) -> Tensor:
        """Replace each gradient by its weighted mean over processes; return that of the loss.

        The weights of all processes sum to 1. A process with weight 0 takes part without a gradient.
        """
        if self.size == 1:
            return loss
        parts = [self._dense(parameter) for parameter in parameters]
        flat = torch.cat([*(part.flatten() for part in parts), loss.detach().reshape(1)])
        # A process without targets may hold NaN, and 0 × NaN is NaN.
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

    def broadcast(self, number: float) -> float:
        """The number that rank 0 holds."""
        if self.size == 1:
            return number
        shared = torch.tensor([number], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return float(shared)

    def gather(self, own: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of all processes, each name prefixed by `<rank>.`; empty except on rank 0."""
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

    def broadcast_object(self, value: Any) -> Any:
        """The object (tensors and numbers) that rank 0 holds."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, 0)
        return box[0]


@contextmanager
def process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """The processes that `torchrun` started, connected until the block ends; otherwise this one alone.

    Between CUDA devices gradients travel by NCCL; everything else travels by gloo.
    """
    if WORLD_SIZE.value == 1:
        yield ProcessGroup()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    # A process that trains several networks must not find the addresses of an earlier connection.
    store, rank, size = next(distributed.rendezvous("env://"))
    own = distributed.PrefixStore(f"training-{next(_connections)}", store)
    distributed.init_process_group(backend, store=own, rank=rank, world_size=size, timeout=TIMEOUT)
    try:
        yield ProcessGroup(rank, size)
    finally:
        distributed.destroy_process_group()
