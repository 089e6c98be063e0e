"""From a token stream to what a network reads: rows of the stream, cut into segments of time.

A `Rows` is a set of stretches of one stream that are read side by side. `stream` context reads a few
long rows (one, to score), `sentence` context many short ones, a sentence each. Both then go the same
way: column by column in segments, the state carried from each segment to the next, every target once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Segment:
    """Some columns of some rows. Row r has a target in the first `lengths[r] − first` of them."""

    inputs: Tensor  # int64 [time, rows]
    targets: Tensor  # int64 [n]: those that exist, time by time
    kept: Tensor | None  # int64 [n]: their places in [time · rows]; None: all places are targets
    positions: np.ndarray  # int64 [n]: their places in the stream
    first: bool  # do its rows begin here, with nothing to carry on?

    def select(self, features: Tensor) -> Tensor:
        """The rows of features [time, rows, f] that have a target: [n, f]."""
        flat = features.flatten(0, 1)
        return flat if self.kept is None else flat.index_select(0, self.kept)


@dataclass(frozen=True)
class Rows:
    """Stretches of a stream read side by side: first target and number of targets of each, int64 [rows]."""

    starts: np.ndarray
    lengths: np.ndarray


class EncodedStream:
    """A stream's ids on the device, behind the input that stands before the first of them."""

    def __init__(self, ids: np.ndarray, start: int, device: torch.device):
        symbols = np.empty(len(ids) + 1, dtype=np.int32)
        symbols[0], symbols[1:] = start, ids
        self._symbols = torch.from_numpy(symbols).to(device)

    def segments(self, rows: Rows, unroll: int) -> Iterator[Segment]:
        """Columns of the rows, at most `unroll` at a time; every target once."""
        return self.cut(rows, even_edges(int(rows.lengths.max(initial=0)), unroll))

    def cut(self, rows: Rows, edges: np.ndarray) -> Iterator[Segment]:
        """The columns between each two consecutive edges. Ends before one that holds no target."""
        starts = self._send(rows.starts)
        for first, stop in pairwise(edges.tolist()):
            if first >= rows.lengths.max(initial=0):
                return
            if stop <= rows.lengths.min():
                yield self._whole(rows, starts, first, stop)
            else:
                yield self._ragged(rows, first, stop)

    def _whole(self, rows: Rows, starts: Tensor, first: int, stop: int) -> Segment:
        """Columns that every row has: their places are computed on the device, nothing is sent to it."""
        index = starts + torch.arange(first, stop, device=starts.device)[:, None]
        positions = (rows.starts + np.arange(first, stop)[:, None]).ravel()
        targets = self._symbols[index + 1].flatten().long()
        return Segment(self._symbols[index].long(), targets, None, positions, first == 0)

    def _ragged(self, rows: Rows, first: int, stop: int) -> Segment:
        """Columns that some rows end before; a row without a target there reads the start of the stream."""
        steps = np.arange(first, stop)[:, None]
        places = rows.starts[None, :] + steps
        exists = steps < rows.lengths[None, :]
        positions = places[exists]
        inputs = self._symbols[self._send(np.where(exists, places, 0))]
        targets = self._symbols[self._send(positions + 1)]
        kept = self._send(np.flatnonzero(exists))
        return Segment(inputs.long(), targets.long(), kept, positions, first == 0)

    def _send(self, array: np.ndarray) -> Tensor:
        """An array to the device, without waiting for the work that is queued there."""
        tensor = torch.from_numpy(array)
        if self._symbols.device.type == "cpu":
            return tensor
        return tensor.pin_memory().to(self._symbols.device, non_blocking=True)


def even_edges(columns: int, unroll: int) -> np.ndarray:
    """Where to cut so many columns into segments of at most `unroll`, from 0 to `columns`.

    The segments are as equal as can be, so that none is a sliver with a noisy gradient.
    """
    return np.linspace(0, columns, -(-columns // unroll) + 1).astype(np.int64)


def stream_rows(targets: int, rows: int, unroll: int) -> Rows:
    """A stream of `targets` ids cut into `rows` stretches whose lengths differ by at most one.

    Nothing is left over: the first `targets mod rows` stretches hold one more. A stream shorter than
    rows × unroll gets fewer rows, so that each still fills a segment.
    """
    rows = max(1, min(rows, targets // unroll))
    edges = np.linspace(0, targets, rows + 1).astype(np.int64)
    return Rows(edges[:-1], np.diff(edges))


def sentences(ids: np.ndarray, end: int | None) -> Rows:
    """One row a sentence: each ends with `</s>` (id `end`), the last one perhaps without."""
    total = len(ids)
    after = np.flatnonzero(np.asarray(ids) == end) + 1 if end is not None else np.array([], np.int64)
    edges = np.unique(np.concatenate([[0], after, [total]])).astype(np.int64)
    return Rows(edges[:-1], np.diff(edges))


def batches_by_length(rows: Rows, most: int | None = None, places: int | None = None) -> list[Rows]:
    """Rows in groups of like length: at most `most` rows a group, at most `places` with padding."""
    order = np.argsort(rows.lengths, kind="stable")
    groups: list[Rows] = []
    first = 0
    for stop in range(1, len(order) + 1):
        size = stop + 1 - first  # with the next row, the longest of the group
        if (
            stop == len(order)
            or (most is not None and size > most)
            or (places is not None and int(rows.lengths[order[stop]]) * size > places)
        ):
            chosen = order[first:stop]
            groups.append(Rows(rows.starts[chosen], rows.lengths[chosen]))
            first = stop
    return groups


def pad(contexts: Sequence[np.ndarray], start: int) -> tuple[np.ndarray, np.ndarray]:
    """Contexts of any length behind the start symbol: int64 [time, contexts], and the last place of each."""
    last = np.array([len(context) for context in contexts], dtype=np.int64)
    inputs = np.full((int(last.max(initial=0)) + 1, len(contexts)), start, dtype=np.int64)
    for row, context in enumerate(contexts):
        inputs[1 : len(context) + 1, row] = context
    return inputs, last
