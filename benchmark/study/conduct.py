"""Conducts studies: makes their runs, measures, and judges by the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Literal

from benchmark.errors import UserError
from benchmark.job import Job, Say, in_sweep
from benchmark.record.folder import read_result
from benchmark.report.blocks import Block
from benchmark.settings import conf_files
from benchmark.study.claim import Claim, StudyModule
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.record import basis_of, read_data, write_data
from benchmark.study.rules import Judged, Verdict, judge, verdict
from benchmark.sweep.compose import Collector, distinct
from benchmark.sweep.launch import Outcome, launch
from benchmark.sweep.named_sweeps import multiruns, override_lines


@dataclass(frozen=True)
class Finding:
    """What came of a study: a verdict, or the `reason` why there is none.

    It was `skipped` if what its file names cannot be run here, for want of a corpus or a package, and
    `failed` if a run went wrong in any other way.
    """

    claim: Claim
    scale: str
    state: Literal["judged", "skipped", "failed"] = "judged"
    reason: str = ""
    judged: tuple[Judged, ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, if there is one."""
        return verdict(self.judged) if self.state == "judged" else None

    @property
    def word(self) -> str:
        """The verdict, or what stands in its place."""
        return self.verdict or self.state


def conduct(
    claims: Sequence[Claim], scale: str, overrides: Sequence[str], results_dir: Path, say: Say
) -> list[Finding]:
    """Make the runs of some studies at a scale, with settings from the command line, and judge each claim.

    A run that two studies share is made once, and finished runs are not repeated. Raises UserError for a
    setting that a run does not have, and for a study that has no such scale.
    """
    collector, shared = Collector(), [*overrides, f"results_dir={results_dir}"]
    planned = [_Planned(claim, claim.load(), jobs_of(claim, scale, shared, collector)) for claim in claims]
    every = [job for study in planned for job in study.jobs]
    outcomes = dict(zip(every, launch(every, say=say), strict=True)) if every else {}
    return [
        _finding(study, scale, [outcomes[job] for job in study.jobs], results_dir, say) for study in planned
    ]


@dataclass(frozen=True)
class _Planned:
    claim: Claim
    module: StudyModule
    jobs: list[Job]


def jobs_of(
    claim: Claim, scale: str, overrides: Sequence[str], collector: Collector | None = None
) -> list[Job]:
    """The jobs of a study, each once, in the order of its file."""
    collector = collector or Collector()
    grids = override_lines(claim.scale(scale).runs, conf_files("study")[claim.name], "runs")
    return in_sweep(distinct(job for line in multiruns(grids, overrides) for job in collector.jobs(line)))


def _finding(
    study: _Planned, scale: str, outcomes: Sequence[Outcome], results_dir: Path, say: Say
) -> Finding:
    claim, module = study.claim, study.module
    for outcome in outcomes:
        if outcome.status not in ("ok", "diverged"):
            state: Literal["failed", "skipped"] = "skipped" if _not_here(claim, scale, outcome) else "failed"
            return Finding(claim, scale, state, outcome.described)
    runs = tuple(_run(outcome) for outcome in outcomes)
    settings = claim.scale(scale).settings
    basis = basis_of(module.VERSION, settings, runs)
    data = read_data(results_dir, claim.name, basis)
    if data is None:
        say(f"study {claim.name}: measuring")
        data = write_data(results_dir, claim.name, basis, module.measure(Evidence(runs, settings, say)))
    judged = judge(claim.rules, module.quantities(data))
    return Finding(claim, scale, judged=judged, blocks=tuple(module.show(data)))


def _not_here(claim: Claim, scale: str, outcome: Outcome) -> bool:
    """Whether a run as the study's file has it, without settings from the command line, cannot be made
    here."""
    if outcome.status != "skipped" and not outcome.without_corpus:
        return False
    of_run = itemgetter("model", "corpus")
    return of_run(outcome.job.config) in [of_run(job.config) for job in jobs_of(claim, scale, [])]


def _run(outcome: Outcome) -> StudyRun:
    assert outcome.folder is not None
    result = read_result(outcome.folder)
    if result is None:
        raise UserError(f"{outcome.folder} has lost its record; the same command makes it again")
    return StudyRun(outcome.folder, result, outcome.job)
