"""What studies of networks share: their names, texts to read, and networks of a run with other settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.contract import LanguageModel, TokenStream
from benchmark.errors import UserError
from benchmark.inside import Inside, untrained
from benchmark.study.evidence import Evidence, StudyRun

#: What networks are called, by the name of their model.
NAMES = {
    "fixed_window": "Fixed window",
    "rnn": "Elman",
    "gru": "GRU",
    "lstm": "LSTM",
    "min_gru": "minGRU",
    "min_lstm": "minLSTM",
    "transformer": "Transformer",
}


def untrained_inside(evidence: Evidence, run: StudyRun, **changed: Any) -> Inside:
    """The network of a run as it was before training, with some of its settings changed.

    Dots of a key are written as `__`: `training__initialisation="xavier"`.
    """
    return untrained(changed_model(run, **changed), evidence.corpus(run).vocabulary)


def changed_model(run: StudyRun, **changed: Any) -> LanguageModel:
    """The model of a run, not fitted, with some of its settings changed (as in `untrained_inside`)."""
    from benchmark.build import build_model

    config = dict(run.job.config["model"])
    for key, value in changed.items():
        block, _, inner = key.rpartition("__")
        if block:
            config[block] = {**config[block], inner: value}
        else:
            config[key] = value
    return build_model(config)


def texts_of(stream: TokenStream, rows: int, time: int) -> np.ndarray:
    """The front of a stream as texts of one length, int64 [rows, time]. Raises UserError if it is shorter."""
    if len(stream) < rows * time:
        raise UserError(f"the text has {len(stream):,} tokens; {rows} texts of {time} tokens need more")
    return np.asarray(stream.ids[: rows * time], dtype=np.int64).reshape(rows, time)
