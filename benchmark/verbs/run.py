"""`nextword run`: train, measure and record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmark.console.terminal import wrapped_names
from benchmark.errors import UserError
from benchmark.job import in_sweep
from benchmark.search.command import names_search, run_search
from benchmark.search.record import want
from benchmark.settings import choices
from benchmark.sweep.compose import collect
from benchmark.sweep.launch import Outcome, launch
from benchmark.sweep.rerun import jobs_to_rerun, rerun_option
from benchmark.sweep.torchrun import check_one_run, rank
from benchmark.verbs.run_summary import print_summary

HELP = """\
nextword run [KEY=VALUE ...]           one run
nextword run -m [KEY=V1,V2 ...]        every combination of the values
nextword run +sweep=NAME [KEY=VALUE]   a named sweep; values given here replace its own
nextword run +search=NAME [KEY=VALUE]  a search for the settings with the lowest validation perplexity
nextword run --rerun failed,missing [+sweep=NAME ...]
                                       only those of the named runs that failed or do not exist yet;
                                       if no runs are named, those of all run folders

model:    {model}
corpus:   {corpus}
sweep:    {sweep}
search:   {search}
launcher: {launcher}

model.KEY corpus.KEY    settings of the model and the corpus (nextword list models --keys)
search.KEY              settings of a search: trials, sampler, seed, batch, space.SETTING
seed device             random seed; cpu, cuda, cuda:N or auto
threads workers         CPU threads for each run; runs at the same time (auto: one per core or GPU)
launcher                what starts the runs of a sweep, here or on a cluster; launcher.KEY configures it
force=true              repeat finished runs
impossible=skip|error   if a model refuses its settings: record the run as skipped, or stop with an error
                        (default: skip in a sweep, error for a single run)
corpora_dir results_dir folders to read corpora from and to write runs to
--cfg job               print the whole configuration of one run and stop (see also --hydra-help)

In a multirun a value may be a list (V1,V2), range(1,5) or glob(kneser*); quote parentheses from the
shell. A finished run is not repeated, wherever it was made: run folders copied from another machine into
results/runs count. An interrupted training continues where it stopped. nextword status shows the state of
a sweep. --rerun takes failed (including diverged and killed), missing (including cut off), skipped and
outdated (finished, but made by another version or other source).

torchrun --nproc-per-node=N -m benchmark run ... trains one network on N processes or GPUs.

Exit status: 0 all runs finished or were skipped, 1 a run failed or diverged, 2 the command line, the
corpus or the disk needs attention.
"""

#: Configuration groups whose names the help lists.
GROUPS = ("model", "corpus", "sweep", "search", "launcher")

BAD = ("failed", "diverged", "error")


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP.format(**{group: wrapped_names(choices(group)) for group in GROUPS}), end="")
        return 0
    words, arguments = rerun_option(arguments)
    if names_search(arguments):
        if words:
            raise UserError("--rerun is for runs and sweeps; a search continues by itself where it stopped")
        return run_search(arguments)
    say = _quiet if rank() else _aloud
    jobs = jobs_to_rerun(words, arguments, say) if words else in_sweep(collect(arguments))
    if not jobs:  # nothing to repeat, or Hydra has answered a question (--cfg, --info, --hydra-help)
        return 0
    check_one_run(len(jobs))
    outcomes = launch(jobs, say=say)
    if not rank():
        _want(outcomes)
        print_summary(outcomes)
    return _status(outcomes)


def _want(outcomes: Sequence[Outcome]) -> None:
    """A run that a search made first is from now on a run of its own, too."""
    run_ids: dict[Path, set[str]] = defaultdict(set)
    for outcome in outcomes:
        if outcome.status == "ok" and outcome.folder is not None:
            run_ids[outcome.job.results_dir].add(outcome.folder.name)
    for results_dir, wanted in run_ids.items():
        want(results_dir, wanted)


def _aloud(line: str) -> None:
    print(line, flush=True)


def _quiet(line: str) -> None:
    pass


def _status(outcomes: Sequence[Outcome]) -> int:
    """The exit status."""
    statuses = {outcome.status for outcome in outcomes}
    if statuses == {"error"}:
        return 2
    return 1 if statuses.intersection(BAD) or "ok" not in statuses else 0
