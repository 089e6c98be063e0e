"""`scores.json`: the golden scores, a line a case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent / "scores.json"
#: The command that writes the file anew.
REMAKE = "python tests/golden/remake.py"


def read() -> dict[str, dict[str, Any]]:
    """`scores` (nats) of each case by its name."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def write(golden: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the file, its cases in order."""
    lines = [f"{json.dumps(name)}: {json.dumps(golden[name])}" for name in sorted(golden)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def rounded(scores: Iterable[float]) -> list[float]:
    """Scores as the file holds them. JSON has no infinity, but Python reads and writes one."""
    return [round(float(score), 6) for score in scores]


def moved(before: Iterable[float], now: Iterable[float]) -> float:
    """The largest difference of two score vectors; infinite where they differ in length or in a zero."""
    old, new = np.array(list(before), dtype=np.float64), np.array(list(now), dtype=np.float64)
    if old.shape != new.shape or not np.array_equal(np.isinf(old), np.isinf(new)):
        return float("inf")
    finite = np.isfinite(old)
    return float(np.max(np.abs(old[finite] - new[finite]), initial=0))
