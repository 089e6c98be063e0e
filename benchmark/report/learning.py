"""Learning curves: the rows of a model by how much text it learnt from."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from benchmark.report.crossing import Meeting, Points, meeting
from benchmark.report.events import Events
from benchmark.report.rows import Row, number_of


@dataclass(frozen=True)
class Curve:
    """A model's rows by training tokens, at least two of them."""

    name: str
    rows: tuple[Row, ...]

    @property
    def family(self) -> str:
        return self.rows[0].family

    @property
    def whole(self) -> Row:
        """The row of the largest size; it links the line to the comparison."""
        return self.rows[-1]

    @property
    def points(self) -> Points:
        """Training tokens and mean test perplexity over seeds."""
        return [(tokens_of(row), row.perplexity or math.inf) for row in self.rows]

    @property
    def seeds(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The points of each seed, for those sizes that were run with it."""
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in self.rows:
            for run in row.runs:
                value = number_of(run.result, "test_perplexity")
                if value is not None:
                    found[str(run.result.get("seed"))].append((tokens_of(row), value))
        return tuple(tuple(found[seed]) for seed in sorted(found))


def tokens_of(row: Row) -> float:
    """How many targets its training text holds."""
    return row.mean("train_targets") or 0.0


def curves(events: Events) -> list[Curve]:
    """Models with at least two sizes, one of them less than all; the best at its largest size first."""
    same: dict[tuple[str, ...], dict[float, Row]] = defaultdict(dict)
    for row in events.rows:
        tokens = tokens_of(row)
        if tokens and math.isfinite(row.perplexity or math.inf):
            key = (row.shared("model"), row.shared("label") or row.label, row.shared("context"))
            known = same[key].get(tokens)
            if known is None or _validation(row) < _validation(known):
                same[key][tokens] = row
    several = [
        (key, tuple(row for _, row in sorted(sizes.items())))
        for key, sizes in same.items()
        if len(sizes) > 1 and any(row.train_share != 1 for row in sizes.values())
    ]
    names = Counter(label for (_, label, _), _ in several)
    found = [
        Curve(label if names[label] == 1 else f"{label} ({model}, {history})", rows)
        for (model, label, history), rows in several
    ]
    return sorted(found, key=lambda curve: (-tokens_of(curve.whole), curve.whole.perplexity, curve.name))


def _validation(row: Row) -> float:
    return row.mean("valid_perplexity") or math.inf


def meetings(found: list[Curve]) -> list[tuple[Curve, Curve, Meeting]]:
    """The best counted model with each neural one whose range of sizes touches its own, best first."""
    counted = next((curve for curve in found if curve.family == "count"), None)
    if counted is None:
        return []
    met = ((curve, meeting(curve.points, counted.points)) for curve in found if curve.family == "neural")
    return [(curve, counted, how) for curve, how in met if how is not None]
