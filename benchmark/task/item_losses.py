"""The losses of each test item, which intervals and tests are computed from: a file of a run's folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.record.folder import ITEM_LOSSES
from benchmark.storage.files import atomic_file
from benchmark.storage.reading import Unreadable

#: Items that stand beside each other may be alike (sentences of an article, words of one stem), so they are
#: drawn in blocks of neighbours, at most this many.
BLOCKS = 400


def write_item_losses(folder: Path, losses: Mapping[str, np.ndarray]) -> None:
    """Write float32 [2, items] for each measure: losses, and what they are counted by."""
    with atomic_file(folder / ITEM_LOSSES) as file:
        arrays: dict[str, Any] = {key: value.astype(np.float32) for key, value in losses.items()}
        np.savez_compressed(file, **arrays)


def read_item_losses(folder: Path) -> dict[str, np.ndarray] | None:
    """What `write_item_losses` wrote, as float64; None if there is no such file. Raises Unreadable."""
    path = folder / ITEM_LOSSES
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {key: file[key].astype(np.float64) for key in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error
    for key, value in found.items():
        if value.ndim != 2 or len(value) != 2:
            raise Unreadable(f"{path} holds {key} with shape {value.shape}, not [2, items]")
    return found


def in_blocks(losses: np.ndarray) -> np.ndarray:
    """Sums over blocks of neighbouring items: [2, blocks]."""
    items = losses.shape[1]
    blocks = min(BLOCKS, items)
    begins = np.arange(blocks) * items // blocks
    return np.add.reduceat(losses, begins, axis=1)
