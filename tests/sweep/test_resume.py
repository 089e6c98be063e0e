"""A training that was cut off goes on where it was; several processes can share one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from processes import curve_without_seconds, start, workers_of
from waiting import kill, wait_until

RNN = ["model=rnn", "model.embedding_size=16", "model.hidden_size=16", "model.dropout=0.2", "device=cpu"]


def only_run(folder: Path) -> Path:
    (found,) = folder.glob("results/runs/*/*/*")
    return found


def outcome(run: Path) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """What a run found and its training curve, without what depends on the clock."""
    result = json.loads((run / "result.json").read_text())
    found = {key: value for key, value in result.items() if "perplexity" in key or "nll" in key}
    return found, curve_without_seconds(run)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes through /proc")
def test_a_killed_training_goes_on_and_ends_as_an_unbroken_one(
    tmp_path: Path, environment: dict[str, str], text_corpus: list[str]
) -> None:
    budget = ["model.training.epochs=120", "model.training.validate_every=20000"]
    arguments = [*RNN, *budget, *text_corpus]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    environment["NEXTWORD_CHECKPOINT_SECONDS"] = "0.2"
    start(arguments, whole, environment).communicate(timeout=240)

    process = start(arguments, broken, environment)
    wait_until(lambda: list(broken.glob("results/runs/*/*/*/resume/*.json")))
    kill(workers_of(process.pid)[0])
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert json.loads((only_run(broken) / "result.json").read_text())["status"] == "failed"
    assert (only_run(broken) / "resume").is_dir()

    output, _ = start(arguments, broken, environment).communicate(timeout=240)
    run = only_run(broken)
    assert outcome(run) == outcome(only_run(whole)), output
    assert not (run / "resume").exists()
    log = (run / "log.txt").read_text()
    assert "training resumes after" in log  # and the lines from before the kill are kept
    assert (
        json.loads((run / "result.json").read_text())["train_tokens"]
        == (json.loads((only_run(whole) / "result.json").read_text())["train_tokens"])
    )


@pytest.mark.slow
def test_two_processes_under_torchrun_train_one_model_as_one_process_does(
    tmp_path: Path, environment: dict[str, str], text_corpus: list[str]
) -> None:
    arguments = [
        *(setting for setting in RNN if not setting.startswith("model.dropout")),
        "model.training.epochs=3",
        "model.training.batch=4",
        *text_corpus,
    ]
    alone, together = tmp_path / "alone", tmp_path / "together"
    alone.mkdir()
    together.mkdir()
    start(arguments, alone, environment).communicate(timeout=240)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    process = start(arguments, together, environment, *torchrun)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    one, other = (json.loads((only_run(f) / "result.json").read_text()) for f in (alone, together))
    assert other["test_perplexity"] == pytest.approx(one["test_perplexity"], rel=1e-3)
    assert other["train_tokens"] == one["train_tokens"]
    assert output.count("finished: ") == 1, output  # only one of them speaks


def test_torchrun_takes_one_run(tmp_path: Path, environment: dict[str, str], text_corpus: list[str]) -> None:
    environment |= {"RANK": "0", "WORLD_SIZE": "2"}
    process = start(["-m", "model=unigram,uniform", *text_corpus], tmp_path, environment)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "torchrun trains one run at a time, and this command names 2" in output
