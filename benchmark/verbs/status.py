"""`nextword status`: what is finished, failed or missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from benchmark.sweep.rerun import list_option
from benchmark.sweep.states import STATUSES, RunState, folder_states, job_states

HELP = """\
nextword status                            every run folder
nextword status +sweep=NAME [KEY=VALUE]    the runs of a sweep, those not yet made among them
nextword status -m [KEY=V1,V2 ...]         likewise of a multirun

--status failed,missing    a line for each run of these, and none for others
results_dir=FOLDER         where the runs are (results)

A few runs are a line each; many are counted by corpus and model, and only what did not end well is
listed, with its reason and the command that repeats it.

  ok        finished                          running   a process of this machine is at it
  missing   not begun                         cut off   begun, and its process is gone
  skipped   cannot be: a package is missing, or its model refuses these settings
  failed    ended in an error, or was killed  diverged  its training left the finite numbers
  unusable  a folder to be mended by hand     error     its corpus cannot be found

nextword run --rerun failed,missing [...] runs those of them again.
"""

#: As many runs are a line each; more are counted.
LISTED = 40

#: Told run by run, however many there are.
AMISS = ("running", "cut off", "skipped", "diverged", "failed", "unusable", "error")


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP, end="")
        return 0
    wanted, arguments = list_option("--status", STATUSES, arguments)
    folders = [a.partition("=")[2] for a in arguments if a.startswith("results_dir=")]
    if any(not a.startswith("results_dir=") for a in arguments):
        states: Iterable[RunState] = _of_jobs(arguments)
    else:
        states = folder_states(Path(folders[-1] if folders else "results"))
    counts: Counter[str] = Counter()
    told = _counted(states, counts)
    if wanted:
        _list(state for state in told if state.status in wanted)
    else:
        few = list(islice(told, LISTED + 1))
        if len(few) <= LISTED:
            _list(few)
        else:
            _count(chain(few, told))
    if not counts:
        print("no runs yet; make one: nextword run corpus=sotu_small")
        return 0
    print(f"{counts.total():,} runs: " + ", ".join(f"{counts[s]:,} {s}" for s in STATUSES if counts[s]))
    return 0


def _of_jobs(arguments: Sequence[str]) -> list[RunState]:
    from benchmark.sweep.compose import collect

    return job_states(collect(arguments), say=print)


def _counted(states: Iterable[RunState], counts: Counter[str]) -> Iterator[RunState]:
    for state in states:
        counts[state.status] += 1
        yield state


def _list(states: Iterable[RunState]) -> None:
    for state in states:
        note = state.reason or str(state.folder if state.status in ("ok", "running") else "")
        print(f"{state.status:<9} {state.title}{': ' if note else ''}{note}")
        if state.command and state.status not in ("ok", "running"):
            print(f"{'':9} {state.command}")


def _count(states: Iterable[RunState]) -> None:
    """A table of how many runs of each corpus and model have which status, then those that went amiss."""
    amiss: list[RunState] = []
    table: dict[tuple[str, str], Counter[str]] = {}
    for state in states:
        table.setdefault((state.corpus, state.model), Counter())[state.status] += 1
        if state.status in AMISS:
            amiss.append(state)
    columns = [status for status in STATUSES if any(row[status] for row in table.values())]
    corpora, models = zip(*table, strict=True)
    first, second = (max(map(len, [*names, "corpus"])) for names in (corpora, models))
    print(f"{'corpus':{first}}  {'model':{second}}" + "".join(f"{name:>10}" for name in columns))
    for (corpus, model), row in sorted(table.items()):
        cells = "".join(f"{row[name] or '':>10}" for name in columns)
        print(f"{corpus:{first}}  {model:{second}}{cells}".rstrip())
    print()
    _list(sorted(amiss, key=lambda state: AMISS.index(state.status)))
