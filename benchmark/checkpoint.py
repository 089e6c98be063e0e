"""The trained model of a finished run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmark import text
from benchmark.build import recorded_class, recorded_task_class
from benchmark.contract import LanguageModel, Vocabulary
from benchmark.errors import Skip, UserError
from benchmark.record.config import read_config
from benchmark.record.folder import CHECKPOINT, RunRecord, check_language_model
from benchmark.storage.checksums import damage
from benchmark.task.contract import TaskModel


def load_trained(run: RunRecord) -> tuple[LanguageModel, Vocabulary, dict[str, Any]]:
    """A run's model, vocabulary and configuration.

    Raises UserError where no checkpoint is kept, the model has no distribution to ask for, or it is no
    language model.
    """
    check_language_model(run)
    checkpoint = _kept(run)
    if run.result.no_distribution is not None:
        raise UserError(
            f"{run.result.label} ({run.folder.name}) has no distribution over the vocabulary, which this "
            f"takes: {text.clean(run.result.no_distribution, 200)}"
        )
    _check_whole(run)
    config = read_config(run.folder, "model", "corpus")
    vocabulary = Vocabulary.load(checkpoint / "vocabulary.json")
    kind = recorded_class(config["model"].get("_target_"))
    with _reading(run):
        return kind.load(checkpoint, vocabulary), vocabulary, config


def load_task_model(run: RunRecord) -> tuple[TaskModel, dict[str, Any]]:
    """The model and the configuration of a run of a task. Raises UserError where no checkpoint is kept."""
    checkpoint = _kept(run)
    _check_whole(run)
    config = read_config(run.folder, "model", "corpus")
    kind = recorded_task_class(config["model"].get("_target_"))
    with _reading(run):
        return kind.load(checkpoint), config


def _kept(run: RunRecord) -> Path:
    checkpoint = run.folder / CHECKPOINT
    if run.result.status != "ok" or not checkpoint.is_dir():
        raise UserError(f"{run.folder} holds no trained model here; {_again(run)}")
    return checkpoint


def _check_whole(run: RunRecord) -> None:
    if problem := damage(run.folder, f"{CHECKPOINT}/"):
        raise UserError(f"{problem}: the model is not used; {_again(run)}")


@contextmanager
def _reading(run: RunRecord) -> Iterator[None]:
    """Whatever a model makes of files that are not those it wrote becomes a UserError."""
    try:
        yield
    except (UserError, Skip):
        raise
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        raise UserError(
            f"cannot read the model in {run.folder / CHECKPOINT}: {problem}; {_again(run)}"
        ) from error


def _again(run: RunRecord) -> str:
    return f"make it: {run.result.command or 'nextword run …'} force=true"
