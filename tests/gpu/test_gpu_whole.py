"""The whole plan at toy size on the CPU, with small programs in the place of those to compare with."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PEERS = Path(__file__).parents[1] / "peers"


@pytest.fixture
def others(tmp_path: Path) -> list[str]:
    """Options that name a small checkout of word_language_model and small programs of KenLM."""
    neural = runpy.run_path(str(PEERS / "neural_stand_ins.py"))
    ngram = runpy.run_path(str(PEERS / "ngram_stand_ins.py"))
    checkout = neural["example"](tmp_path / "its")
    for name in ("lmplz", "build_binary", "query"):
        ngram["program"](tmp_path / "kenlm" / name, ngram["PROGRAMS"][name])
    return ["--word-language-model", str(checkout), "--kenlm", str(tmp_path / "kenlm")]


def wait_until(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 600
    while not true():
        assert time.monotonic() < end, "waited too long"
        assert process.poll() is None, "it has ended before"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_step_is_carried_out_and_summarised(
    tmp_path: Path, environment: dict[str, str], others: list[str]
) -> None:
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "benchmark", "gpu", "--device", "cpu", "--toy", *others, *arguments]

    def plan() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(), capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )

    results = tmp_path / "results/gpu"
    with subprocess.Popen(command("--steps", "ptb_60s"), cwd=tmp_path, env=environment) as killed:
        log = results / "logs" / "ptb_60s-run.log"
        wait_until(lambda: log.exists() and "on sotu_small" in log.read_text(), killed)
        killed.kill()
    assert "unfinished" in (results / "gpu.md").read_text()
    done = plan()
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((results / "gpu.json").read_text())
    steps = {step["name"]: step for step in summary["steps"]}
    statuses = {name: [part["status"] for part in step["parts"]] for name, step in steps.items()}
    assert set(statuses.pop("tests")) <= {"ok", "skipped"}  # as there is a CUDA device or not
    assert {status for step in statuses.values() for status in step} == {"ok"}

    (row, other) = steps["speed"]["parts"][0]["rows"]
    assert (row["precision"], other["precision"]) == ("bfloat16", "float32")
    assert row["train_ratio"] == pytest.approx(row["train_ours"] / row["train_its"])
    for name in ("ptb_60s", "ptb_3min", "wikitext2", "ptb_10min"):
        (row,) = steps[name]["parts"][0]["rows"]
        folder = results / row["folder"]
        record = json.loads((folder / "result.json").read_text())
        assert record["test_perplexity"] == row["test_perplexity"] < record["vocabulary_size"]
        assert record["label"].endswith("of a GPU")
    (row,) = steps["counting"]["parts"][0]["rows"]
    assert row["ratio"] == pytest.approx(row["lmplz"] / row["ours"])
    page = (results / "gpu.md").read_text()
    assert all(f"## {name.replace('_', chr(92) + '_')}" in page for name in steps)

    assert plan().stdout.count("finished earlier") == 7
