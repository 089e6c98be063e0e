"""Conducts studies: makes their runs, measures, and judges by the rules."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Literal

from benchmark.errors import Skip, UserError
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
from benchmark.traces import described, traces_are_shown


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
    #: Settings from the command line that its runs had beside those of its file.
    settings: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """What repeats it."""
        return shlex.join(["nextword", "study", self.claim.name, f"scale={self.scale}", *self.settings])

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, if there is one."""
        return verdict(self.judged) if self.state == "judged" else None

    @property
    def word(self) -> str:
        """The verdict, or what stands in its place."""
        return self.verdict or self.state


def conduct(
    claims: Sequence[Claim],
    scale: str,
    overrides: Sequence[str],
    results_dir: Path,
    say: Say,
    settings: Sequence[str] = (),
) -> list[Finding]:
    """Make the runs of some studies at a scale, with settings from the command line, and judge each claim.

    A run that two studies share is made once, and finished runs are not repeated. A study whose module goes
    wrong has failed; the others are judged. `settings`: those of the overrides that a reader is told. Raises
    UserError for a setting that a run does not have, and for a study that has no such scale.
    """
    collector, shared = Collector(), [*overrides, f"results_dir={results_dir}"]
    planned = [_planned(claim, scale, shared, collector) for claim in claims]
    every = [job for study in planned if isinstance(study, _Planned) for job in study.jobs]
    outcomes = dict(zip(every, launch(every, say=say), strict=True)) if every else {}
    found = [
        study
        if isinstance(study, Finding)
        else _finding(study, scale, [outcomes[job] for job in study.jobs], results_dir, say)
        for study in planned
    ]
    return [replace(finding, settings=tuple(settings)) for finding in found]


@dataclass(frozen=True)
class _Planned:
    claim: Claim
    module: StudyModule
    jobs: list[Job]


def _planned(claim: Claim, scale: str, shared: Sequence[str], collector: Collector) -> _Planned | Finding:
    jobs = jobs_of(claim, scale, shared, collector)
    with _failing(claim, scale, "its module cannot be loaded") as failed:
        return _Planned(claim, claim.load(), jobs)
    return failed[0]


@contextmanager
def _failing(claim: Claim, scale: str, what: str) -> Iterator[list[Finding]]:
    """Yields a list, which gets what is found of a study where the block ends with an error: that it failed,
    and why. With --debug, the error is raised."""
    failed: list[Finding] = []
    try:
        yield failed
    except Exception as error:
        if traces_are_shown():
            raise
        own = isinstance(error, UserError | Skip)
        reason = str(error) if own else f"{what}: {described(error)} ({claim.module})"
        failed.append(Finding(claim, scale, "skipped" if isinstance(error, Skip) else "failed", reason))


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
    with _failing(claim, scale, "its module went wrong") as failed:
        runs = tuple(_run(outcome) for outcome in outcomes)
        settings = claim.scale(scale).settings
        basis = basis_of(module.VERSION, settings, runs)
        data = read_data(results_dir, claim.name, basis)
        if data is None:
            say(f"study {claim.name}: measuring")
            data = write_data(results_dir, claim.name, basis, module.measure(Evidence(runs, settings, say)))
        judged = judge(claim.rules, module.quantities(data))
        return Finding(claim, scale, judged=judged, blocks=_checked(module.show(data)))
    return failed[0]


def _checked(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """What a module shows. Raises UserError for anything that a page cannot hold."""
    found = tuple(blocks)
    for block in found:
        if not isinstance(block, Block):
            raise UserError(f"`show` gives {type(block).__name__}, which is no block of a page")
    return found


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
