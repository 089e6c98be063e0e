"""What each program is told: the settings at the start, the training curve by tokens, the results at the end.

Each is imported when it is begun, in the process of its own. A run that was cut off and goes on tells the
whole curve again: TensorBoard is told to drop the earlier one, the others get a new run. Their packages send
reports on how they are used unless their variables say otherwise before they are imported.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

Row = Mapping[str, float]
#: `run_id`, `label`, `model`, `corpus`, `settings` and `command` (see `feed.described`).
Run = Mapping[str, Any]

PROJECT = "nextword"


class Backend(Protocol):
    """Begun with the results folder and the description of a run."""

    def __init__(self, folder: Path, run: Run) -> None: ...

    def curve(self, row: Row) -> None:
        """A row of the training curve; `tokens` is where it stands."""

    def finish(self, end: Mapping[str, Any]) -> None:
        """The run's `status`, and its `results` after so many `tokens`."""


class TensorBoard:
    """Event files in `tensorboard/CORPUS/MODEL/RUN_ID`; look at them with tensorboard --logdir."""

    def __init__(self, folder: Path, run: Run) -> None:
        from torch.utils.tensorboard import SummaryWriter

        place = folder / "tensorboard" / run["corpus"] / run["model"] / run["run_id"]
        self._writer = SummaryWriter(str(place), purge_step=0)
        lines = [f"{key}: {value}" for key, value in run["settings"].items()]
        self._writer.add_text("settings", "\n\n".join([run["label"], f"`{run['command']}`", *lines]), 0)
        self._writer.flush()

    def curve(self, row: Row) -> None:
        for key, value in _of_curve(row).items():
            self._writer.add_scalar(key, value, _step(row))
        self._writer.flush()

    def finish(self, end: Mapping[str, Any]) -> None:
        for key, value in _of_results(end).items():
            self._writer.add_scalar(key, value, int(end["tokens"]))
        self._writer.add_text("status", end["status"], int(end["tokens"]))
        self._writer.close()


class MLflow:
    """A store of files in `mlflow/`, or what MLFLOW_TRACKING_URI names; an experiment for each corpus."""

    def __init__(self, folder: Path, run: Run) -> None:
        # the store of files is enough for one machine, and needs no database
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        store = (folder / "mlflow").absolute().as_uri()
        with _alone_in(folder):
            self._client = MlflowClient(tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or store)
            key = self._experiment(f"{PROJECT}/{run['corpus']}")
        tags = {"run_id": run["run_id"], "model": run["model"], "command": run["command"]}
        self._run = self._client.create_run(key, run_name=run["label"], tags=tags).info.run_id
        for setting, value in run["settings"].items():
            self._client.log_param(self._run, setting, str(value)[:500])

    def curve(self, row: Row) -> None:
        for key, value in _of_curve(row).items():
            self._client.log_metric(self._run, key, value, step=_step(row))

    def finish(self, end: Mapping[str, Any]) -> None:
        for key, value in _of_results(end).items():
            self._client.log_metric(self._run, key, value, step=int(end["tokens"]))
        self._client.set_tag(self._run, "status", end["status"])
        self._client.set_terminated(self._run, "FINISHED" if end["status"] == "ok" else "FAILED")

    def _experiment(self, name: str) -> str:
        """The id of the experiment of this name, which is made if there is none."""
        from mlflow.exceptions import MlflowException

        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                made: str = self._client.create_experiment(name)
                return made
            except MlflowException:  # on a server, a run on another machine may have been quicker
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        return str(found.experiment_id)


class WandB:
    """Files in `wandb/`, which `wandb sync` uploads; WANDB_MODE=online uploads them at once."""

    def __init__(self, folder: Path, run: Run) -> None:
        if os.environ.setdefault("WANDB_MODE", "offline") == "offline":
            os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            dir=str(folder),
            name=run["label"],
            group=run["corpus"],
            job_type=run["model"],
            config={**run["settings"], "run_id": run["run_id"], "command": run["command"]},
            settings=wandb.Settings(silent=True, console="off", x_disable_stats=True),
        )

    def curve(self, row: Row) -> None:
        if values := _of_curve(row):
            self._run.log(values, step=_step(row))

    def finish(self, end: Mapping[str, Any]) -> None:
        self._run.summary.update({**_of_results(end), "status": end["status"]})
        self._run.finish(exit_code=0 if end["status"] == "ok" else 1)


BACKENDS: dict[str, type[Backend]] = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB}


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keeps loggers of other runs waiting: two that begin at once would both make the store of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _step(row: Row) -> int:
    return int(row.get("tokens", 0))


def _of_curve(row: Row) -> dict[str, float]:
    return {f"curve/{key}": value for key, value in row.items() if key != "tokens"}


def _of_results(end: Mapping[str, Any]) -> dict[str, float]:
    return {f"result/{key}": value for key, value in end["results"].items()}
