"""One long text scored in stretches side by side, with the history that a single row would carry.

A recurrent network reads a text token by token, and one row at a time keeps neither vector units nor a GPU
busy. So the text is cut into stretches of equal length, which are read side by side twice:

1. Every stretch is read from the initial state. What a network remembers fades, so far into a stretch the
   state no longer depends on where it started.
2. The front of every stretch is read again, from the state in which the stretch before it ended, until both
   readings agree. Past this column the first reading is that of the whole text.

What is computed from the features, such as the probabilities of a large vocabulary, costs more than the
states. Near the front it therefore waits until the second reading has shown which of the two counts.

Two states agree if they differ by no more than rounding makes two orders of summation differ. If they do
not come to agree, the network remembers for too long, and the text is read as one row. Thus nothing is
approximated; `tests/neural/test_neural_stretches.py` compares with one row and with float64.
"""

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from baselines.neural.network import Network, State
from baselines.neural.segments import EncodedStream, Rows, Segment, even_edges, on_device

#: Positions (time × rows) in a segment when scoring: enough to keep matrix products busy, few enough to
#: hold in memory.
POSITIONS = 2048
#: The most stretches by type of device. On one core, 16 rows are nearly as fast per token as 40; a GPU takes
#: about as long for a column of 64 rows as for one of a single row.
MOST = {"cpu": 16, "cuda": 64}
#: The fewest stretches (two rows of an LSTM take a core longer than one after the other) and the fewest
#: columns of one.
FEWEST, SHORTEST = 4, 4096
#: The columns after which states are first compared, and the most after which they are.
FADING, COMPARED = 256, 2**14
#: The columns before which it is too early to say that states will not come to agree.
PATIENCE = 2048
#: The columns up to which features wait until it is known from where on the first reading is that of the
#: whole text, and the most bytes of them.
HELD, ROOM = 1280, 2**24
#: The largest difference of two states that is rounding: 64 units in the last place of a float32 near 1.
ROUNDING = 64 * 2.0**-23


class Collector(Protocol):
    """Takes what a network computes of a text; of a position taken twice, the last time counts."""

    def take(self, segment: Segment, features: Tensor) -> None:
        """Take the features [time, rows, f] of a segment."""


class Scores:
    """Collects ln p of every target."""

    #: Targets that wait on the device before they are fetched.
    PENDING = 2**18

    def __init__(self, network: Network, targets: int):
        self._output = network.output
        self._scores = np.empty(targets, dtype=np.float32)
        self._positions: list[np.ndarray] = []
        self._pending: list[Tensor] = []
        self._count = 0

    def take(self, segment: Segment, features: Tensor) -> None:
        self._positions.append(segment.positions)
        self._pending.append(self._output.log_probs(segment.select(features), segment.targets))
        self._count += len(segment.positions)
        if self._count > self.PENDING:  # not each time, since fetching waits for the device
            self._fetch()

    @property
    def array(self) -> np.ndarray:
        """float32 [targets]."""
        self._fetch()
        return self._scores

    def _fetch(self) -> None:
        if self._pending:
            self._scores[np.concatenate(self._positions)] = torch.cat(self._pending).cpu().numpy()
        self._positions, self._pending, self._count = [], [], 0


class FeaturesAt:
    """Collects the features at some positions of a text, ascending int64 [places]."""

    def __init__(self, places: np.ndarray):
        self._places = places
        self._features: Tensor | None = None

    def take(self, segment: Segment, features: Tensor) -> None:
        index = np.searchsorted(self._places, segment.positions)
        found = np.flatnonzero(self._places.take(index, mode="clip") == segment.positions)
        if self._features is None:
            self._features = features.new_zeros(len(self._places), features.shape[2])
        chosen = segment.select(features).index_select(0, on_device(found, features.device))
        self._features.index_copy_(0, on_device(index[found], features.device), chosen)

    @property
    def tensor(self) -> Tensor:
        """[places, features]. Raises ValueError if the text had no position."""
        if self._features is None:
            raise ValueError("no segment was read")
        return self._features


def read(network: Network, segment: Segment, state: State, into: Collector) -> State:
    """Read a segment and let `into` take its features; the state after it."""
    features, state = network(segment.inputs, state)
    into.take(segment, features)
    return state


def read_stream(network: Network, encoded: EncodedStream, targets: int, into: Collector) -> int:
    """Read a text of so many targets with its whole history; return how many stretches it was read in."""
    rows = stretches_of(network, targets)
    if rows > 1 and _Stretches(network, encoded, targets, rows, into).agree():
        return rows
    state = network.initial_state(1)
    for segment in encoded.segments(Rows(np.array([0]), np.array([targets])), POSITIONS):
        state = read(network, segment, state, into)
    return 1


def stretches_of(network: Network, targets: int) -> int:
    """In how many stretches a text of so many targets is worth reading; 1 if it is read as one row.

    A network that sees a fixed number of tokens reads all columns of a row at once, so it needs one row.
    """
    device = next(network.parameters()).device.type
    if network.memory is not None or device not in MOST or not row_dimensions(network):
        return 1
    rows = min(MOST[device], targets // SHORTEST)
    return rows if rows >= FEWEST else 1


def row_dimensions(network: Network) -> tuple[int, ...]:
    """The dimension that counts rows in each tensor of the state; empty if one has not exactly one."""
    found: list[int] = []
    for two, three in zip(network.initial_state(2), network.initial_state(3), strict=True):
        if two.dim() != three.dim():
            return ()
        differing = [place for place in range(two.dim()) if two.shape[place] != three.shape[place]]
        if len(differing) != 1:
            return ()
        found += differing
    return tuple(found)


class _Stretches:
    """Both readings of a text in `rows` stretches, and of the few tokens that are left over after them."""

    def __init__(self, network: Network, encoded: EncodedStream, targets: int, rows: int, into: Collector):
        self._network, self._encoded, self._into = network, encoded, into
        self._targets, self._columns = targets, targets // rows
        self._rows = Rows(np.arange(rows) * self._columns, np.full(rows, self._columns))
        self._edges = even_edges(self._columns, max(1, POSITIONS // rows))
        self._dimensions = row_dimensions(network)
        #: The number of segments that end before or at the first comparison.
        self._fading = max(1, int(np.searchsorted(self._edges, min(FADING, self._columns // 2))))

    def agree(self) -> bool:
        """Read the text; False if the readings did not come to agree, so that what was taken is void."""
        ends, compared, held = self._first_reading()
        agreed = self._second_reading(self._following(ends), compared)
        if agreed is None:
            return False
        for segment, features in held[agreed - self._fading :]:
            self._into.take(segment, features)
        first = len(self._rows.starts) * self._columns
        state = self._last(ends)
        rest = Rows(np.array([first]), np.array([self._targets - first]))
        for segment in self._encoded.segments(rest, POSITIONS):
            state = read(self._network, segment, state, self._into)
        return True

    def _first_reading(self) -> tuple[State, list[State], list[tuple[Segment, Tensor]]]:
        """States at the ends of the stretches, and those to compare with, after each segment from _fading on.

        The third list has the segments after _fading with their features, up to the column `HELD`: they are
        taken later, unless the second reading replaces them. Those after them are taken here. Of the segments
        before, nothing is kept: the second reading takes them in any case.
        """
        state = self._network.initial_state(len(self._rows.starts))
        compared: list[State] = []
        held: list[tuple[Segment, Tensor]] = []
        room = ROOM
        for number, segment in enumerate(self._segments(), start=1):
            features, state = self._network(segment.inputs, state)
            if number > self._fading:
                room -= features.nbytes
                if room >= 0 and self._edges[number] <= HELD:
                    held.append((segment, features))
                else:
                    self._into.take(segment, features)
            if number >= self._fading and self._edges[number] <= COMPARED:
                compared.append(state)
        return state, compared, held

    def _second_reading(self, state: State, compared: list[State]) -> int | None:
        """Read every stretch from its true beginning until it agrees with the first reading.

        Returns the number of segments read until then; None if the two do not agree.
        """
        for number, segment in enumerate(self._segments(), start=1):
            state = read(self._network, segment, state, self._into)
            if number < self._fading:
                continue
            if number - self._fading == len(compared):
                return None
            apart = difference(compared[number - self._fading], state)
            if apart <= ROUNDING:
                return number
            column = int(self._edges[number])
            if column >= min(PATIENCE, self._columns // 2) and agreement(column, apart) > self._columns:
                return None
        return None

    def _segments(self) -> Iterator[Segment]:
        return self._encoded.cut(self._rows, self._edges)

    def _following(self, ends: State) -> State:
        """The state in which each stretch truly begins: the first in the initial one, each other in the end
        of the one before it."""
        return tuple(
            torch.cat([initial, end.narrow(place, 0, end.shape[place] - 1)], place)
            for initial, end, place in zip(
                self._network.initial_state(1), ends, self._dimensions, strict=True
            )
        )

    def _last(self, ends: State) -> State:
        """The state at the end of the last stretch, as that of a single row."""
        return tuple(
            end.narrow(place, end.shape[place] - 1, 1)
            for end, place in zip(ends, self._dimensions, strict=True)
        )


def difference(one: State, other: State) -> float:
    """The largest difference of two numbers in the same place; of numbers beyond ±1, relative to them."""
    apart = [
        ((a.double() - b.double()).abs() / a.double().abs().clamp_(min=1)).amax()
        for a, b in zip(one, other, strict=True)
        if a.numel()
    ]
    return float(torch.stack(apart).amax()) if apart else 0.0


def agreement(column: int, apart: float) -> float:
    """The column at which two readings that are `apart` at this one agree, if they approach at one rate."""
    return column * math.log(ROUNDING) / math.log(apart) if 0 < apart < 1 else math.inf
