"""`test_log_probs.npy` of a run: ln p of each test target, checked against its record."""

from __future__ import annotations

import numpy as np

from benchmark.errors import UserError
from benchmark.record.compact_scores import COMPACT, STEPS, read_compact
from benchmark.record.folder import SCORES, RunRecord
from benchmark.storage.checksums import damage
from benchmark.storage.reading import Unreadable, open_regular


def read_scores(run: RunRecord) -> np.ndarray:
    """The scores that a run keeps, float32 [targets]; rounded if it keeps them in the compact form only.

    Raises UserError if there are none, or they are not those of its record.
    """
    compact = not (run.folder / SCORES).exists() and (run.folder / COMPACT).exists()
    path, result = run.folder / (COMPACT if compact else SCORES), run.result
    again = f"make them: {result.command or 'nextword run …'} force=true"
    if problem := damage(run.folder, path.name) if path.exists() else None:
        raise UserError(f"{problem}; {again}")
    try:
        with open_regular(path) as file:
            scores = read_compact(path) if compact else np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise UserError(f"{run.folder} keeps no scores ({SCORES}); {again}") from None
    except Unreadable as error:
        raise UserError(f"{error}; {again}") from error
    except (OSError, ValueError, EOFError, MemoryError) as error:  # MemoryError: of a size that it claims
        raise UserError(f"cannot read {path}: {error}; {again}") from error
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        raise UserError(f"{path} does not hold scores; {again}")
    if not _are_of(run, scores, 1 / STEPS if compact else 0.0):
        raise UserError(f"{path} does not hold the scores of this run's record; {again}")
    return np.asarray(scores)


def _are_of(run: RunRecord, scores: np.ndarray, tolerance: float) -> bool:
    """Whether scores are as many as the record says, and their sum is the recorded one."""
    recorded = run.result.test_nll
    if scores.shape != (run.result.test_targets,) or recorded is None:
        return False
    total = -float(np.sum(scores, dtype=np.float64))
    return total == recorded or abs(total - recorded) < 1e-6 * abs(recorded) + tolerance
