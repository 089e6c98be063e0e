"""What training the components of a model took, apart from what joins them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.measure.energy import EnergyMeter
    from benchmark.record.log import TrainedPart
    from benchmark.record.result import Result


def training_of_parts(parts: Sequence[TrainedPart], meter: EnergyMeter | None, device: str) -> dict[str, Any]:
    """The fields of `Result` on the components of a model made of others.

    `device` is that of the whole training, so that all joules are those of the same parts of the machine;
    without a `meter` there are none.
    """
    energies = [meter.between(part.begun, part.ended, device) for part in parts] if meter else []
    return {
        "part_names": [part.name for part in parts],
        "part_seconds": [part.seconds for part in parts],
        "part_tokens": [part.tokens for part in parts],
        "part_joules": [energy.joules if energy else None for energy in energies],
    }


def own_train_seconds(result: Result) -> float | None:
    """Training without that of the components; None for a model without, or whose record does not tell."""
    if not result.part_names or result.train_seconds is None:
        return None
    return max(0.0, result.train_seconds - math.fsum(result.part_seconds))


def own_train_joules(result: Result) -> float | None:
    """Their energy in the same way."""
    joules = [each for each in result.part_joules if each is not None]
    if result.train_joules is None or not result.part_names or len(joules) < len(result.part_names):
        return None
    return max(0.0, result.train_joules - math.fsum(joules))


def train_rate(result: Result) -> float | None:
    """Tokens trained on in a second; None for a model made of others, also in records that have a rate.

    Their sum of tokens over the sum of seconds would be the speed of nothing: a token that is counted and one
    that a network learns from are not alike.
    """
    if result.part_names or _has_components(result.model_settings or {}):
        return None
    return result.train_tokens_per_second


def _has_components(settings: Mapping[str, Any]) -> bool:
    """Do a model's settings hold those of other models?"""
    inner = [value for value in settings.values() if isinstance(value, Mapping)]
    return any("_target_" in each or _has_components(each) for each in inner)
