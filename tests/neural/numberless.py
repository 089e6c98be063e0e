"""torch's `meta` device as a stand-in for a GPU: tensors with shapes and types, but without numbers.

What would make a program wait for a GPU, or mix devices, fails here: a tensor cannot be asked for a number,
a mask cannot select, an index on another device is refused. The one way back to the host is `Tensor.cpu`,
which gives ones and is counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor
from torch.optim import adam, nadam, optimizer, rmsprop
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from baselines.neural.output.adaptive import Adaptive

#: What may have operands on two devices: copies from one to the other.
COPIES = {"aten::_to_copy", "aten::copy_"}
#: Kernels that torch lacks for `meta`. They change their operands in place, and so do nothing there.
FUSED = {"aten::_fused_adam_", "aten::_fused_adamw_", "aten::_fused_sgd_"}


class OneDevice(TorchDispatchMode):
    """Refuses operations whose operands lie on two devices. A single number may lie on the host."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        places = {str(tensor.device) for tensor in tensors if tensor.dim() or tensor.device.type != "cpu"}
        if func._schema.name not in COPIES:
            assert len(places) <= 1, f"{func} mixes {' and '.join(sorted(places))}"
        if func._schema.name in FUSED and places == {"meta"}:
            return None
        return func(*args, **(kwargs or {}))


class Numberless:
    """Counts how often the host asked for numbers."""

    def __init__(self) -> None:
        self.reads = 0


@contextmanager
def numberless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Numberless]:
    """Make `device=meta` work everywhere, as far as no number is needed."""
    counted, inner = Numberless(), Tensor.cpu

    def cpu(tensor: Tensor) -> Tensor:
        if tensor.device.type != "meta":
            return inner(tensor)
        counted.reads += 1
        return torch.ones(tensor.shape, dtype=tensor.dtype)

    monkeypatch.setattr(Tensor, "cpu", cpu)
    monkeypatch.setattr(Adaptive, "_rows_by_cluster", _rows_by_cluster)
    for name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
        monkeypatch.setattr(torch, name, _recurrent(getattr(torch, name)))
    _let_optimisers_take_meta(monkeypatch)
    with OneDevice():
        yield counted


class _Recurrent(torch.autograd.Function):
    """One call, as in cuDNN, in place of thousands: outputs, last states and gradients without numbers."""

    @staticmethod
    def forward(ctx, learning: bool, x: Tensor, *rest: Tensor):
        ctx.learning = learning
        ctx.save_for_backward(x, *rest)
        states = [part for part in rest if part.dim() == 3]
        return x.new_empty(*x.shape[:2], states[0].shape[2]), *(state.clone() for state in states)

    @staticmethod
    def backward(ctx, *gradients):
        assert ctx.learning, "cuDNN has no backward pass outside its training mode"
        return None, *(torch.empty_like(part) for part in ctx.saved_tensors)


def _recurrent(inner):
    """torch's function for a recurrent layer; on meta one that insists on what cuDNN wants."""

    def layer(x, hidden, weights, biases, layers, dropout, learning, bidirectional, batch_first):
        options = biases, layers, dropout, learning, bidirectional, batch_first
        if x.device.type != "meta":
            return inner(x, hidden, weights, *options)
        states = hidden if isinstance(hidden, tuple) else (hidden,)
        assert options == (True, 1, 0.0, learning, False, False)
        assert all(part.is_contiguous() for part in (*states, *weights))
        ends = [part.storage_offset() + part.numel() for part in weights]
        assert [part.storage_offset() for part in weights] == [0, *ends[:-1]], "not in one block"
        assert len({part.dtype for part in (x, *states, *weights)}) == 1
        return _Recurrent.apply(learning, x, *states, *weights)

    return layer


def _rows_by_cluster(layer: Adaptive, cluster: Tensor) -> tuple[Tensor, ...]:
    """The adaptive softmax does wait once a step, as it says; here every cluster but the first has a row."""
    tails = min(len(layer.sizes), len(cluster)) - 1
    sizes = [len(cluster) - tails, *[1] * tails, *[0] * (len(layer.sizes) - tails - 1)]
    return cluster.argsort(stable=True).split(sizes)


def _let_optimisers_take_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch lists the devices of its fused and of its capturable optimisers."""
    monkeypatch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: ["cpu", "meta"])
    for module in (adam, nadam, rmsprop):
        monkeypatch.setattr(module, "_get_capturable_supported_devices", lambda **_: ["meta"])
