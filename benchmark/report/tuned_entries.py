"""The entries of `nextword tune`, by the text that they were tuned on.

Their records tell what was reached on the validation split, also where the runs are not at hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmark import text
from benchmark.record.result import Result
from benchmark.report.context import Context
from benchmark.search.expected_best import expected_best
from benchmark.search.goal import GOALS
from benchmark.search.record import SearchRecord, Trial, defaults_trial


@dataclass(frozen=True)
class Entry:
    """An entry that has a finished trial. `result`: the record of its best run, None where that is not among
    the runs; `title`: the corpus, for readers; `row`: the number of the best run's row, 0 if it has none."""

    search: SearchRecord
    result: Result | None
    title: str
    family: str
    row: int = 0

    @property
    def corpus(self) -> str:
        return text.clean(self.best.corpus)

    @property
    def best(self) -> Trial:
        return self.search.ranked[0]

    @property
    def best_value(self) -> float:
        return self.best.value or 0.0

    @property
    def default_value(self) -> float | None:
        first = defaults_trial(self.search)
        return first.value if first else None

    @property
    def test_value(self) -> float | None:
        """What the best run has reached on the test split, as people read it; None where it is not known."""
        return self.search.goal.recorded(self.result, "test") if self.result else None

    @property
    def gain(self) -> float | None:
        """By what share the search lowered the value of the defaults."""
        return 1 - self.best_value / self.default_value if self.default_value else None

    @cached_property
    def expected(self) -> list[tuple[int, float, float]]:
        """(trials, core-seconds at the mean cost of a trial, expected lowest value).

        The trial with the defaults is not one of the draws. A trial that failed counts as the worst.
        """
        first = defaults_trial(self.search)
        drawn = [trial for trial in self.search.trials if trial is not first and trial.state != "asked"]
        finished = [trial.value for trial in drawn if trial.value is not None]
        if not finished:
            return []
        values = [max(finished) if trial.value is None else trial.value for trial in drawn]
        cost = self.search.spent / len(self.search.ended)
        return [(count, count * cost, value) for count, value in enumerate(expected_best(values), 1)]


def by_text(context: Context) -> list[tuple[str, list[Entry]]]:
    """The tuned entries, best first, of those that were scored on the same text by the same goal, behind what
    tells them from others of their corpus: the protocol or the goal where there are several."""
    found: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for search, best in _finished(context):
        entry = Entry(
            search,
            context.results.get(best.run_id),
            _title(context, text.clean(best.corpus)),
            context.family_of(search),
            context.numbers.get(best.run_id, 0),
        )
        found[entry.title, _protocol(context, search), search.measure].append(entry)
    protocols = Counter(title for title, _ in {(title, protocol) for title, protocol, _ in found})
    goals = Counter((title, protocol) for title, protocol, _ in found)
    named = []
    for (title, protocol, measure), entries in sorted(found.items()):
        told_apart = f" [{protocol[:6] or 'protocol not known'}]" if protocols[title] > 1 else ""
        told_apart += f", by {GOALS[measure].name}" if goals[title, protocol] > 1 else ""
        named.append((told_apart, sorted(entries, key=lambda entry: entry.best_value)))
    return named


def _finished(context: Context) -> list[tuple[SearchRecord, Trial]]:
    """The entries with their best trials."""
    return [(search, search.best) for search in context.tunings if search.best is not None]


def _title(context: Context, corpus: str) -> str:
    """What a corpus is called for readers, by any run on it."""
    titles = (r.corpus_title for r in context.results.values() if text.clean(r.corpus) == corpus)
    return text.clean(next(filter(None, titles), corpus))


def _protocol(context: Context, search: SearchRecord) -> str:
    """The protocol of a search: that of its runs, or, where none is at hand, the only one of the other
    entries on its corpus; empty where that leaves it open."""
    own = _protocols(context, [search])
    if own:
        return own[0]
    corpus = search.ranked[0].corpus
    others = _protocols(context, [each for each, best in _finished(context) if best.corpus == corpus])
    return others[0] if len(set(others)) == 1 else ""


def _protocols(context: Context, searches: Sequence[SearchRecord]) -> list[str]:
    """The protocols of the runs of searches, those of the best trials first."""
    runs = (context.results.get(trial.run_id) for search in searches for trial in search.ranked)
    return [run.protocol_id or "" for run in runs if run is not None]
