"""Rows of integers divided into groups: in machine code where there is some, and else by a sort."""

from __future__ import annotations

import numpy as np

from baselines.ngram.loops.load import Loops


def grouped(
    rows: np.ndarray, groups: np.ndarray, number: int, loops: Loops | None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows int32 [rows, columns] by their group, an int32 below `number`; those of a group stay in order.

    Also returns where each group begins, and where the last one ends: int64 [number + 1].
    """
    if number == 1:
        return rows, np.array([0, len(rows)])
    if loops:
        sorted_rows, ends = np.empty_like(rows), np.zeros(number + 1, dtype=np.int64)
        loops.group_rows(rows, len(rows), rows.shape[1], groups, number - 1, ends, sorted_rows)
        return sorted_rows, np.append(0, ends[:-1])
    order = np.argsort(groups.astype(np.uint16) if number < 1 << 16 else groups, kind="stable")
    return rows.take(order, axis=0), np.append(0, np.cumsum(np.bincount(groups, minlength=number)))
