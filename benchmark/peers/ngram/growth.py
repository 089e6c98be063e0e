"""How our time and memory grow with the text: the beginnings of a long text, a process for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.errors import UserError
from benchmark.peers.ngram.contestants import NgramTask
from benchmark.peers.ngram.record import NgramCase, NgramRun
from benchmark.peers.ngram.run_stages import NgramEntry
from benchmark.peers.ngram.texts import Text
from benchmark.peers.record import Row


@dataclass(frozen=True)
class GrowthPlan:
    """The training texts in millions of tokens, and the seconds after which no new point is begun."""

    millions: Sequence[float]
    budget: float | None


def growth_tasks(
    plan: GrowthPlan, orders: Sequence[int], train: Text, task: NgramTask, folder: Path
) -> Iterator[NgramTask]:
    """`task` for every size and order, the small sizes first. The texts are written to `folder`.

    Raises UserError if the text is shorter than the least size.
    """
    sizes = [size for size in sorted(plan.millions) if size * 1e6 <= train.file.tokens]
    if not sizes:
        raise UserError(
            f"--growth: {train.file.name} has {train.file.tokens:,} tokens, fewer than the least size, "
            f"{min(plan.millions):g} million; give a longer text or smaller --millions"
        )
    return (
        replace(task, case=NgramCase(order, tokens), train=path.name, files=(path, *task.files))
        for path, tokens in _beginnings(train.path, sizes, folder)
        for order in orders
    )


def _beginnings(text: Path, millions: Sequence[float], folder: Path) -> Iterator[tuple[Path, int]]:
    """The whole lines at the front of a text that have at least so many tokens, as a file that grows.

    The last one may have a few tokens less, if the text ends before.
    """
    path, tokens = folder / "beginning.txt", 0
    with text.open("rb") as source, path.open("wb") as target:
        for size in millions:
            while tokens < size * 1e6 and (line := source.readline()):
                target.write(line)
                tokens += len(line.split()) + 1
            target.flush()
            yield path, tokens


class Budget:
    """Skips the points that would go beyond a number of seconds, judging by those measured before."""

    def __init__(self, seconds: float, rows: Sequence[Row[NgramCase, NgramRun]]) -> None:
        self._seconds, self._rows = seconds, rows

    def admit(self, task: NgramTask, entries: Sequence[NgramEntry]) -> None:
        """Let all entries of a task drop out if there is no time for it."""
        used = sum(run.seconds for row in self._rows for run in row.runs)
        if used + self._expected(task.case) > self._seconds:
            for entry in entries:
                entry.row.drop_out("skipped", f"beyond the budget of {self._seconds:g} s")

    def _expected(self, case: NgramCase) -> float:
        """Seconds that a case should take: those of the last one of its order, in proportion to tokens."""
        earlier = [row for row in self._rows if row.case.order == case.order and row.runs]
        return earlier[-1].runs[-1].seconds * case.tokens / earlier[-1].case.tokens if earlier else 0.0
