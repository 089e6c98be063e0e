"""The blocks of a test text: what is drawn anew to say how another text would have turned out.

Tokens near each other are not independent: a topic makes a stretch of text easy or hard, and a model that
carries its history on does well on all of it. Documents are independent of each other. Where they are not
known, or too few, blocks are long enough for their losses to be nearly independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark import text
from benchmark.arguments import whole
from benchmark.corpus.stream import TokenStream
from benchmark.record.blocks import DOCUMENTS, BlockLosses
from benchmark.statistics.blocks import block_sums

#: A text with at least so many documents is a sample of documents. The spread of fewer is too uncertain.
LEAST_DOCUMENTS = 10
#: Lines of a block, where there are fewer.
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
        return text.of_unit(len(self), self.unit)


def blocks_of(stream: TokenStream, lines: int | None = None) -> Blocks:
    """The blocks of a text: its documents where there are `LEAST_DOCUMENTS` or more, otherwise `LINES` lines
    each, or `TARGETS` tokens in a text without line ends. The last block has what is left.

    With `lines`, they are so many lines each, whatever the documents. Raises UserError if it is no whole
    number from 1.
    """
    length = LINES if lines is None else whole("block", lines, 1)
    documents = stream.documents
    if lines is None and documents is not None and len(documents) > LEAST_DOCUMENTS:
        return Blocks(DOCUMENTS, np.asarray(documents, dtype=np.int64))
    if stream.vocabulary.end is None:
        offsets = np.append(np.arange(0, len(stream), TARGETS), len(stream))
        return Blocks(f"blocks of {TARGETS:,} tokens", offsets)
    starts = np.asarray(stream.lines[:-1:length], dtype=np.int64)
    return Blocks(f"blocks of {length} lines", np.append(starts, len(stream)))


def block_losses(scores: np.ndarray, blocks: Blocks) -> BlockLosses:
    """The loss of each block of a text, from ln p of its targets."""
    return BlockLosses(blocks.unit, blocks.targets, block_sums(-scores, blocks.offsets))


def blocks_like(losses: BlockLosses) -> Blocks:
    """The blocks that some losses are of."""
    return Blocks(losses.unit, np.concatenate([[0], np.cumsum(losses.targets)]))
