"""A training that was cut off goes on as if nothing had happened: the same weights, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from neural_cases import QUICK, small, stream

from baselines.neural.training import checkpoint, loop
from benchmark.contract import RunLog


class Notes(RunLog):
    """Keeps the curve and the lines; interrupts, if asked to, at a row of the curve."""

    def __init__(self, workspace, stop=None):
        self.workspace, self.stop = workspace, stop
        self.rows, self.lines, self.earlier = [], [], None

    def info(self, message):
        self.lines.append(message)

    def curve(self, **row):
        if len(self.rows) == self.stop:
            raise KeyboardInterrupt
        self.rows.append(row)

    def resumed(self, seconds, tokens):
        self.earlier = (seconds, tokens)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Looks and checkpoints after every third step."""
    monkeypatch.setattr(loop, "INTERVAL", 3)
    monkeypatch.setattr(loop, "SNAPSHOT", 6)
    monkeypatch.setenv("NEXTWORD_CHECKPOINT_SECONDS", "0")


def fit(model, log, train=None):
    model.fit(stream(200) if train is None else train, stream(60, seed=1), log)
    return model.log_probs(stream(100, seed=2))


RECIPES = {
    "sgd": {"momentum": 0.9, "schedule": "plateau"},
    "adagrad": {"learning_rate": 0.05},
    "rmsprop": {"learning_rate": 0.01, "momentum": 0.5},
    "adam": {"learning_rate": 0.01, "warmup": 0.2, "jitter": True, "schedule": "cosine"},
    "adamw": {"learning_rate": 0.01, "l2": 0.01, "scheduled_sampling": 0.5},
    "nadam": {"learning_rate": 0.01, "schedule": "zaremba"},
    "nt_asgd": {"learning_rate": 4.0, "schedule": "constant", "nonmonotone": 1, "clip": None},
}


@pytest.mark.parametrize("optimiser", RECIPES)
def test_an_interrupted_training_ends_as_an_unbroken_one(optimiser, tmp_path):
    recipe = replace(QUICK, epochs=3, optimiser=optimiser, **RECIPES[optimiser])
    context = "sentence" if len(optimiser) == 4 else "stream"
    options = {"training": recipe, "context": context, "dropout": 0.3}
    whole = Notes(tmp_path / "whole")
    expected = fit(small("lstm", **options), whole)
    assert not (tmp_path / "whole").exists()
    for stop in (len(whole.rows) // 2, len(whole.rows) - 1):
        folder = tmp_path / str(stop)
        with pytest.raises(KeyboardInterrupt):
            fit(small("lstm", **options), Notes(folder, stop))
        log = Notes(folder)
        scores = fit(small("lstm", **options), log)
        assert any("training resumes after" in line for line in log.lines)
        assert log.earlier[0] > 0
        assert log.earlier[1] in {row["tokens"] for row in whole.rows}
        np.testing.assert_array_equal(scores, expected)
        assert log.rows == whole.rows
        assert not folder.exists()


def test_a_recovered_training_can_be_interrupted_too(tmp_path):
    recipe = replace(QUICK, epochs=4, learning_rate=1e6, clip=None, recoveries=100, schedule="constant")
    whole = Notes(tmp_path / "whole")
    expected = fit(small("rnn", training=recipe), whole)
    assert any("recovery" in line for line in whole.lines)
    with pytest.raises(KeyboardInterrupt):
        fit(small("rnn", training=recipe), Notes(tmp_path / "a", len(whole.rows) - 2))
    np.testing.assert_array_equal(fit(small("rnn", training=recipe), Notes(tmp_path / "a")), expected)


def interrupted(folder, **options):
    with pytest.raises(KeyboardInterrupt):
        fit(small("rnn", **options), Notes(folder, 4))
    return folder / "training.json"


@pytest.mark.parametrize(
    "options", [{"seed": 4}, {"hidden_size": 8, "embedding_size": 8}, {"context": "sentence"}]
)
def test_the_checkpoint_of_another_training_is_not_used(options, tmp_path):
    interrupted(tmp_path)
    log = Notes(tmp_path)
    scores = fit(small("rnn", **options), log)
    assert "belongs to another training" in log.lines[0]
    assert log.earlier is None
    np.testing.assert_array_equal(scores, fit(small("rnn", **options), RunLog()))


@pytest.mark.parametrize(
    "damage",
    ["half numbers", "half tensors", "no tensors", "other numbers", "flipped numbers", "flipped tensors"],
)
def test_a_damaged_checkpoint_is_not_used(damage, tmp_path):
    numbers = interrupted(tmp_path)
    (tensors,) = tmp_path.glob("*.safetensors")
    if damage == "no tensors":
        tensors.unlink()
    elif damage == "other numbers":
        numbers.write_text("[1, 2]")
    elif damage.startswith("flipped"):
        file = numbers if damage == "flipped numbers" else tensors
        content = bytearray(file.read_bytes())
        place = content.index(b'"seconds": 0.') + 14 if damage == "flipped numbers" else len(content) // 2
        content[place] ^= 1
        file.write_bytes(content)
    else:
        file = numbers if damage == "half numbers" else tensors
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    log = Notes(tmp_path)
    np.testing.assert_array_equal(fit(small("rnn"), log), fit(small("rnn"), RunLog()))
    assert "cannot be read" in log.lines[0]
    assert "Training starts anew" in log.lines[0]
    assert not tmp_path.exists()


def test_a_checkpoint_is_data_only(tmp_path):
    """JSON and safetensors: nothing that a reader would have to execute."""
    assert json.loads(interrupted(tmp_path).read_text())["numbers"]["position"]["steps"] > 0
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".safetensors"}


PROGRAM = """
import sys
from pathlib import Path
from neural_cases import QUICK, small, stream
from test_neural_resume import Notes, fit
from dataclasses import replace
model = small("lstm", training=replace(QUICK, epochs=40, learning_rate=0.1), dropout=0.3)
log = Notes(Path(sys.argv[1]))
scores = fit(model, log)
Path(sys.argv[2]).write_text(repr((scores.tolist(), log.rows)))
"""


@pytest.mark.slow
def test_a_killed_process_leaves_what_another_goes_on_from(tmp_path):
    def start(name):
        environment = {
            **os.environ,
            "NEXTWORD_CHECKPOINT_SECONDS": "0",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        arguments = [sys.executable, "-c", PROGRAM, str(tmp_path / name), str(tmp_path / f"{name}.txt")]
        return subprocess.Popen(arguments, env=environment, cwd=Path(__file__).parent)

    assert start("whole").wait(120) == 0
    killed = start("broken")
    while not list(tmp_path.glob("broken/*.json")):
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(60) == -signal.SIGKILL
    assert (tmp_path / "broken").exists()
    assert start("broken").wait(120) == 0
    assert (tmp_path / "broken.txt").read_text() == (tmp_path / "whole.txt").read_text()


def test_where_no_checkpoint_can_be_written_training_says_so_and_goes_on(tmp_path):
    workspace = tmp_path / "resume"
    workspace.write_text("a file where the folder should be")
    log = Notes(workspace)
    scores = fit(small("rnn"), log)
    assert np.array_equal(scores, fit(small("rnn"), Notes(None)))
    assert any("no checkpoint could be written" in line for line in log.lines)


def test_a_disk_that_fills_up_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    longer, log = replace(QUICK, epochs=4), Notes(tmp_path / "resume", stop=6)
    with pytest.raises(KeyboardInterrupt):
        fit(small("rnn", training=longer), log)
    before = sorted(path.name for path in log.workspace.iterdir())

    def full(tensors, file):
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    again = Notes(log.workspace, stop=9)
    with pytest.raises(KeyboardInterrupt):
        fit(small("rnn", training=longer), again)
    assert again.earlier is not None
    assert any("No space left" in line for line in again.lines)
    assert sorted(path.name for path in log.workspace.iterdir()) == before
