"""Two processes that `torchrun` starts train one network as one process does."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from neural_cases import QUICK, small
from test_neural_resume import Notes, fit
from waiting import kill

pytestmark = pytest.mark.slow

PROGRAM = """
import json, os, sys
from pathlib import Path
import torch
from test_neural_distributed import CASES, model
from test_neural_resume import Notes, fit
from baselines.neural.training import loop
loop.INTERVAL = 3
folder = Path(sys.argv[1])
rank = os.environ["RANK"]
for name in sys.argv[2:]:
    log = Notes(folder / name if rank == "0" else None)
    scores = fit(model(**CASES[name]), log)
    (folder / f"{name}{rank}.json").write_text(json.dumps([scores.tolist(), log.rows, log.lines]))
assert not torch.distributed.is_initialized()
"""

CASES = {
    "stream": {"context": "stream", "epochs": 2},
    "sentence": {"context": "sentence", "epochs": 2, "optimiser": "adam", "learning_rate": 0.01},
    "few_rows": {"context": "stream", "batch": 1, "epochs": 1},  # one process has nothing to read
    "long": {"context": "stream", "epochs": 12, "learning_rate": 0.05, "dropout": 0.2},
}


def model(context, dropout=0.0, **recipe):
    return small("lstm", training=replace(QUICK, **recipe), context=context, dropout=dropout)


def start(folder, *names):
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")},
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "NEXTWORD_CHECKPOINT_SECONDS": "0",
        "OMP_NUM_THREADS": "1",
    }
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    (folder / "program.py").write_text(PROGRAM)
    return subprocess.Popen(
        [sys.executable, *torchrun, str(folder / "program.py"), str(folder), *names],
        cwd=Path(__file__).parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def results(folder, name, rank=0):
    return json.loads((folder / f"{name}{rank}.json").read_text())


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """An unbroken pair of processes."""
    folder = tmp_path_factory.mktemp("together")
    process = start(folder, *CASES)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return folder


@pytest.mark.parametrize("name", ["stream", "sentence", "few_rows"])
def test_two_processes_train_as_one_does(name, together, monkeypatch):
    monkeypatch.setattr("baselines.neural.training.loop.INTERVAL", 3)
    alone = Notes(None)
    expected = fit(model(**CASES[name]), alone)
    scores, rows, lines = results(together, name)
    assert scores == pytest.approx(expected.tolist(), abs=1e-4)
    assert len(rows) == len(alone.rows)
    for row, other in zip(rows, alone.rows, strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    assert lines == alone.lines


@pytest.mark.parametrize("name", CASES)
def test_all_processes_end_with_the_same_weights_and_one_speaks(name, together):
    scores, rows, lines = results(together, name, rank=1)
    assert scores == results(together, name, rank=0)[0]
    assert rows == lines == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes through /proc")
def test_killed_processes_leave_what_others_go_on_from(together, tmp_path):
    process = start(tmp_path, "long")
    end = time.monotonic() + 120
    while not (tmp_path / "long" / "training.json").exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    kill(*(int(word) for file in children for word in file.read_text().split()), process.pid)
    process.communicate()
    again = start(tmp_path, "long")
    output, _ = again.communicate(timeout=300)
    assert again.returncode == 0, output
    scores, rows, lines = results(tmp_path, "long")
    assert any("training resumes after" in line for line in lines)
    assert (scores, rows) == tuple(results(together, "long")[:2])
