"""The losses of each test item, which intervals and tests are computed from: a file of a run's folder."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import text
from benchmark.record.folder import ITEM_LOSSES
from benchmark.record.result import Result
from benchmark.storage.files import atomic_file
from benchmark.storage.reading import Unreadable
from benchmark.task.measures import ItemMeasure

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


def recorded_losses(folder: Path, result: Result, measure: ItemMeasure) -> np.ndarray | None:
    """The losses of a run's test items by a measure: float64 [2, items]; None where the run keeps none.

    Raises Unreadable for those of another run than that of the record.
    """
    found = read_item_losses(folder)
    if found is None or measure.key not in found:
        return None
    losses, recorded = found[measure.key], result.test_measures.get(measure.key)
    mean = measure.value(losses)
    if recorded is None or mean is None:
        return None
    if losses.shape[1] != result.test_items or not math.isclose(mean, recorded, rel_tol=1e-4):
        raise Unreadable(f"{folder / ITEM_LOSSES} does not hold the losses of this run's record")
    return losses


def blocks_of_items(items: int) -> str:
    """What is drawn of so many items, in words: `400 blocks of 4–5 neighbouring items`, or `37 items`."""
    if items <= BLOCKS:
        return text.plural(items, "item")
    sizes = text.span(items // BLOCKS, -(-items // BLOCKS))
    return f"{BLOCKS:,} blocks of {sizes} neighbouring items"


def in_blocks(losses: np.ndarray) -> np.ndarray:
    """Sums over blocks of neighbouring items: [2, blocks]."""
    items = losses.shape[1]
    blocks = min(BLOCKS, items)
    begins = np.arange(blocks) * items // blocks
    return np.add.reduceat(losses, begins, axis=1)
