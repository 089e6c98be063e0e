"""`blocks.json` of a run: its test loss summed over blocks of targets, from which intervals are computed.

The blocks of two runs on the same events are the same, so that their differences are paired. The file has a
few hundred numbers, where the scores of all targets have a hundred thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.storage.files import write_json
from benchmark.storage.reading import Unreadable, read_json_object

FILE = "blocks.json"
#: What blocks are where each is a document.
DOCUMENTS = "documents"


@dataclass(frozen=True)
class BlockLosses:
    """`unit` says what the blocks are: `documents`, `blocks of 50 lines`. For each block, in order: how many
    targets it has, int64 [blocks], and their total negative log-likelihood in nats, float64 [blocks]."""

    unit: str
    targets: np.ndarray
    nll: np.ndarray

    def like(self, other: BlockLosses) -> bool:
        """Whether the blocks are those of the other, so that they can be paired."""
        return self.unit == other.unit and np.array_equal(self.targets, other.targets)


def write_blocks(folder: Path, blocks: BlockLosses) -> None:
    """Keep the blocks in a run's folder."""
    data = {"unit": blocks.unit, "targets": blocks.targets.tolist(), "nll": blocks.nll.tolist()}
    write_json(folder / FILE, data)


def read_blocks(folder: Path) -> BlockLosses | None:
    """The blocks kept in a run's folder; None if it has no such file. Raises Unreadable for a damaged one."""
    try:
        data = read_json_object(folder / FILE)
    except FileNotFoundError:
        return None
    try:
        targets = np.array([int(n) for n in data["targets"]], dtype=np.int64)
        nll = np.array([float(loss) for loss in data["nll"]], dtype=np.float64)
        unit = data["unit"]
    except (ValueError, KeyError, TypeError):
        unit = None
    sound = isinstance(unit, str) and len(targets) == len(nll) and (targets > 0).all()
    if not sound or np.isnan(nll).any():
        raise Unreadable(f"cannot read {folder / FILE}: it holds no losses of blocks")
    return BlockLosses(unit, targets, nll)
