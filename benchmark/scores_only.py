"""What a model declares of which there are only scores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoresOnly:
    """Declares that a model has no distribution: it has one number for each target of two texts, and no more.

    `reason` says so to readers, in a clause without a subject. Nothing that this process measures is a cost
    of such a model, so `train_seconds`, `score_tokens_per_second` and the `machine` that they were taken on
    are what its settings state; None: unknown.
    """

    reason: str
    train_seconds: float | None = None
    score_tokens_per_second: float | None = None
    machine: str | None = None
