"""On what, and in what arithmetic, a run computed, in one phrase."""

from __future__ import annotations

from benchmark import text
from benchmark.record.result import Result


def computed(result: Result) -> str | None:
    """Device, number format and batch size of training and of scoring, then threads; None if unknown."""
    trained = _arithmetic(result.train_device, result.train_dtype, result.train_batch)
    scored = _arithmetic(result.score_device, result.score_dtype, result.score_batch)
    if trained == scored:
        parts = [trained]
    else:
        parts = [f"training: {trained}" if trained else "", f"scoring: {scored}" if scored else ""]
    parts.append(text.plural(result.threads, "thread") if result.threads else "")
    return "; ".join(part for part in parts if part) or None


def _arithmetic(device: str | None, dtype: str | None, batch: int | None) -> str:
    return ", ".join(part for part in (device, dtype, f"batch of {batch}" if batch else "") if part)
