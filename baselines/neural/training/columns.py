"""Long rows of a stream, side by side on the device, where a segment is a slice of one tensor."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch

from baselines.neural.segments import Rows, Segment


class Columns:
    """Rows whose lengths are `columns` or one less, on the device as int32 [columns + 1, rows].

    Column t holds what is read at time t, and column t + 1 the targets there. So nothing is sent to the
    device after this, and a segment costs one conversion of its ids. The segments are those that
    `EncodedStream.cut` makes of the same rows.
    """

    def __init__(self, ids: np.ndarray, start: int, rows: Rows, columns: int, device: torch.device):
        symbols = np.full((len(rows.starts), columns + 1), start, dtype=np.int32)
        for row, begin, length in zip(symbols, rows.starts, rows.lengths, strict=True):
            row[: length + 1] = np.concatenate(
                [ids[begin - 1 : begin] if begin else [start], ids[begin : begin + length]]
            )
        self._rows, self._columns, self._start = rows, columns, start
        self._symbols = torch.from_numpy(symbols).to(device).t().contiguous()
        self._longer = torch.from_numpy(np.flatnonzero(rows.lengths == columns)).to(device)
        self._shorter = torch.from_numpy(rows.lengths < columns).to(device)

    def cut(self, edges: np.ndarray) -> Iterator[Segment]:
        """The columns between consecutive edges. Stops before the first segment without a target."""
        longest, shortest = self._rows.lengths.max(initial=0), self._rows.lengths.min(initial=self._columns)
        for first, stop in pairwise(edges.tolist()):
            if first >= longest:
                return
            yield self._whole(first, stop) if stop <= shortest else self._last(first, stop)

    def _whole(self, first: int, stop: int) -> Segment:
        """Columns that every row has."""
        block = self._symbols[first : stop + 1].long()
        return Segment(block[:-1], block[1:].flatten(), None, self._rows, first)

    def _last(self, first: int, stop: int) -> Segment:
        """Columns of which the last is missing in shorter rows, which are padded with the start symbol."""
        block = self._symbols[first : stop + 1].long()
        before = (stop - 1 - first) * block.shape[1]
        kept = torch.cat([torch.arange(before, device=block.device), before + self._longer])
        targets = block[1:].flatten().index_select(0, kept)
        block[-2].masked_fill_(self._shorter, self._start)
        return Segment(block[:-1], targets, kept, self._rows, first)
