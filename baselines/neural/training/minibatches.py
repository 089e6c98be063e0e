"""The order in which training reads: epoch after epoch, each cut into minibatches of one step."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, pairwise
from typing import assert_never

import numpy as np
import torch

from baselines.neural.segments import (
    EncodedStream,
    Rows,
    Segment,
    batches_by_length,
    even_edges,
    sentences,
    stream_rows,
)
from baselines.neural.training.columns import Columns
from baselines.neural.training.recipe import Training
from benchmark.contract import Context, TokenStream

#: Random segment lengths as in Merity et al. (2018, section 5, and their program): the share of segments
#: drawn about half as long, the standard deviation of all lengths and the shortest length, in tokens.
HALVED, DEVIATION, SHORTEST = 0.05, 5.0, 5


@dataclass(frozen=True)
class Minibatch:
    """What one step reads."""

    segment: Segment | None  # the rows of this process; None if none of them has a target here
    targets: int  # of all processes together
    columns: int  # tokens per row
    epoch: int
    number: int  # within the epoch, from 0


class Minibatches:
    """Every target of a stream once per epoch, in an order determined by the seed and the epoch's number.

    `stream` context reads `batch` long rows; `sentence` context reads all sentences in random batches of
    similar length. With several processes, row r is read by process r mod `processes`.
    """

    def __init__(
        self,
        stream: TokenStream,
        start: int,
        device: torch.device,
        context: Context,
        training: Training,
        seed: int,
        process: int = 0,
        processes: int = 1,
    ):
        self._stream, self._context, self._training, self._seed = stream, context, training, seed
        self._start, self._device = start, device
        self._process, self._processes = process, processes

    @property
    def rows(self) -> int:
        """The most rows in a minibatch of all processes; fewer than `batch` only if the text is too short."""
        return max(len(rows.starts) for rows in self._batches(np.random.default_rng(0)))

    def starting_at(self, epoch: int = 0, number: int = 0) -> Iterator[Minibatch]:
        """All minibatches from the given one on; the iterator never ends."""
        for current in count(epoch):
            passed = 0
            draw = np.random.default_rng((self._seed, current))
            for rows in self._batches(draw):
                edges = self._edges(int(rows.lengths.max(initial=0)), draw)
                skipped = min(len(edges) - 1, max(0, number - passed)) if current == epoch else 0
                yield from self._cut(rows, edges[skipped:], current, passed + skipped)
                passed += len(edges) - 1

    @cached_property
    def _long_rows(self) -> Rows:
        return stream_rows(len(self._stream), self._training.batch, self._training.unroll)

    @cached_property
    def _sentences(self) -> Rows:
        return sentences(self._stream.ids, self._stream.vocabulary.end)

    def _batches(self, draw: np.random.Generator) -> list[Rows]:
        """The groups of rows that are read side by side in one epoch."""
        match self._context:
            case "stream":
                return [self._long_rows]
            case "sentence":
                rows = self._sentences
                # Shuffled, so that sentences of one length meet others in every epoch.
                order = draw.permutation(len(rows.starts))
                shuffled = Rows(rows.starts[order], rows.lengths[order])
                groups = batches_by_length(shuffled, most=self._training.batch)
                return [groups[place] for place in draw.permutation(len(groups))]
            case unknown:
                assert_never(unknown)

    def _edges(self, columns: int, draw: np.random.Generator) -> np.ndarray:
        unroll = self._training.unroll
        return jittered_edges(columns, unroll, draw) if self._training.jitter else even_edges(columns, unroll)

    def _cut(self, rows: Rows, edges: np.ndarray, epoch: int, number: int) -> Iterator[Minibatch]:
        own, shortest = self._segments(rows, edges), rows.lengths.min()
        for place, (first, stop) in enumerate(pairwise(edges.tolist()), start=number):
            if stop <= shortest:
                targets = (stop - first) * len(rows.starts)
            else:
                targets = int((rows.lengths.clip(first, stop) - first).sum())
            yield Minibatch(next(own, None), targets, stop - first, epoch, place)

    def _segments(self, rows: Rows, edges: np.ndarray) -> Iterator[Segment]:
        """The rows of this process, cut at the edges."""
        match self._context:
            case "stream":
                return self._columns.cut(edges)
            case "sentence":
                return self._encoded.cut(self._own(rows), edges)
            case unknown:
                assert_never(unknown)

    @cached_property
    def _columns(self) -> Columns:
        rows = self._long_rows
        columns = int(rows.lengths.max(initial=0))
        return Columns(np.asarray(self._stream.ids), self._start, self._own(rows), columns, self._device)

    @cached_property
    def _encoded(self) -> EncodedStream:
        return EncodedStream(np.asarray(self._stream.ids), self._start, self._device)

    def _own(self, rows: Rows) -> Rows:
        share = slice(self._process, None, self._processes)
        return Rows(rows.starts[share], rows.lengths[share])


def jittered_edges(columns: int, unroll: int, draw: np.random.Generator) -> np.ndarray:
    """As `even_edges`, with random lengths: N(unroll, 5), or N(unroll / 2, 5) for one in twenty; at least 5.

    The last segment takes what is left; it is shorter than 5 only if there are fewer than 5 columns.
    """
    edges = [0]
    while edges[-1] < columns:
        mean = unroll / 2 if draw.random() < HALVED else unroll
        stop = edges[-1] + max(SHORTEST, int(draw.normal(mean, DEVIATION)))
        edges.append(stop if stop + SHORTEST <= columns else columns)
    return np.array(edges, np.int64)
