"""What must be equal or sum to one, within rounding: shared by the rules and by the check of a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.check.answers import after
from benchmark.errors import BrokenContract

#: Other bases that logarithms are taken to by mistake.
_BASES = (2, 10)


def check_sums(
    rows: np.ndarray, lengths: Sequence[int], tolerance: float, method: str = "next_log_probs"
) -> None:
    """exp of each row sums to 1. `rows` as `usable_rows` returns them; `lengths`: tokens before each.

    Raises BrokenContract.
    """
    with np.errstate(over="ignore"):
        sums = np.exp(rows.astype(np.float64)).sum(axis=1)
    wrong = np.abs(sums - 1)
    worst = int(wrong.argmax()) if len(wrong) else 0
    if len(wrong) and not wrong[worst] <= tolerance:
        raise BrokenContract(
            method,
            f"is no distribution: after {after(lengths[worst])} the probabilities sum to "
            f"{sums[worst]:.6g}, not 1{_guess(rows[worst].astype(np.float64), tolerance)}",
        )


def _guess(row: np.ndarray, tolerance: float) -> str:
    """What was probably meant."""
    with np.errstate(over="ignore"):
        if row.min() >= 0 and abs(row.sum() - 1) <= tolerance:
            return "; these are probabilities: return their natural logarithms"
        for base in _BASES:
            if abs((float(base) ** row).sum() - 1) <= tolerance:
                return f"; these are logarithms of base {base}: return natural logarithms"
    return ""


def furthest_apart(a: np.ndarray, b: np.ndarray, tolerance: float) -> int | None:
    """Where two arrays of ln p, of one shape, are furthest apart (a flat index); None if they agree.

    Small probabilities are the result of more operations, so beyond ln p = −10 the tolerance grows with
    them. Two probabilities of zero agree.
    """
    with np.errstate(invalid="ignore"):  # −∞ − −∞
        difference = np.where(a == b, 0.0, np.abs(a.astype(np.float64) - b))
        size = np.where(np.isfinite(a), np.abs(a), 0.0)
    excess = (difference / np.maximum(1.0, size / 10)).ravel()
    worst = int(excess.argmax()) if len(excess) else 0
    return worst if len(excess) and not excess[worst] <= tolerance else None
