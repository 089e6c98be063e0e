"""The order in which training reads: epoch after epoch, each cut into the pieces that one step reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np
import torch

from baselines.neural.reading.segments import (
    EncodedStream,
    Rows,
    Segment,
    batches_by_length,
    even_edges,
    sentences,
    stream_rows,
)
from baselines.neural.training.settings import Training
from benchmark.contract import Context, TokenStream

#: Random lengths (Merity et al. 2018, section 5 and their program): this share of the segments is about
#: half as long; all vary with this standard deviation (tokens); none is shorter than the last but at an end.
HALVED, DEVIATION, SHORTEST = 0.05, 5.0, 5


@dataclass(frozen=True)
class Piece:
    """What one step reads."""

    segment: Segment | None  # the rows of this process; None: none of them has a target here
    targets: int  # those of all processes
    columns: int  # tokens a row
    epoch: int
    number: int  # among the pieces of the epoch, from 0


class Reader:
    """Every target of a stream once an epoch, in an order that the seed and the epoch's number determine.

    `stream` context reads a few long rows, `sentence` context all sentences in random batches of like
    length. Of several processes each reads the rows that are its share: row r belongs to process
    r mod `processes`.
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
        self._encoded = EncodedStream(np.asarray(stream.ids), start, device)
        self._process, self._processes = process, processes

    def pieces(self, epoch: int = 0, number: int = 0) -> Iterator[Piece]:
        """All pieces from that one of that epoch on, without end."""
        for current in count(epoch):
            passed = 0
            draw = np.random.default_rng((self._seed, current))
            for rows in self._batches(draw):
                edges = self._edges(int(rows.lengths.max(initial=0)), draw)
                skipped = min(len(edges) - 1, max(0, number - passed)) if current == epoch else 0
                yield from self._cut(rows, edges[skipped:], current, passed + skipped)
                passed += len(edges) - 1

    def _batches(self, draw: np.random.Generator) -> list[Rows]:
        stream, batch = self._stream, self._training.batch
        if self._context == "stream":
            return [stream_rows(len(stream), batch, self._training.unroll)]
        rows = sentences(stream.ids, stream.vocabulary.end)
        order = draw.permutation(len(rows.starts))  # other neighbours among those of one length
        groups = batches_by_length(Rows(rows.starts[order], rows.lengths[order]), most=batch)
        return [groups[place] for place in draw.permutation(len(groups))]

    def _edges(self, columns: int, draw: np.random.Generator) -> np.ndarray:
        unroll = self._training.unroll
        return jittered_edges(columns, unroll, draw) if self._training.jitter else even_edges(columns, unroll)

    def _cut(self, rows: Rows, edges: np.ndarray, epoch: int, number: int) -> Iterator[Piece]:
        every = slice(self._process, None, self._processes)
        own = self._encoded.cut(Rows(rows.starts[every], rows.lengths[every]), edges)
        for place, (first, stop) in enumerate(pairwise(edges.tolist()), start=number):
            targets = int((rows.lengths.clip(first, stop) - first).sum())
            segment = next(own, None)
            yield Piece(segment, targets, stop - first, epoch, place)


def jittered_edges(columns: int, unroll: int, draw: np.random.Generator) -> np.ndarray:
    """As `even_edges`, with random lengths: N(unroll, 5), or N(unroll / 2, 5) once in twenty, at least 5.

    The last segment takes what is left; it never is shorter than 5 where the columns are not.
    """
    edges = [0]
    while edges[-1] < columns:
        mean = unroll / 2 if draw.random() < HALVED else unroll
        stop = edges[-1] + max(SHORTEST, int(draw.normal(mean, DEVIATION)))
        edges.append(stop if stop + SHORTEST <= columns else columns)
    return np.array(edges, np.int64)
