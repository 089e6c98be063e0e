"""kill -9, at any moment: nothing half-written, nothing finished repeated, and the next call finishes."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from processes import start, workers_of
from waiting import alive, kill, wait_until

from benchmark.record.result import SETTLED

SWEEP = [
    "-m",
    "workers=2",
    "model=kneser_ney,add_k,rnn",
    "seed=1,2",
]


def results(folder: Path) -> dict[Path, dict[str, object]]:
    """Every record; a half-written one would not parse."""
    return {path: json.loads(path.read_text()) for path in folder.glob("results/runs/*/*/*/result.json")}


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes through /proc")


@pytest.mark.slow
@needs_proc
def test_a_sweep_killed_again_and_again_is_finished_by_the_next_call(
    tmp_path: Path, environment: dict[str, str], text_corpus: list[str]
) -> None:
    arguments = [*SWEEP, *text_corpus]
    seen: dict[Path, float] = {}
    for runs_before_the_kill in (0, 1, 2):
        process = start(arguments, tmp_path, environment)
        wait_until(lambda n=runs_before_the_kill: len(results(tmp_path)) >= n)
        time.sleep(0.3)
        children = workers_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda pids=children: not any(alive(pid) for pid in pids))  # none computes for nobody
        for path, record in results(tmp_path).items():
            assert record["status"] == "ok"
            seen.setdefault(path, path.stat().st_mtime_ns)
    output, _ = start(arguments, tmp_path, environment).communicate(timeout=240)
    finished = results(tmp_path)
    assert "6 runs: 6 ok" in output
    # the counted models take no seed, so both of their seeds are one run
    assert len(finished) == 2 + 2
    assert {record["status"] for record in finished.values()} <= SETTLED
    for path, modified in seen.items():
        assert path.stat().st_mtime_ns == modified, f"{path} was repeated"
    assert not list(tmp_path.glob("results/**/*.tmp"))
    again, _ = start(arguments, tmp_path, environment).communicate(timeout=240)
    assert "(6 finished earlier)" in again, again


@needs_proc
def test_a_killed_run_is_a_row_and_the_sweep_goes_on(
    tmp_path: Path, environment: dict[str, str], text_corpus: list[str]
) -> None:
    arguments = ["-m", "workers=1", "model=add_k,unigram", *text_corpus]
    process = start(arguments, tmp_path, environment)
    wait_until(lambda: workers_of(process.pid))
    kill(workers_of(process.pid)[0])
    output, _ = process.communicate(timeout=120)
    statuses = {record["model"]: record for record in results(tmp_path).values()}
    assert process.returncode == 1, output
    assert statuses["add_k"]["status"] == "failed"
    assert "SIGKILL" in str(statuses["add_k"]["reason"])
    assert statuses["unigram"]["status"] == "ok"
    assert "failed: " in output
    # the cause may be gone: a failed run is tried again
    repeated, _ = start(arguments, tmp_path, environment).communicate(timeout=120)
    assert "2 runs: 2 ok (1 finished earlier)" in repeated
