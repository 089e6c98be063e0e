"""What `nextword run` prints at its end: what each run has reached, what went wrong, and where to look."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence

from benchmark import text
from benchmark.console.terminal import Column, table
from benchmark.report.model_settings import titles_apart
from benchmark.sweep.outcome import Outcome
from benchmark.sweep.states import RunState, folder_state

#: Rows of the table; of a larger sweep, the best ones.
ROWS = 20


def print_summary(outcomes: Sequence[Outcome]) -> None:
    """A table of the runs of a sweep, or where a single run is, and what to do next."""
    for line in _problems(outcomes):
        print(line, file=sys.stderr)
    if len(outcomes) == 1:
        _of_one(outcomes[0])
    else:
        _of_several(outcomes)


def _problems(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each run that did not end well, but one for all that the same problem kept from starting."""
    alike: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.status != "ok":
            alike.setdefault((outcome.status, outcome.reason, outcome.folder), []).append(outcome)
    lines = []
    for first, *others in alike.values():
        trace = f" (nextword show {first.folder})" if first.status in ("failed", "diverged") else ""
        more = f" ({len(others) + 1} runs)" if others else ""
        lines.append(f"{first.described}{trace}{more}")
    return lines


def _of_one(outcome: Outcome) -> None:
    if outcome.status == "ok":
        print(f"{_finished(outcome)}: {outcome.folder}")
    if outcome.outdated:
        print("the same command with force=true repeats it")


def _finished(outcome: Outcome) -> str:
    if not outcome.earlier:
        return "finished"
    return "finished earlier" + (f", by {outcome.outdated}" if outcome.outdated else "")


def _of_several(outcomes: Sequence[Outcome]) -> None:
    folders = dict.fromkeys(outcome.folder for outcome in outcomes if outcome.status == "ok")
    states = [folder_state(folder) for folder in folders if folder is not None]
    if states:
        print("\n".join(["", *_table_lines(states), ""]))
    counts = Counter(outcome.status for outcome in outcomes)
    earlier = sum(outcome.earlier for outcome in outcomes)
    parts = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    print(f"{len(outcomes)} runs: {parts}" + (f" ({earlier} finished earlier)" if earlier else ""))
    for maker, number in Counter(filter(None, (outcome.outdated for outcome in outcomes))).items():
        print(f"{number} of them made by {maker}: the same command with --rerun outdated repeats those")
    if counts["failed"] + counts["diverged"]:
        print("to repeat the runs that failed or diverged, add --rerun failed to the same command")
    if states:
        results = str(outcomes[0].job.results_dir)
        where = "" if results == "results" else f" results_dir={shlex.quote(results)}"
        print(f"nextword report{where} makes tables, figures and a page; nextword show RUN tells of one")


def _table_lines(states: Sequence[RunState]) -> list[str]:
    """The finished runs, those of a corpus together, the best first."""
    titles = titles_apart([state.title for state in states], [state.settings for state in states])
    rows = sorted(zip(states, titles, strict=True), key=lambda row: (row[0].corpus, row[0].rank))
    columns = [
        Column("Finished", folds=True),
        Column("Test result" if any(state.reached for state in states) else "Test perplexity", right=True),
        Column("Training", right=True, spare=1),
        Column("Run"),
    ]
    cells = [
        (title, _reached(state), text.duration(state.train_seconds), _id(state))
        for state, title in rows[:ROWS]
    ]
    more = [f"… and {len(rows) - ROWS:,} more: nextword status"] if len(rows) > ROWS else []
    return [table(columns, cells), *more]


def _reached(state: RunState) -> str:
    return state.reached or text.perplexity(state.perplexity)


def _id(state: RunState) -> str:
    return state.folder.name if state.folder else ""
