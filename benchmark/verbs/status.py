"""`nextword status`: which runs are finished, failed or missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from benchmark import text
from benchmark.console.terminal import Column, json_text, table
from benchmark.errors import UserError
from benchmark.own_folder import without_config_dir
from benchmark.report.model_settings import titles_apart
from benchmark.storage.reading import warn_once
from benchmark.sweep.rerun import list_option
from benchmark.sweep.states import STATUSES, RunState, folder_states, job_states

HELP = """\
nextword status                            every run folder
nextword status +sweep=NAME [KEY=VALUE]    the runs of a sweep, including those not started yet
nextword status -m [KEY=V1,V2 ...]         the same for a multirun

--status failed,missing    list only the runs with one of these statuses
--json                     all of it as JSON
results_dir=FOLDER         the folder of the runs (default: results)

A few runs are listed one by one. Many runs are counted by corpus and model, and only those that did not
end well are listed, each with its reason and the command that repeats it.

  ok        finished                            running   a process on this machine is working on it
  missing   not started                         cut off   started, but its process ended before it did
  skipped   a package is missing, or the model refuses these settings
  failed    ended with an error or was killed   diverged  the loss became infinite or not a number
  unusable  its folder must be mended by hand   error     its corpus cannot be found

nextword run --rerun failed,missing [...] repeats the runs with these statuses; --rerun outdated repeats
finished runs that another version or other source made.
"""

#: Up to this many runs are listed one by one; more are counted.
LISTED = 40

#: Statuses whose runs are listed one by one, however many there are.
GONE_WRONG = ("running", "cut off", "skipped", "diverged", "failed", "unusable", "error")


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP, end="")
        return 0
    wanted, arguments = list_option("--status", STATUSES, arguments)
    as_json = "--json" in arguments
    arguments = [argument for argument in arguments if argument != "--json"]
    folders = [a.partition("=")[2] for a in arguments if a.startswith("results_dir=")]
    if folders and (not folders[-1] or Path(folders[-1]).is_file()):
        raise UserError(f"results_dir={folders[-1]} is not usable: name a folder")
    # a folder of one's own, also that of the environment, names no runs
    if any(not a.startswith("results_dir=") for a in without_config_dir(arguments)):
        states: Iterable[RunState] = _of_jobs(arguments)
    else:
        states = folder_states(Path(folders[-1] if folders else "results"))
    counts: Counter[str] = Counter()
    makers: Counter[str] = Counter()
    counted = _counted(states, counts, makers)
    if as_json:
        runs = [_entry(state) for state in counted if not wanted or state.status in wanted]
        print(json_text({"runs": runs, "counts": counts}))
        return 0
    if wanted:
        _list(state for state in counted if state.status in wanted)
    else:
        few = list(islice(counted, LISTED + 1))
        if len(few) <= LISTED:
            _list(few)
        else:
            _count(chain(few, counted))
    if not counts:
        print("no runs yet; start one: nextword run corpus=sotu_small")
        return 0
    ends = ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts[status])
    print(f"{text.plural(counts.total(), 'run')}: {ends}")
    for maker, number in makers.items():
        print(
            f"{number:,} of them made by {text.one_line(maker)}: nextword run --rerun outdated repeats those"
        )
    return 0


def _of_jobs(arguments: Sequence[str]) -> list[RunState]:
    from benchmark.sweep.compose import collect

    return job_states(collect(arguments), say=warn_once)


def _counted(states: Iterable[RunState], counts: Counter[str], makers: Counter[str]) -> Iterator[RunState]:
    for state in states:
        counts[state.status] += 1
        if state.outdated:
            makers[state.outdated] += 1
        yield state


def _entry(state: RunState) -> dict[str, Any]:
    """A run for another program."""
    return {
        "status": state.status,
        "title": state.title,
        "corpus": state.corpus,
        "model": state.model,
        "run_id": state.folder.name if state.folder else None,
        "folder": str(state.folder) if state.folder else None,
        "test_perplexity": state.perplexity,
        "task": state.task,
        "test_measures": state.measures or None,
        "train_seconds": state.train_seconds,
        "reason": state.reason or None,
        "command": state.command or None,
        "outdated": str(state.outdated) if state.outdated else None,
    }


def _list(found: Iterable[RunState]) -> None:
    states = list(found)
    titles = titles_apart([state.title for state in states], [state.settings for state in states])
    for state, title in zip(states, titles, strict=True):
        note = state.reason or str(state.folder if state.status in ("ok", "running") else "")
        note += f" (by {state.outdated})" if state.outdated else ""
        reached = f", {state.reached}" if state.reached else ""
        if state.perplexity is not None:
            reached = f", perplexity {text.perplexity(state.perplexity)}"
        print(text.one_line(f"{state.status:<9} {title}{reached}{': ' if note else ''}{note}"))
        if state.command and state.status not in ("ok", "running"):
            print(text.one_line(f"{'':9} {state.command}"))


def _count(states: Iterable[RunState]) -> None:
    """A table that counts the runs of each corpus and model by status, then a list of those gone wrong."""
    wrong: list[RunState] = []
    counted: dict[tuple[str, str], Counter[str]] = {}
    for state in states:
        counted.setdefault((state.corpus, state.model), Counter())[state.status] += 1
        if state.status in GONE_WRONG:
            wrong.append(state)
    columns = [status for status in STATUSES if any(row[status] for row in counted.values())]
    rows = [
        (corpus, model, *(f"{row[name]:,}" if row[name] else "" for name in columns))
        for (corpus, model), row in sorted(counted.items())
    ]
    names = [Column("corpus", folds=True), Column("model", folds=True)]
    print(table([*names, *(Column(name, right=True) for name in columns)], rows))
    print()
    _list(sorted(wrong, key=lambda state: GONE_WRONG.index(state.status)))
