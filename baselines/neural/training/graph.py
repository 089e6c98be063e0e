"""Steps of a shape that comes back are captured once and then replayed, on CUDA devices as CUDA graphs.

A step launches hundreds of small kernels, and a GPU is done with them sooner than Python can launch the
next. A graph is launched at once. It does what was captured, at the addresses and with the numbers of then,
so whatever changes from step to step lies in tensors that are written before a replay: ids, the carried
state and the learning rate.

The first steps of a shape are taken as usual, though on the stream that is to be captured: they are the
warm-up that CUDA graphs ask for, and the optimiser creates its state in them. Capturing computes nothing.
So every step is taken once, and the random numbers are those of a training without graphs.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from baselines.neural.constants import used_constants
from baselines.neural.network import Network, State
from baselines.neural.segments import Segment
from baselines.neural.training.recipe import Training
from benchmark.contract import Context
from benchmark.environment import CUDA_GRAPHS

#: Steps of a shape before it is captured, and the most shapes of a training that are captured.
WARM_UP, MOST = 3, 4

#: Takes a step from a segment and a state: mean loss, gradient norm (both []) and the state after it.
Step = Callable[[Segment, State], tuple[Tensor, Tensor, State]]


class Recorder(Protocol):
    """Captures work on a device, so that it can be done again at once."""

    def aside(self) -> AbstractContextManager[None]:
        """A context for work that prepares a capture."""

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """What does the work again. The work itself is not done now. Raises RuntimeError if it cannot be."""


class CudaRecorder:
    """Captures CUDA graphs. All share their memory, as only one runs at a time and none leaves anything."""

    def __init__(self, device: torch.device):
        self._device = device
        self._stream = torch.cuda.Stream(device)
        self._pool = torch.cuda.graph_pool_handle()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Work in this block goes to the stream that is captured later."""
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            yield
        current.wait_stream(self._stream)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        graph, current = torch.cuda.CUDAGraph(), torch.cuda.current_stream(self._device)
        # Other threads, such as one that reads the power, may go on calling CUDA meanwhile.
        capturing = torch.cuda.graph(graph, self._pool, self._stream, "thread_local")
        with torch.cuda.device(self._device):
            try:
                with capturing:
                    work()
            except BaseException:
                self._clean_up(current)
                raise
        return graph.replay

    def _clean_up(self, current: torch.cuda.Stream) -> None:
        """After a capture that failed torch leaves the stream chosen and the generator capturing."""
        torch.cuda.set_stream(current)
        index = torch.cuda.current_device() if self._device.index is None else self._device.index
        generator = torch.cuda.default_generators[index]
        with suppress(RuntimeError):
            generator.graphsafe_set_state(generator.clone_state())


def recorder(device: torch.device) -> Recorder | None:
    """What captures steps on a device; None if nothing does, or if NEXTWORD_CUDA_GRAPHS=0."""
    return CudaRecorder(device) if device.type == "cuda" and CUDA_GRAPHS.value else None


def obstacle(network: Network, training: Training, context: Context, processes: int) -> str | None:
    """Why the steps of a training cannot be captured; None if they can."""
    if processes > 1:
        return "several processes exchange gradients in each step"
    if context == "sentence":
        return "minibatches of sentences have many shapes"
    if training.jitter:
        return "with jitter, steps have many lengths"
    if training.scheduled_sampling:
        return "scheduled sampling replaces other words in every step"
    if network.output.waits:
        return "the loss of this output layer waits for the device"
    if training.optimiser == "adagrad":
        return "torch's adagrad counts its steps on the host"
    return None


class Replays:
    """Takes steps, and replays those whose shape has come before. See the module."""

    def __init__(self, step: Step, recorder: Recorder, say: Callable[[str], None]):
        """`say` is told once that steps are replayed, or why they are not."""
        self._step, self._recorder, self._say = step, recorder, say
        self._possible = True
        self._said = False
        self.forget()

    def forget(self) -> None:
        """Drop what was captured, since tensors that it reads are others now."""
        self._seen: Counter[Hashable] = Counter()
        self._captured: dict[Hashable, Captured] = {}
        self._states: dict[Hashable, State] = {}

    def step(self, segment: Segment, state: State, variant: Hashable) -> tuple[Tensor, Tensor, State]:
        """Take a step. The results hold until the next one. `variant` is that of `OutputLayer.variant`."""
        if segment.kept is not None:  # rows that have ended: once in an epoch
            return self._usual(segment, state)
        key = variant, segment.inputs.shape, shapes(state)
        captured = self._captured.get(key)
        if captured is None and self._seen[key] >= WARM_UP and len(self._captured) < MOST and self._possible:
            captured = self._capture(key, segment, state)
        if captured is not None:
            return captured.step(segment, state)
        loss, norm, after = self._usual(segment, state)
        # The state of a graph lies in place, so it must keep its shape.
        self._seen[key] += shapes(after) == shapes(state)
        return loss, norm, after

    def _usual(self, segment: Segment, state: State) -> tuple[Tensor, Tensor, State]:
        """Take a step without a graph."""
        with self._recorder.aside():
            return self._step(segment, state)

    def _capture(self, key: Hashable, segment: Segment, state: State) -> "Captured | None":
        kept = self._states.setdefault(shapes(state), tuple(part.clone() for part in state))
        try:
            self._captured[key] = Captured(self._step, self._recorder, segment, kept)
        except (RuntimeError, AssertionError) as error:
            self._possible = False
            cause = error.__context__ or error  # a capture that is cut short ends with an error of its own
            self._say(f"steps are not replayed as CUDA graphs: {str(cause).strip().splitlines()[0]}")
            return None
        if not self._said:
            self._said = True
            self._say("steps are replayed as CUDA graphs")
        return self._captured[key]


class Captured:
    """A captured step and the tensors that it reads and writes. Graphs of one shape of state share it."""

    def __init__(self, step: Step, recorder: Recorder, segment: Segment, state: State):
        self._segment = replace(segment, inputs=segment.inputs.clone(), targets=segment.targets.clone())
        self._state = state
        self._figures = torch.zeros(2, device=segment.inputs.device)
        self._loss, self._norm = self._figures.unbind()

        def work() -> None:
            loss, norm, after = step(self._segment, self._state)
            self._loss.copy_(loss)
            self._norm.copy_(norm)
            for kept, part in zip(self._state, after, strict=True):
                kept.copy_(part)

        with used_constants() as self._constants:
            self._replay = recorder.capture(work)

    def step(self, segment: Segment, state: State) -> tuple[Tensor, Tensor, State]:
        """Replay the step with this segment and this state."""
        self._segment.inputs.copy_(segment.inputs)
        self._segment.targets.copy_(segment.targets)
        if state is not self._state:
            for kept, part in zip(self._state, state, strict=True):
                kept.copy_(part)
        self._replay()
        return self._loss, self._norm, self._state


def shapes(state: State) -> tuple[Hashable, ...]:
    """The shape and type of each part of a state."""
    return tuple((part.shape, part.dtype) for part in state)
