"""What training and answering cost: the fields of `Result` that runs on texts and runs of tasks share."""

from __future__ import annotations

from typing import Any

from benchmark.contract import Computation
from benchmark.measure.energy import EnergyMeter
from benchmark.measure.memory import peak_device_bytes
from benchmark.measure.parts import training_of_parts
from benchmark.measure.throughput import Timed, training_spread
from benchmark.record import provenance
from benchmark.record.log import FileRunLog


def training_costs(
    log: FileRunLog, seconds: float, tokens: int, computed: Computation, meter: EnergyMeter
) -> dict[str, Any]:
    """Of a training that took so many seconds without its evaluations, and read so many tokens."""
    energy = meter.spent(computed.device) if log.whole else None
    return {
        "train_seconds": seconds,
        "train_tokens": tokens,
        # nothing learnt in no time is no rate, and unlike components have no common one
        "train_tokens_per_second": tokens / seconds if seconds > 1e-3 and not log.parts else None,
        **training_spread(log.rows),
        "peak_device_bytes": peak_device_bytes(computed.device),
        "train_joules": energy.joules if energy else None,
        "train_joules_of": energy.covers if energy else None,
        **training_of_parts(log.parts, meter if log.whole else None, computed.device),
        "train_device": computed.device,
        "train_dtype": computed.dtype,
        "train_batch": computed.batch,
    }


def answering_costs(timed: Timed[Any], computed: Computation) -> dict[str, Any]:
    """Of the test split."""
    return {
        **timed.figures,
        "score_joules": timed.energy.joules if timed.energy else None,
        "score_joules_of": timed.energy.covers if timed.energy else None,
        "device_name": provenance.device_name(computed.device),
        "score_device": computed.device,
        "score_dtype": computed.dtype,
        "score_batch": computed.batch,
    }
