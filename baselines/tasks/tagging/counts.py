"""Counts that a counted tagger keeps, as rows of whole numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from baselines.tasks.saved import read_array


def read_counts(file: Path, columns: int) -> np.ndarray:
    """The rows in a file: int64 [rows, columns], none below 0. Raises Unreadable, or ValueError."""
    rows = read_array(file, np.int64, (None, columns))
    if not len(rows) or rows.min() < 0:
        raise ValueError(f"{file.name} holds no rows of counts")
    return rows
