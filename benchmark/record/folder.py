"""Run folders: `<results>/runs/<corpus>/<model>/<run_id>/`.

`result.json` is written last and at once. A folder that has it holds a finished run; a folder without it
holds a run that was cut off and is done again. The running process locks the folder, so that no other run
can use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmark.errors import UserError
from benchmark.record.blocks import FILE as BLOCKS
from benchmark.record.blocks import BlockLosses, read_blocks
from benchmark.record.curve import FILE as CURVE
from benchmark.record.curve import Validation, validations
from benchmark.record.losses import FILE as LOSSES
from benchmark.record.losses import GroupLoss, read_losses
from benchmark.record.result import Result
from benchmark.storage.checksums import CHECKSUMS, checksums_of
from benchmark.storage.compact_scores import COMPACT, COMPACT_VALID
from benchmark.storage.files import LOCK, files_below, write_json
from benchmark.storage.reading import Unreadable, or_warn, read_json_object, warn_once
from benchmark.text import one_line

RESULT, CHECKPOINT = "result.json", "checkpoint"
#: ln p of each test target, float32 [targets].
SCORES = "test_log_probs.npy"
#: The same of the validation text.
VALID_SCORES = "valid_log_probs.npy"
#: 1, less what rounding may take from the scores of a model that is always certain and right.
LEAST_PERPLEXITY = 0.999
#: What a model left to go on from when its training was cut off (see `RunLog.workspace`).
WORKSPACE = "resume"
#: Of a run of a task: the losses of its test items, and every test item with the answer, a JSON object a
#: line.
ITEM_LOSSES, ANSWERS = "item_losses.npz", "answers.jsonl"
CONFIG, ENVIRONMENT, SAMPLES, LOG = "config.yaml", "environment.json", "samples.json", "log.txt"
#: What a run writes into its folder.
OURS = frozenset(
    {RESULT, CHECKPOINT, SCORES, VALID_SCORES, COMPACT, COMPACT_VALID, WORKSPACE, CONFIG, ENVIRONMENT}
) | {SAMPLES, LOG, BLOCKS, CURVE, LOSSES, ITEM_LOSSES, ANSWERS, CHECKSUMS, LOCK}


@dataclass(frozen=True)
class RunRecord:
    """A finished run: its folder and the content of its `result.json`."""

    folder: Path
    result: Result

    @property
    def title(self) -> str:
        """What it is called in a line: `LSTM on ptb (85d6f90b1c22)`."""
        return one_line(f"{self.result.label} on {self.result.corpus} ({self.folder.name})")

    @cached_property
    def losses(self) -> list[GroupLoss]:
        """The losses of its groups of test targets; none in runs from before they were kept."""
        return or_warn(lambda: read_losses(self.folder), [])

    @cached_property
    def blocks(self) -> BlockLosses | None:
        """Its loss by block of the test text; None in runs from before it was kept."""
        return or_warn(lambda: read_blocks(self.folder), None)

    @cached_property
    def validations(self) -> list[Validation]:
        """Its validations during training, in order of tokens; none in runs without a training curve."""
        return or_warn(lambda: validations(self.folder), [])


def check_language_model(run: RunRecord) -> None:
    """Raises UserError for a run of a task beside language modelling."""
    if run.result.task is not None:
        raise UserError(
            f"{run.result.label} ({run.folder.name}) answers labelled items (task: {run.result.task}); this "
            "takes a language model"
        )


def run_folder(results_dir: Path, corpus: str, model: str, run_id: str) -> Path:
    """Where a run lives."""
    return results_dir / "runs" / corpus / model / run_id


def write_checksums(folder: Path) -> None:
    """List the checksums of what a run has written, so that damage is noticed when it is read."""
    kept = OURS - {RESULT, LOG, LOCK, WORKSPACE, CHECKSUMS}
    files = [path for path in files_below(folder) if path.relative_to(folder).parts[0] in kept]
    write_json(folder / CHECKSUMS, checksums_of(folder, files))


def write_result(folder: Path, result: Result) -> None:
    """Write the record of a run, which makes it a finished one."""
    write_json(folder / RESULT, result.to_json())


def read_result(folder: Path) -> Result | None:
    """The record of a finished run, or None where the folder holds none.

    Raises UserError naming the file, and the field, where it is no such record.
    """
    path = folder / RESULT
    try:
        return _possible(Result.from_json(read_json_object(path)))
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise UserError(f"{error}; force=true repeats the run") from error
    except UserError as error:
        raise UserError(f"cannot read {path}: {error}; force=true repeats the run") from error


def _possible(result: Result) -> Result:
    """The record itself, or that of a failed run where its perplexity is one that no distribution has.

    Runs refuse such scores; what an earlier version recorded, or was changed by hand, is not ranked either,
    and the run is done again.
    """
    if result.status != "ok" or not result.normalised:
        return result
    figures = {"test": result.test_perplexity, "validation": result.valid_perplexity}
    for text, value in figures.items():
        if value is not None and not value > LEAST_PERPLEXITY:
            reason = f"its {text} perplexity is {value:.4g}, but none is below 1; run it again"
            return replace(result, status="failed", reason=reason)
    return result


def finished(folder: Path) -> Result | None:
    """The record of a run that need not be repeated, or None.

    Raises UserError for a record that cannot be read or belongs to another folder.
    """
    result = read_result(folder)
    if result is None or not result.settled:
        return None
    if problem := misplaced(folder, result):
        raise UserError(problem)
    return result


def misplaced(folder: Path, result: Result) -> str | None:
    """What is wrong with a run folder that was copied under a wrong name, in a line; None for the others.

    A run is found by its folder, `<corpus>/<model>/<run_id>`, so a record of another run in it would be
    taken for this one.
    """
    names = (folder.parents[1].name, folder.parent.name, folder.name)
    recorded = (result.corpus, result.model, result.run_id)
    if recorded == names:
        return None
    return f"{folder} holds the run {'/'.join(recorded)}: give the folder that name, or delete it"


def results_of(run: RunRecord) -> Path | None:
    """The results folder that a run lies in; None where it lies elsewhere than `run_folder` would have it."""
    around = run.folder.resolve().parents
    return around[3] if len(around) > 3 and around[2].name == "runs" else None


def read_runs(results_dir: Path, warn: Callable[[str], None] = warn_once) -> list[RunRecord]:
    """Every finished run below a results folder, in path order; an unreadable one is a warning."""
    return read_folders(finished_folders(results_dir), warn)


def finished_folders(results_dir: Path) -> list[Path]:
    """Every run folder with a record below a results folder, in order. Those whose name begins with a dot are
    no runs, but being written. Raises UserError for a file."""
    if results_dir.is_file():
        raise UserError(f"results_dir={results_dir} is not usable: it is a file; name a folder")
    found = (path.parent for path in (results_dir / "runs").glob(f"*/*/*/{RESULT}"))
    return sorted(folder for folder in found if not folder.name.startswith("."))


def read_folders(folders: Iterable[Path], warn: Callable[[str], None] = warn_once) -> list[RunRecord]:
    """The finished runs among some run folders; an unreadable or misplaced record is a warning."""
    records = []
    for folder in folders:
        try:
            result = read_result(folder)
        except UserError as error:
            warn(f"warning: {error}")
            continue
        if result is not None and (problem := misplaced(folder, result)):
            warn(f"warning: {problem}")
        elif result is not None:
            records.append(RunRecord(folder, result))
    return records
