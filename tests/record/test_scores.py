"""Scores of a run: in full, and in the compact form that is kept with reference runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from benchmark.errors import UserError
from benchmark.record.folder import SCORES, RunRecord, read_runs
from benchmark.record.scores import read_scores
from benchmark.storage.compact_scores import COMPACT, STEPS, read_compact, write_compact

log_probs = arrays.arrays(
    np.float32, st.integers(1, 50), elements=st.floats(-127, 0, width=32) | st.just(-np.inf)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scores")


def run_of(results: Path, scores: np.ndarray) -> RunRecord:
    """A finished run whose record has the sum of these scores; its folder holds no scores."""
    folder = results / "runs" / "text" / "model" / "0123456789ab"
    folder.mkdir(parents=True)
    total = -float(scores.sum(dtype=np.float64))
    record = {"run_id": folder.name, "status": "ok", "corpus": "text", "model": "model"}
    (folder / "result.json").write_text(
        json.dumps({**record, "label": "Model", "test_nll": total, "test_targets": len(scores)})
    )
    (run,) = read_runs(results)
    return run


@given(log_probs)
def test_no_compact_score_nor_any_sum_is_off_by_more_than_a_step(folder: Path, scores: np.ndarray) -> None:
    write_compact(folder / COMPACT, scores)
    found = read_compact(folder / COMPACT)
    assert found.dtype == np.float32
    finite = np.isfinite(scores)
    assert (found[~finite] == -np.inf).all()
    off = np.where(finite, found, 0).astype(np.float64) - np.where(finite, scores, 0)
    stretches = np.subtract.outer(*[np.cumsum([0, *off])] * 2)
    assert np.abs(stretches).max() <= (1 + 1e-6) / STEPS
    write_compact(folder / "again.npz", found)
    assert (read_compact(folder / "again.npz") == found).all()


def test_they_take_two_fifths_of_the_space_and_the_mean_hardly_moves(tmp_path: Path) -> None:
    scores = -np.random.default_rng(1).gamma(1.6, 2.5, 100_000).astype(np.float32)
    write_compact(tmp_path / COMPACT, scores)
    np.save(tmp_path / SCORES, scores)
    assert (tmp_path / COMPACT).stat().st_size < 0.42 * (tmp_path / SCORES).stat().st_size
    assert read_compact(tmp_path / COMPACT).mean() == pytest.approx(scores.mean(), abs=1e-6)


def test_a_run_that_keeps_only_compact_scores_has_these(tmp_path: Path) -> None:
    scores = -np.random.default_rng(2).gamma(1.6, 2.5, 5_000).astype(np.float32)
    run = run_of(tmp_path, scores)
    with pytest.raises(UserError, match="keeps no scores"):
        read_scores(run)
    write_compact(run.folder / COMPACT, scores)
    assert read_scores(run) == pytest.approx(scores, abs=1 / STEPS)
    np.save(run.folder / SCORES, scores)
    assert (read_scores(run) == scores).all()


def test_scores_of_another_run_are_refused(tmp_path: Path) -> None:
    scores = -np.random.default_rng(3).gamma(1.6, 2.5, 5_000).astype(np.float32)
    run = run_of(tmp_path, scores)
    for wrong in (scores * np.float32(1.001), scores[:-1]):
        write_compact(run.folder / COMPACT, wrong)
        with pytest.raises(UserError, match="does not hold the scores of this run's record"):
            read_scores(run)


def test_a_loss_that_does_not_fit_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a loss of 150 nats is too large"):
        write_compact(tmp_path / COMPACT, np.array([-1.0, -150.0]))
    assert not list(tmp_path.iterdir())


def test_no_flipped_bit_goes_unnoticed(tmp_path: Path) -> None:
    scores = -np.random.default_rng(4).gamma(1.6, 2.5, 300).astype(np.float32)
    path = tmp_path / COMPACT
    write_compact(path, scores)
    whole, expected = path.read_bytes(), read_compact(path)
    for place in np.random.default_rng(5).integers(8 * len(whole), size=200).tolist():
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            found = read_compact(path)
        except (OSError, ValueError):
            continue
        assert (found == expected).all()  # the bit means nothing, as one of a date does
