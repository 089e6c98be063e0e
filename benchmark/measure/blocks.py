"""The blocks of a test text: what is drawn anew to say how another text would have turned out.

Tokens near each other are not independent: a topic makes a stretch of text easy or hard, and a model that
carries its history on does well on all of it. Blocks are long enough for their losses to be nearly
independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.corpus.stream import TokenStream
from benchmark.record.blocks import BlockLosses
from benchmark.statistics.blocks import block_sums

#: Lines of a block, where documents are not known.
LINES = 50
#: Targets of a block, where lines are not known either.
TARGETS = 1_000


@dataclass(frozen=True)
class Blocks:
    """`unit` says what they are; block i has the targets from `offsets[i]` up to `offsets[i + 1]`."""

    unit: str
    offsets: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """How many targets each has, int64 [blocks]."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __str__(self) -> str:
        return f"{len(self):,} {self.unit}"


def blocks_of(stream: TokenStream, lines: int | None = None) -> Blocks:
    """The blocks of a text: so many lines each, or `TARGETS` tokens in a text without line ends.

    The last block has what is left.
    """
    length = lines or LINES
    if stream.vocabulary.end is None:
        offsets = np.append(np.arange(0, len(stream), TARGETS), len(stream))
        return Blocks(f"blocks of {TARGETS:,} tokens", offsets)
    starts = np.asarray(stream.lines[:-1:length], dtype=np.int64)
    return Blocks(f"blocks of {length} lines", np.append(starts, len(stream)))


def block_losses(scores: np.ndarray, stream: TokenStream) -> BlockLosses:
    """The loss of each block of a text, from ln p of its targets."""
    blocks = blocks_of(stream)
    return BlockLosses(blocks.unit, blocks.targets, block_sums(-scores, blocks.offsets))
