"""Loggers with the packages themselves, offline: what they wrote is read back from their files.

MLflow and Weights & Biases are not among what `make test` installs; CONTRIBUTING.md says how to have them.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from test_loggers import CURVE, RUN

from benchmark.loggers.feed import LoggerFeed

#: A row may have a loss alone, a validation alone at the same place, or nothing but what is not finite.
ROWS = [*CURVE, {"tokens": 2000.0, "learning_rate": 0.5}, {"tokens": 3000.0, "train_loss": float("nan")}]
SETTINGS = {"seed": None, "train_share": 1.0, "training.batch": 20, "tied": True}
#: Two interrupts from the keyboard, which reach the whole group of processes, in the middle of a run.
INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path
from test_loggers import CURVE, RUN
from benchmark.loggers.feed import LoggerFeed
signal.signal(signal.SIGINT, lambda *_: None)
feed = LoggerFeed([sys.argv[1]], Path(sys.argv[2]), RUN, print)
time.sleep(5)
for row in CURVE:
    feed.curve(row)
    os.killpg(0, signal.SIGINT)
    time.sleep(0.5)
feed.finish(RUN)
"""


def needs(package: str) -> pytest.MarkDecorator:
    reason = f"needs {package}: pip install 'nextword[{package}]' in an environment of its own"
    return pytest.mark.skipif(find_spec(package) is None, reason=reason)


BOTH = [pytest.param(name, marks=needs(name)) for name in ("mlflow", "wandb")]


@pytest.fixture(autouse=True)
def _by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the reader's own."""
    for name in list(os.environ):
        if name.startswith(("MLFLOW_", "WANDB_")) or name in ("CI", "DO_NOT_TRACK", "GITHUB_ACTIONS"):
            monkeypatch.delenv(name)


def logged(name: str, folder: Path, finish: bool = True, **changes: Any) -> None:
    """Feed a logger a run, as a run does."""
    said: list[str] = []
    feed = LoggerFeed([name], folder, replace(RUN, **changes), said.append)
    for row in ROWS:
        feed.curve(row)
    if finish:
        feed.finish(replace(RUN, **changes))
    else:
        feed.close()
    assert said == []


def mlflow_runs(folder: Path) -> list[Any]:
    from mlflow import MlflowClient

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        client = MlflowClient((folder / "mlflow").as_uri())
        [experiment] = [each for each in client.search_experiments() if each.name == "nextword/ptb"]
        return [(client, run) for run in client.search_runs([experiment.experiment_id])]


def wandb_records(folder: Path) -> list[list[Any]]:
    """The records of each offline run."""
    from wandb.proto.wandb_internal_pb2 import Record

    found = []
    for path in sorted(folder.glob("wandb/offline-run-*/*.wandb")):
        records = []
        for written in leveldb_log(path.read_bytes()):
            record = Record()
            record.ParseFromString(written)
            records.append(record)
        found.append(records)
    return found


def leveldb_log(data: bytes) -> Iterator[bytes]:
    """The records of a log as LevelDB writes them, behind a head of 7 bytes: in blocks of 32 kB, each part
    with its checksum, length and whether it is whole (1), or the first (2), a middle (3) or the last one (4).
    """
    at, parts = 7, b""
    while at + 7 <= len(data):
        room = 32_768 - at % 32_768
        if room < 7:
            at += room
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        parts += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield parts
            parts = b""


def of(records: list[Any], kind: str) -> list[Any]:
    return [getattr(record, kind) for record in records if record.WhichOneof("record_type") == kind]


def items(found: Any) -> dict[str, Any]:
    """Keys and values of a part of a record."""
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in found}


@needs("mlflow")
class TestMLflow:
    def test_its_client_reads_the_settings_the_curve_and_the_results(self, tmp_path: Path) -> None:
        logged("mlflow", tmp_path)
        [(client, run)] = mlflow_runs(tmp_path)
        assert run.info.run_name == "LSTM"
        assert run.info.status == "FINISHED"
        assert run.data.params == {key: str(value) for key, value in SETTINGS.items()}
        tags = {"run_id": RUN.run_id, "model": "lstm", "command": RUN.command, "status": "ok"}
        assert tags.items() <= run.data.tags.items()
        curves = {
            key: [(each.step, each.value) for each in client.get_metric_history(run.info.run_id, key)]
            for key in run.data.metrics
        }
        assert curves == {
            "curve/train_loss": [(1000, 5.0), (2000, 4.0)],
            "curve/valid_perplexity": [(2000, 99.0)],
            "curve/learning_rate": [(2000, 0.5)],
            "result/test_perplexity": [(2000, 90.5)],
        }

    def test_a_run_that_is_cut_off_or_fails_is_no_finished_one(self, tmp_path: Path) -> None:
        logged("mlflow", tmp_path, finish=False)
        logged("mlflow", tmp_path, status="failed")
        found = {run.data.tags["status"]: run.info.status for _, run in mlflow_runs(tmp_path)}
        assert found == {"cut off": "FAILED", "failed": "FAILED"}

    def test_runs_that_begin_at_once_share_one_experiment(self, tmp_path: Path) -> None:
        said: list[str] = []
        feeds = [LoggerFeed(["mlflow"], tmp_path, RUN, said.append) for _ in range(6)]
        for feed in feeds:
            feed.finish(RUN)
        assert said == []
        assert len(mlflow_runs(tmp_path)) == 6


@needs("wandb")
class TestWandB:
    def test_its_file_has_the_settings_the_curve_and_the_results(self, tmp_path: Path) -> None:
        logged("wandb", tmp_path)
        [records] = wandb_records(tmp_path)
        begun = of(records, "run")[0]
        assert (begun.project, begun.display_name) == ("nextword", "LSTM")
        assert (begun.run_group, begun.job_type) == ("ptb", "lstm")
        settings = {**SETTINGS, "run_id": RUN.run_id, "command": RUN.command}
        assert settings.items() <= items(begun.config.update).items()
        curve = [items(history.item) for history in of(records, "history")]
        assert [{key: row[key] for key in row if key[0] != "_" or key == "_step"} for row in curve] == [
            {"_step": 1000, "curve/train_loss": 5.0},
            {
                "_step": 2000,
                "curve/train_loss": 4.0,
                "curve/valid_perplexity": 99.0,
                "curve/learning_rate": 0.5,
            },
        ]
        summary = {key: value for part in of(records, "summary") for key, value in items(part.update).items()}
        assert {"result/test_perplexity": 90.5, "status": "ok"}.items() <= summary.items()
        assert [part.exit_code for part in of(records, "exit")] == [0]

    def test_a_run_that_is_cut_off_or_fails_ends_with_another_status(self, tmp_path: Path) -> None:
        logged("wandb", tmp_path, finish=False)
        logged("wandb", tmp_path, status="failed")
        ended = [[part.exit_code for part in of(records, "exit")] for records in wandb_records(tmp_path)]
        assert ended == [[1], [1]]


@pytest.mark.parametrize("name", BOTH)
def test_nothing_leaves_this_machine(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy() as (address, asked):
        for variable in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(variable, address)
            monkeypatch.setenv(variable.upper(), address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it, MLflow reports nothing
        logged(name, tmp_path)
        assert asked == []


@contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a proxy that lets nothing pass, and what it was asked for."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                asked.append(connection.recv(200))
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


@pytest.mark.slow
@pytest.mark.parametrize("name", BOTH)
def test_an_interrupt_from_the_keyboard_does_not_end_a_logger_before_its_run(
    name: str, tmp_path: Path
) -> None:
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, name, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    if name == "mlflow":
        [(_, run)] = mlflow_runs(tmp_path)
        assert run.data.metrics["result/test_perplexity"] == 90.5
    else:
        [records] = wandb_records(tmp_path)
        assert len(of(records, "history")) == 2
        assert [part.exit_code for part in of(records, "exit")] == [0]
