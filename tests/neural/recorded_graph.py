"""A CUDA graph for the CPU: a list of captured operations, which are done again on the same memory."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, Tensor)]


def storage(tensor: Tensor) -> int | None:
    return None if tensor.is_sparse else tensor.untyped_storage()._cdata


class Recording(TorchDispatchMode):
    """Lists every operation with its operands, numbers included, and keeps what it overwrites."""

    def __init__(self):
        super().__init__()
        self.operations = []
        self.overwritten = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        for argument, value in self._named(function, args, kwargs):
            if argument.alias_info is not None and argument.alias_info.is_write:
                for tensor in tensors(value):
                    if tensor.is_sparse:
                        continue  # these live for one step
                    held = tensor.untyped_storage()
                    self.overwritten.setdefault(held._cdata, (held, held.clone()))
        results = function(*args, **kwargs)
        # Some operations compute more if a gradient will be asked for.
        self.operations.append((torch.is_grad_enabled(), function, args, kwargs, results))
        return results

    @staticmethod
    def _named(function, args, kwargs):
        names = [argument.name for argument in function._schema.arguments]
        values = {**dict(zip(names, args, strict=False)), **kwargs}
        return [(a, values[a.name]) for a in function._schema.arguments if a.name in values]

    def undo(self):
        for held, before in self.overwritten.values():
            held.copy_(before)

    def replay(self):
        for learning, function, args, kwargs, results in self.operations:
            with torch._C._AutoDispatchBelowAutograd(), torch.set_grad_enabled(learning):
                again = function(*args, **kwargs)
            known = {storage(tensor) for tensor in tensors((args, kwargs))}
            for result, value in zip(tensors(results), tensors(again), strict=True):
                if result.is_sparse or storage(result) not in known:
                    result.copy_(value)


class ListRecorder:
    """A `training.graph.Recorder` for the CPU that counts captures and replays."""

    def __init__(self):
        self.captures = self.replays = 0

    def aside(self):
        return nullcontext()

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        before = torch.get_rng_state()
        with Recording() as recording:
            work()
        recording.undo()
        torch.set_rng_state(before)
        self.captures += 1

        @torch.no_grad()
        def replay():
            self.replays += 1
            recording.replay()

        return replay
