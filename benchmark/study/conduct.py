"""Conducts studies: makes their runs, measures, and judges by the rules."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import UserError
from benchmark.job import Job, Say, in_sweep
from benchmark.record.folder import read_result
from benchmark.report.blocks import Block
from benchmark.study.claim import Claim
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.record import basis_of, read_data, write_data
from benchmark.study.rules import Judged, Verdict, judge, verdict
from benchmark.sweep.compose import Collector
from benchmark.sweep.launch import Outcome, launch
from benchmark.sweep.named_sweeps import key_of


@dataclass(frozen=True)
class Finding:
    """What came of a study. `skipped` says why there is no verdict, such as a corpus that is not there."""

    claim: Claim
    scale: str
    judged: tuple[Judged, ...] = ()
    blocks: tuple[Block, ...] = ()
    skipped: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict; None for a study that was skipped."""
        return None if self.skipped else verdict(self.judged)


def conduct(
    claims: Sequence[Claim], scale: str, overrides: Sequence[str], results_dir: Path, say: Say
) -> list[Finding]:
    """Make the runs of some studies at a scale, with settings from the command line, and judge each claim.

    A run that two studies share is made once, and finished runs are not repeated. Raises UserError for a
    setting that a run does not have, and for a study that has no such scale.
    """
    collector = Collector()
    planned = {
        claim.name: _jobs(claim, scale, [*overrides, f"results_dir={results_dir}"], collector)
        for claim in claims
    }
    every = [job for jobs in planned.values() for job in jobs]
    outcomes = dict(zip(every, launch(every, say=say), strict=True)) if every else {}
    return [
        _finding(claim, scale, [outcomes[job] for job in planned[claim.name]], results_dir, say)
        for claim in claims
    ]


def _jobs(claim: Claim, scale: str, overrides: Sequence[str], collector: Collector) -> list[Job]:
    """The jobs of a study, each once, in the order of its file."""
    keys = {key_of(override) for override in overrides}
    jobs = []
    for line in claim.scale(scale).runs:
        own = [override for override in shlex.split(line) if key_of(override) not in keys]
        jobs += collector.jobs(["--multirun", *own, *overrides])
    return in_sweep(jobs) if len(jobs) > 1 else jobs


def _finding(claim: Claim, scale: str, outcomes: Sequence[Outcome], results_dir: Path, say: Say) -> Finding:
    missing = next((each for each in outcomes if each.status in ("error", "skipped", "failed")), None)
    if missing is not None:
        return Finding(claim, scale, skipped=missing.described)
    runs = tuple(_run(outcome) for outcome in outcomes)
    settings = claim.scale(scale).settings
    module = claim.load()
    basis = basis_of(module.VERSION, settings, runs)
    data = read_data(results_dir, claim.name, basis)
    if data is None:
        say(f"study {claim.name}: measuring")
        measured = module.measure(Evidence(runs, settings, say))
        data = write_data(results_dir, claim.name, basis, measured)
    judged = judge(claim.rules, module.quantities(data))
    return Finding(claim, scale, judged, tuple(module.show(data)))


def _run(outcome: Outcome) -> StudyRun:
    assert outcome.folder is not None
    result = read_result(outcome.folder)
    if result is None:
        raise UserError(f"{outcome.folder} has lost its record; the same command makes it again")
    return StudyRun(outcome.folder, result, outcome.job)
