"""What is compared: runs, the seeds of one setting together, with the score of every test target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark import text
from benchmark.compare.named_rows import distinct, named_rows
from benchmark.corpus import Corpus
from benchmark.errors import UserError
from benchmark.measure.blocks import Blocks, block_losses, blocks_of
from benchmark.measure.perplexity import perplexity
from benchmark.record.blocks import write_blocks
from benchmark.record.folder import RunRecord, read_runs, results_of
from benchmark.record.links import refuse_links
from benchmark.record.scores import read_scores
from benchmark.report.group_runs import group_runs
from benchmark.report.ranking import PROTOCOL_PARTS
from benchmark.report.rows import Row


@dataclass(frozen=True)
class Entry:
    """One side of a comparison: a row of runs that differ in their seed, and ln p of every target by each,
    float32 [seeds, targets]."""

    row: Row
    scores: np.ndarray

    @property
    def label(self) -> str:
        return self.row.label

    @property
    def seeds(self) -> int:
        return len(self.scores)

    @property
    def perplexity(self) -> float:
        """The mean over seeds, as in the report."""
        return float(np.mean([perplexity(seed) for seed in self.scores]))

    @property
    def losses(self) -> np.ndarray:
        """−ln p of every target, the mean over seeds: float64 [targets]."""
        return -self.scores.mean(axis=0, dtype=np.float64)


def entries_of(runs: Sequence[RunRecord]) -> list[Entry]:
    """The entries of some runs, in the order in which they are named.

    Runs that differ in nothing but their seed are one entry, unless all of them would be. Raises UserError if
    the runs cannot be compared: fewer than two, other events, no probabilities, or no scores kept.
    """
    runs = distinct(runs)
    for run in runs:
        check_comparable(run)
    check_events(runs)
    return [Entry(row, np.stack([read_scores(run) for run in row.runs])) for row in named_rows(runs)]


def with_all_seeds(
    runs: Sequence[RunRecord], results_dir: Path, say: Callable[[str], None]
) -> list[RunRecord]:
    """The runs, and of each one's setting the other seeds, in the results folder and in those that the runs
    lie in. Other seeds of language models that keep no scores are left out, and `say` is told which.
    """
    folders = {folder.resolve(): folder for folder in [results_dir, *filter(None, map(results_of, runs))]}
    found = [run for folder in folders.values() for run in read_runs(folder)]
    known = {run.folder.resolve(): run for run in [*found, *runs]}
    named = {run.folder.resolve() for run in runs}
    rows = [row for row in group_runs(known.values()) if row.done]
    together = [run for row in rows if any(r.folder.resolve() in named for r in row.runs) for run in row.runs]
    others = [run for run in together if run.folder.resolve() not in named]
    without = [run for run in others if run.result.task is None and not _keeps_scores(run)]
    if without:
        names = [f"{run.folder.parent.name}/{run.folder.name} (seed {run.result.seed})" for run in without]
        say(f"left out, for want of scores: {text.listed(names)}")
    return [*runs, *(run for run in others if run not in without)]


def _keeps_scores(run: RunRecord) -> bool:
    """Whether a run has the scores of its record."""
    try:
        read_scores(run)
    except UserError:
        return False
    return True


def keep_blocks(entries: Sequence[Entry], corpus: Corpus) -> None:
    """Write `blocks.json` to runs that keep none, or other blocks, so that the report pairs all of them."""
    blocks = blocks_of(corpus.test)
    for entry in entries:
        for run, scores in zip(entry.row.runs, entry.scores, strict=True):
            losses = block_losses(scores, blocks)
            if run.blocks is None or not run.blocks.like(losses):
                with suppress(UserError):  # a folder that cannot be written is compared all the same
                    refuse_links(run.folder)
                    write_blocks(run.folder, losses)


def check_comparable(run: RunRecord) -> None:
    result = run.result
    name = f"{result.label} ({run.folder.name})"
    if result.status != "ok":
        raise UserError(f"{name} has no result: {result.status}, {text.clean(result.reason, 200)}")
    if not result.normalised:
        raise UserError(f"{name} gives scores that do not sum to one, so it has no loss to compare")
    if result.test_zero_probabilities:
        raise UserError(
            f"{name} gives {text.plural(result.test_zero_probabilities, 'target')} probability 0: its loss "
            "is infinite"
        )


def check_blocks(blocks: Blocks) -> None:
    """Raises UserError if the text has fewer than two blocks."""
    if len(blocks) < 2:
        raise UserError(f"the test text is too short: it has {blocks}, and one block has no variance")


def check_events(runs: Sequence[RunRecord]) -> None:
    first = runs[0].result
    for run in runs[1:]:
        if run.result.protocol_id == first.protocol_id:
            continue
        parts = [
            f"{part} ({getattr(first, key)} and {getattr(run.result, key)})"
            for key, part in PROTOCOL_PARTS.items()
            if getattr(first, key) != getattr(run.result, key)
        ]
        raise UserError(
            f"{first.label} on {first.corpus} and {run.result.label} on {run.result.corpus} were scored on "
            f"different events: they differ in {text.listed(parts) or 'a part that was not recorded'}"
        )
