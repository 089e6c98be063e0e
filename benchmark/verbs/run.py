"""`nextword run`: train, measure and record."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Sequence

from benchmark.errors import UserError
from benchmark.job import in_sweep
from benchmark.search.command import names_search, run_search
from benchmark.settings import choices
from benchmark.sweep.compose import collect
from benchmark.sweep.launch import Outcome, launch
from benchmark.sweep.rerun import jobs_to_rerun, rerun_option
from benchmark.sweep.torchrun import check_one_run, rank

HELP = """\
nextword run [KEY=VALUE ...]           one run
nextword run -m [KEY=V1,V2 ...]        every combination of the values
nextword run +sweep=NAME [KEY=VALUE]   a named sweep; its runs take the values given here
nextword run +search=NAME [KEY=VALUE]  a search for settings, judged by validation perplexity
nextword run --rerun failed,missing [+sweep=NAME ...]
                                       of those runs only the ones that went badly or are not there;
                                       where none are named, of all run folders

model:    {model}
corpus:   {corpus}
sweep:    {sweep}
search:   {search}
launcher: {launcher}

model.KEY corpus.KEY    settings of the model and the corpus (nextword list models --keys)
search.KEY              of a search: trials, sampler, seed, batch, space.SETTING
seed device             random seed; cpu, cuda, cuda:N or auto
threads workers         CPU threads a run; runs at once (auto: one a core, one a GPU)
launcher                what starts the runs of a sweep, here or on a cluster; launcher.KEY sets it up
force=true              repeat what is finished
impossible=skip|error   settings that a model refuses: a row with the reason (in sweeps), or an error
corpora_dir results_dir folders to read corpora from and to write runs to
--cfg job               print the whole configuration and stop (see also --hydra-help)

Values of a multirun are V1,V2 or range(1,5) or glob(kneser*); quote brackets from the shell. A finished
run is not repeated, wherever it was made: run folders copied from another machine into results/runs
count. An interrupted training goes on where it was. nextword status tells how a sweep stands; --rerun
takes failed (diverged and killed too), missing (cut off too) and skipped.

torchrun --nproc-per-node=N -m benchmark run ... trains one network on N processes or GPUs.

Exit status: 0 all well (skipped runs among them), 1 a run failed or diverged, 2 something to mend on the
command line, in the corpus or on the disk.
"""

#: Configuration groups whose names the help lists.
GROUPS = ("model", "corpus", "sweep", "search", "launcher")

BAD = ("failed", "diverged", "error")


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP.format(**{group: _wrapped(choices(group)) for group in GROUPS}), end="")
        return 0
    words, arguments = rerun_option(arguments)
    if names_search(arguments):
        if words:
            raise UserError("--rerun goes with runs and sweeps; a search goes on where it was by itself")
        return run_search(arguments)
    say = _quiet if rank() else _aloud
    jobs = jobs_to_rerun(words, arguments, say) if words else in_sweep(collect(arguments))
    if not jobs:  # none is to be repeated, or Hydra has answered a question (--cfg, --info, --hydra-help)
        return 0
    check_one_run(len(jobs))
    outcomes = launch(jobs, say=say)
    return _status(outcomes) if rank() else _summary(outcomes)


def _aloud(line: str) -> None:
    print(line, flush=True)


def _quiet(line: str) -> None:
    pass


def _wrapped(names: Sequence[str]) -> str:
    return textwrap.fill(
        ", ".join(names), width=100, subsequent_indent=" " * 10, initial_indent=" " * 10
    ).strip()


def _summary(outcomes: Sequence[Outcome]) -> int:
    for outcome in outcomes:
        if outcome.status != "ok":
            reason = (outcome.reason or "no reason recorded").strip().splitlines()[0]
            print(f"{outcome.status}: {outcome.job.title}: {reason}", file=sys.stderr)
    if len(outcomes) == 1:
        only = outcomes[0]
        if only.status == "ok":
            print(f"{'finished earlier' if only.earlier else 'finished'}: {only.folder}")
    else:
        counts = Counter(outcome.status for outcome in outcomes)
        earlier = sum(outcome.earlier for outcome in outcomes)
        parts = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
        print(f"{len(outcomes)} runs: {parts}" + (f" ({earlier} finished earlier)" if earlier else ""))
        if counts["failed"] + counts["diverged"]:
            print("to repeat those that did not end well: the same command with --rerun failed")
    return _status(outcomes)


def _status(outcomes: Sequence[Outcome]) -> int:
    """The exit status."""
    statuses = {outcome.status for outcome in outcomes}
    if statuses == {"error"}:
        return 2
    return 1 if statuses.intersection(BAD) or "ok" not in statuses else 0
