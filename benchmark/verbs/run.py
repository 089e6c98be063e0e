"""`nextword run`: train, measure and record."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from benchmark.search.command import names_search, run_search
from benchmark.settings import choices
from benchmark.sweep.compose import collect
from benchmark.sweep.launch import Outcome, launch
from benchmark.sweep.ranks import check_one_run, rank

HELP = """\
nextword run [KEY=VALUE ...]           one run
nextword run -m [KEY=V1,V2 ...]        every combination of the values
nextword run +sweep=NAME [KEY=VALUE]   a named sweep; its runs take the values given here
nextword run +search=NAME [KEY=VALUE]  a search for settings, judged by validation perplexity

model:   {models}
corpus:  {corpora}
sweep:   {sweeps}
search:  {searches}

search.KEY              of a search: trials, sampler, seed, batch, space.SETTING
model.KEY, corpus.KEY   settings of the model and the corpus (nextword list models --keys)
seed device threads     random seed; cpu, cuda or auto; CPU threads a run
workers=N force=true    runs at once; repeat what is finished
corpora_dir results_dir folders to read corpora from and to write runs to
--cfg job               print the whole configuration and stop (see also --hydra-help)

A finished run is not repeated, an interrupted training goes on where it was. torchrun --nproc-per-node=N
-m benchmark run … trains one network on N processes or GPUs. Exit status: 0 all well, 1 a run
failed or diverged, 2 something to mend on the command line, in the corpus or on the disk.
"""

BAD = ("failed", "diverged", "error")


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        names = {group: ", ".join(choices(group)) for group in ("model", "corpus", "sweep", "search")}
        print(
            HELP.format(
                models=names["model"],
                corpora=names["corpus"],
                sweeps=names["sweep"],
                searches=names["search"],
            ),
            end="",
        )
        return 0
    if names_search(arguments):
        return run_search(arguments)
    jobs = collect(arguments)
    if not jobs:  # Hydra has answered a question (--cfg, --info, --hydra-help)
        return 0
    check_one_run(len(jobs))
    if rank():
        return _status(launch(jobs, say=lambda line: None))
    return _summary(launch(jobs, say=lambda line: print(line, flush=True)))


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
    return _status(outcomes)


def _status(outcomes: Sequence[Outcome]) -> int:
    """The exit status."""
    statuses = {outcome.status for outcome in outcomes}
    if statuses == {"error"}:
        return 2
    return 1 if statuses.intersection(BAD) or "ok" not in statuses else 0
