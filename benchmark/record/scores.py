"""`test_log_probs.npy` of a run: ln p of each test target, checked against its record."""

from __future__ import annotations

import numpy as np

from benchmark.errors import UserError
from benchmark.record.folder import SCORES, RunRecord


def read_scores(run: RunRecord) -> np.ndarray:
    """The scores that a run keeps, float32 [targets].

    Raises UserError if there are none, or they are not those of its record.
    """
    path, result = run.folder / SCORES, run.result
    again = f"make them: {result.command or 'nextword run …'} force=true"
    try:
        scores = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise UserError(f"{run.folder} keeps no scores ({SCORES}); {again}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}; {again}") from error
    total = -float(np.sum(scores, dtype=np.float64))
    recorded = result.test_nll
    if scores.shape != (result.test_targets,) or recorded is None or not abs(total / recorded - 1) < 1e-6:
        raise UserError(f"{path} does not hold the scores of this run's record; {again}")
    return np.asarray(scores)
