"""`test_log_probs.npy` and `valid_log_probs.npy` of a run: ln p of each target, held to its record."""

from __future__ import annotations

import math

import numpy as np

from benchmark.errors import UserError
from benchmark.record.folder import SCORES, VALID_SCORES, RunRecord, check_language_model
from benchmark.storage.checksums import damage
from benchmark.storage.compact_scores import COMPACT, COMPACT_VALID, STEPS, read_compact
from benchmark.storage.reading import Unreadable, open_regular


def read_scores(run: RunRecord) -> np.ndarray:
    """The scores of the test text that a run keeps, float32 [targets]; rounded if it keeps them in the
    compact form only.

    Raises UserError if there are none, or they are not those of its record.
    """
    scores, tolerance = _read(run, SCORES, COMPACT)
    recorded = run.result.test_nll
    alike = scores.shape == (run.result.test_targets,) and recorded is not None
    if not alike or not _are(scores, recorded or 0.0, tolerance):
        raise _others(run, SCORES)
    return scores


def read_valid_scores(run: RunRecord) -> np.ndarray:
    """Those of the validation text. Runs from before they were kept have none. Raises UserError as above."""
    scores, tolerance = _read(run, VALID_SCORES, COMPACT_VALID)
    perplexity = run.result.valid_perplexity
    alike = scores.ndim == 1 and len(scores) > 0 and perplexity is not None and perplexity > 0
    if not alike or not _are(scores, len(scores) * math.log(perplexity or 1.0), tolerance):
        raise _others(run, VALID_SCORES)
    return scores


def _read(run: RunRecord, name: str, compact_name: str) -> tuple[np.ndarray, float]:
    """The scores in a file, or in its compact form, and by how much their sum may differ from the record."""
    check_language_model(run)
    compact = not (run.folder / name).exists() and (run.folder / compact_name).exists()
    path, again = run.folder / (compact_name if compact else name), _again(run)
    if problem := damage(run.folder, path.name) if path.exists() else None:
        raise UserError(f"{problem}; {again}")
    try:
        with open_regular(path) as file:
            scores = read_compact(path) if compact else np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise UserError(f"{run.folder} keeps no scores ({name}); {again}") from None
    except Unreadable as error:
        raise UserError(f"{error}; {again}") from error
    except (OSError, ValueError, EOFError, MemoryError) as error:  # MemoryError: of a size that it claims
        raise UserError(f"cannot read {path}: {error}; {again}") from error
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        raise UserError(f"{path} does not hold scores; {again}")
    return np.asarray(scores), 1 / STEPS if compact else 0.0


def _are(scores: np.ndarray, recorded: float, tolerance: float) -> bool:
    """Whether the loss of all scores is the recorded one, but for rounding."""
    total = -float(np.sum(scores, dtype=np.float64))
    return total == recorded or abs(total - recorded) < 1e-6 * abs(recorded) + tolerance


def _others(run: RunRecord, name: str) -> UserError:
    return UserError(f"{run.folder / name} does not hold the scores of this run's record; {_again(run)}")


def _again(run: RunRecord) -> str:
    return f"make them: {run.result.command or 'nextword run …'} force=true"
