"""From a token stream to what a network reads: rows of the stream, cut into segments of time.

`Rows` are stretches of one stream that are read side by side. `stream` context reads a few long rows
(a single one when scoring); `sentence` context reads many short ones, one sentence each. Both are then
read the same way: segment by segment, with the state carried from one to the next, every target once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Segment:
    """Some columns (time steps) of some rows. Row r has targets in its first `lengths[r] − first`."""

    inputs: Tensor  # int64 [time, rows]
    targets: Tensor  # int64 [n]: those that exist, in order of time
    kept: Tensor | None  # int64 [n]: their positions in [time · rows]; None: every position has a target
    rows: "Rows"
    begin: int  # the first column; at 0 the rows begin, so that there is no state to carry over

    @property
    def first(self) -> bool:
        """Whether the rows begin here."""
        return self.begin == 0

    @property
    def positions(self) -> np.ndarray:
        """The positions of the targets in the stream, int64 [n]."""
        steps = np.arange(self.begin, self.begin + len(self.inputs))[:, None]
        return (self.rows.starts + steps)[steps < self.rows.lengths]

    def select(self, features: Tensor) -> Tensor:
        """The positions of features [time, rows, f] that have a target: [n, f]."""
        flat = features.flatten(0, 1)
        return flat if self.kept is None else flat.index_select(0, self.kept)


@dataclass(frozen=True)
class Rows:
    """Stretches of a stream read side by side: first target and number of targets of each, int64 [rows]."""

    starts: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class SeparateLines:
    """Lines as texts of their own: a stream in which the start symbol stands between them, too."""

    ids: np.ndarray  # int64 [targets + start symbols]
    places: np.ndarray  # int64 [targets]: where each target of the lines stands in `ids`
    rows: Rows  # the lines that hold a target, in order

    @classmethod
    def of(cls, ids: np.ndarray, lines: np.ndarray, start: int) -> Self:
        """The lines that begin and end at `lines` [lines + 1], each after the start symbol."""
        ids, lengths = np.asarray(ids, dtype=np.int64), np.diff(lines)
        places = np.arange(len(ids)) + np.repeat(np.arange(len(lengths)), lengths)
        separated = np.full(len(ids) + max(0, len(lengths) - 1), start, dtype=np.int64)
        separated[places] = ids
        starts = lines[:-1] + np.arange(len(lengths))
        held = lengths > 0
        return cls(separated, places, Rows(starts[held], lengths[held]))


class EncodedStream:
    """A stream's ids on the device, preceded by the network's start symbol."""

    def __init__(self, ids: np.ndarray, start: int, device: torch.device):
        symbols = np.empty(len(ids) + 1, dtype=np.int32)
        symbols[0], symbols[1:] = start, ids
        self._symbols = torch.from_numpy(symbols).to(device)

    def segments(self, rows: Rows, unroll: int) -> Iterator[Segment]:
        """The rows in segments of at most `unroll` columns; every target occurs once."""
        return self.cut(rows, even_edges(int(rows.lengths.max(initial=0)), unroll))

    def cut(self, rows: Rows, edges: np.ndarray) -> Iterator[Segment]:
        """The columns between consecutive edges. Stops before the first segment without a target."""
        starts = self._send(rows.starts)
        for first, stop in pairwise(edges.tolist()):
            if first >= rows.lengths.max(initial=0):
                return
            if stop <= rows.lengths.min():
                yield self._whole(rows, starts, first, stop)
            else:
                yield self._ragged(rows, first, stop)

    def _whole(self, rows: Rows, starts: Tensor, first: int, stop: int) -> Segment:
        """Columns that every row has. Indices are computed on the device; nothing is sent to it."""
        index = starts + torch.arange(first, stop, device=starts.device)[:, None]
        targets = self._symbols[index + 1].flatten().long()
        return Segment(self._symbols[index].long(), targets, None, rows, first)

    def _ragged(self, rows: Rows, first: int, stop: int) -> Segment:
        """Columns in which some rows have ended; those rows are padded with the start symbol."""
        steps = np.arange(first, stop)[:, None]
        places = rows.starts[None, :] + steps
        exists = steps < rows.lengths[None, :]
        read, kept = np.where(exists, places, 0).ravel(), np.flatnonzero(exists)
        # All indices are sent at once, and followed at once.
        indices = self._send(np.concatenate([read, places[exists] + 1, kept]))
        symbols = self._symbols[indices[: len(read) + len(kept)]].long()
        inputs, targets = symbols.split([len(read), len(kept)])
        return Segment(inputs.view(exists.shape), targets, indices[-len(kept) :], rows, first)

    def _send(self, array: np.ndarray) -> Tensor:
        """An array on the device, without waiting for the work queued there."""
        tensor = torch.from_numpy(array)
        if self._symbols.device.type == "cuda":
            tensor = tensor.pin_memory()  # other memory could not be copied without waiting
        return tensor.to(self._symbols.device, non_blocking=True)


def on_device(array: np.ndarray, device: torch.device) -> Tensor:
    """An array as a tensor on a device."""
    return torch.from_numpy(array).to(device)


def even_edges(columns: int, unroll: int) -> np.ndarray:
    """Where to cut `columns` into segments of at most `unroll`: edges from 0 to `columns`.

    The segments are as equal as possible, so that none is a sliver with a noisy gradient.
    """
    return np.linspace(0, columns, -(-columns // unroll) + 1).astype(np.int64)


def stream_rows(targets: int, rows: int, unroll: int) -> Rows:
    """A stream of `targets` ids cut into `rows` stretches whose lengths differ by at most one.

    Nothing is left over: some stretches hold one more id. A stream shorter than rows × unroll gets fewer
    rows, so that each still fills a segment.
    """
    rows = max(1, min(rows, targets // unroll))
    edges = np.linspace(0, targets, rows + 1).astype(np.int64)
    return Rows(edges[:-1], np.diff(edges))


def sentences(ids: np.ndarray, end: int | None) -> Rows:
    """One row per sentence. Each ends with `</s>` (id `end`), except perhaps the last."""
    total = len(ids)
    after = np.flatnonzero(np.asarray(ids) == end) + 1 if end is not None else np.array([], np.int64)
    edges = np.unique(np.concatenate([[0], after, [total]])).astype(np.int64)
    return Rows(edges[:-1], np.diff(edges))


def batches_by_length(rows: Rows, most: int | None = None, positions: int | None = None) -> list[Rows]:
    """Rows in batches of similar length: at most `most` rows each, at most `positions` with padding."""
    order = np.argsort(rows.lengths, kind="stable")
    if positions is None and most is not None:
        parts = (order[first : first + most] for first in range(0, len(order), most))
        return [Rows(rows.starts[part], rows.lengths[part]) for part in parts]
    batches: list[Rows] = []
    first = 0
    for stop in range(1, len(order) + 1):
        size = stop + 1 - first  # with the next row, the longest of the batch
        if (
            stop == len(order)
            or (most is not None and size > most)
            or (positions is not None and int(rows.lengths[order[stop]]) * size > positions)
        ):
            chosen = order[first:stop]
            batches.append(Rows(rows.starts[chosen], rows.lengths[chosen]))
            first = stop
    return batches


def pad(contexts: Sequence[np.ndarray], start: int) -> tuple[np.ndarray, np.ndarray]:
    """Contexts of any length after the start symbol: int64 [time, contexts], and the last index of each."""
    last = np.array([len(context) for context in contexts], dtype=np.int64)
    inputs = np.full((int(last.max(initial=0)) + 1, len(contexts)), start, dtype=np.int64)
    for row, context in enumerate(contexts):
        inputs[1 : len(context) + 1, row] = context
    return inputs, last
