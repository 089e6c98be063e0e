"""`scores.json`: the golden scores, a line a case, with the versions that they were made by.

A score may move only where one of these versions was raised. To make a case anew because it is another
one now (other sizes, another text), delete its line and remake the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent / "scores.json"
#: The command that writes the file anew.
REMAKE = "python tests/golden/remake.py"
_REMAKE = f"remake the golden scores with: {REMAKE}"


#: In nats. Scores are float32 of some 10 nats, and the file rounds to 1e-6: on other instruction sets
#: (SSE to AVX-512) and one or two threads, none differed by more than 1e-6.
TOLERANCE = 1e-5
#: The components of Goodman's combination can nearly replace one another, so rounding decides which of
#: many equally good weights the fit ends at: 4e-3 between those instruction sets.
LOOSE = {"goodman": 2e-2, "goodman_triggers": 2e-2}

Golden = dict[str, dict[str, Any]]


def read() -> Golden:
    """`scores` (nats) and `versions` of each case by its name."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def entry(scores: Iterable[float], versions: Mapping[str, int]) -> dict[str, Any]:
    """What the file holds of a case. JSON has no infinity, but Python reads and writes one."""
    return {
        "versions": dict(sorted(versions.items())),
        "scores": [round(float(score), 6) for score in scores],
    }


def write(golden: Golden) -> None:
    """Write the file, its cases in order."""
    lines = [f"{json.dumps(name)}: {json.dumps(golden[name])}" for name in sorted(golden)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def problem(name: str, golden: dict[str, Any], now: dict[str, Any], declared: str) -> str | None:
    """What is wrong with the scores of a case, and what to do; None where they are what they were.

    `declared` says which version is to be raised.
    """
    difference = moved(golden["scores"], now["scores"])
    same = equal(name, golden, now)
    before, after = golden["versions"], now["versions"]
    if before == after:
        return None if same else f"{_moved(name, difference)}: raise {declared}, then {_REMAKE}"
    changes = ", ".join(
        f"{key} from {before.get(key, 'none')} to {after.get(key, 'none')}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    )
    return f"{name if same else _moved(name, difference)}: versions went {changes}: {_REMAKE}"


def equal(name: str, golden: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether the scores of a case are the same within the tolerance."""
    return moved(golden["scores"], now["scores"]) <= LOOSE.get(name, TOLERANCE)


def raised(golden: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a version was raised since the file was made."""
    return any(version > golden["versions"].get(key, 0) for key, version in now["versions"].items())


def _moved(name: str, difference: float) -> str:
    return f"scores of {name} moved by {difference:.0e} nats"


def moved(before: Iterable[float], now: Iterable[float]) -> float:
    """The largest difference of two score vectors; infinite where they differ in length or in a zero."""
    old, new = np.array(list(before), dtype=np.float64), np.array(list(now), dtype=np.float64)
    if old.shape != new.shape or not np.array_equal(np.isinf(old), np.isinf(new)):
        return float("inf")
    finite = np.isfinite(old)
    return float(np.max(np.abs(old[finite] - new[finite]), initial=0))
