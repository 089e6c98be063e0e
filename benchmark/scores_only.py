"""What a model declares that gives scores of targets, and no distributions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoresOnly:
    """Declares that a model has no distribution over the vocabulary. `reason` says so to readers, in a clause
    without a subject.

    Unless it `computes`, it has one number for each target of two texts, and no more. Nothing that this
    process measures is then a cost of the model, so `train_seconds`, `score_tokens_per_second` and the
    `machine` that they were taken on are what its settings state; None: unknown. One that `computes` scores
    any text, and is timed as other models are.
    """

    reason: str
    train_seconds: float | None = None
    score_tokens_per_second: float | None = None
    machine: str | None = None
    computes: bool = False
