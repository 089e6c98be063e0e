"""How our time and memory grow with the text: beginnings of a big text, each a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.peers.compare import Row, Say, run_once
from benchmark.peers.contestants import Case, Contestant
from benchmark.peers.texts import Text


@dataclass(frozen=True)
class Plan:
    """What to measure: millions of tokens, orders, and the seconds after which no new point is begun."""

    millions: Sequence[float]
    orders: Sequence[int]
    budget: float | None


def grow(
    contestant: Contestant,
    plan: Plan,
    case: Case,
    texts: tuple[Text, Text],
    work: Path,
    save: Callable[[list[dict[str, Any]]], None],
    say: Say,
) -> list[dict[str, Any]]:
    """One point for each size and order, the small ones first; `save` is called after each.

    A token is a word or the end of a line. A point that would outlast the budget, going by the one
    before it at the same order, is skipped with the reason. Raises UserError where the text is too short.
    """
    train, test = texts
    sizes = [size for size in sorted(plan.millions) if size * 1e6 <= train.words + train.lines]
    if not sizes:
        least = min(plan.millions)
        raise UserError(
            f"--growth: {train.name} has {train.words + train.lines:,} tokens, fewer than the least size, "
            f"{least:g} million; give a longer text or smaller --millions"
        )
    points: list[dict[str, Any]] = []
    spent = 0.0
    with tempfile.TemporaryDirectory(dir=work, prefix="growth-") as folder:
        for prefix, tokens in _prefixes(train.path, sizes, Path(folder)):
            for order in plan.orders:
                row = Row(order, contestant)
                expected = _expected(points, order, tokens)
                if plan.budget is not None and spent + expected > plan.budget:
                    row.status, row.reason = "skipped", f"beyond the budget of {plan.budget:g} s"
                else:
                    paths = [prefix, test.path]
                    run_once(row, replace(case, order=order, train=prefix.name), paths, work / "point")
                points.append({**row.recorded(), "tokens": tokens})
                spent += float(points[-1].get("seconds") or 0.0)
                say(f"{tokens / 1e6:g} million tokens, order {order}: {row.said()}")
                save(points)
    return points


def _prefixes(text: Path, millions: Sequence[float], folder: Path) -> Iterator[tuple[Path, int]]:
    """The whole lines at the front of a text that hold at least so many tokens, as a growing file.

    The last size may come out a little short, where the text ends in it.
    """
    path, tokens = folder / "beginning.txt", 0
    with text.open("rb") as source, path.open("wb") as target:
        for size in millions:
            while tokens < size * 1e6 and (line := source.readline()):
                target.write(line)
                tokens += len(line.split()) + 1
            target.flush()
            yield path, tokens


def _expected(points: Sequence[dict[str, Any]], order: int, tokens: int) -> float:
    """Seconds a point should take: those of the last one of its order, in proportion to the tokens."""
    earlier = [point for point in points if point["order"] == order and "seconds" in point]
    return float(earlier[-1]["seconds"]) * tokens / earlier[-1]["tokens"] if earlier else 0.0
