"""What studies of the inside of networks share: texts to read, and networks of a run with other settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.contract import TokenStream
from benchmark.errors import UserError
from benchmark.inside import Inside, untrained
from benchmark.study.evidence import Evidence, StudyRun


def untrained_inside(evidence: Evidence, run: StudyRun, **changed: Any) -> Inside:
    """The network of a run as it was before training, with some of its settings changed.

    Dots of a key are written as `__`: `training__initialisation="xavier"`.
    """
    from benchmark.build import build_model

    config = dict(run.job.config["model"])
    for key, value in changed.items():
        block, _, inner = key.rpartition("__")
        if block:
            config[block] = {**config[block], inner: value}
        else:
            config[key] = value
    return untrained(build_model(config), evidence.corpus(run).vocabulary)


def texts_of(stream: TokenStream, rows: int, time: int) -> np.ndarray:
    """The front of a stream as texts of one length, int64 [rows, time]. Raises UserError if it is shorter."""
    if len(stream) < rows * time:
        raise UserError(f"the text has {len(stream):,} tokens; {rows} texts of {time} tokens need more")
    return np.asarray(stream.ids[: rows * time], dtype=np.int64).reshape(rows, time)
