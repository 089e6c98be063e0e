"""Learning curves: the rows of one model, by how much text it was trained on."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from benchmark import text
from benchmark.measure.measures import VALID_PERPLEXITY
from benchmark.report.curve_crossings import CurveComparison, Points, compare_curves
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row


@dataclass(frozen=True, eq=False)
class Curve:
    """A model's rows in order of training tokens, at least two."""

    name: str
    rows: tuple[Row, ...]

    @property
    def family(self) -> str:
        return self.rows[0].family

    @property
    def largest(self) -> Row:
        """The row with the most training tokens, which links the line to the comparison."""
        return self.rows[-1]

    @property
    def points(self) -> Points:
        """Training tokens and mean test perplexity over seeds."""
        return [(training_tokens(row), row.perplexity or math.inf) for row in self.rows]

    @property
    def seeds(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The points of each seed, for the sizes that were run with it."""
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in self.rows:
            for run in row.runs:
                value = run.result.test_perplexity
                if value is not None:
                    found[str(run.result.seed)].append((training_tokens(row), value))
        return tuple(tuple(found[seed]) for seed in sorted(found))


def training_tokens(row: Row) -> float:
    """Number of tokens in the text a row was trained on."""
    return float(row.first.train_targets or 0)


def learning_curves(group: RankedGroup) -> list[Curve]:
    """Models trained on two or more amounts of text, one of them a share; the best at its largest first."""
    same: dict[tuple[str, ...], dict[float, Row]] = defaultdict(dict)
    for row in group.rows:
        tokens = training_tokens(row)
        if tokens and math.isfinite(row.perplexity or math.inf):
            key = (row.model, text.clean(row.first.label) or row.label, row.history)
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
    return sorted(
        found, key=lambda curve: (-training_tokens(curve.largest), _validation(curve.largest), curve.name)
    )


def _validation(row: Row) -> float:
    return row.mean(VALID_PERPLEXITY) or math.inf


def against_ngrams(found: list[Curve], most: int | None = None) -> list[tuple[Curve, Curve, CurveComparison]]:
    """Each neural curve, best first, compared with Kneser-Ney's and with the best n-gram model's, where their
    ranges overlap; at most so many neural curves."""
    below = [reference_curve(found), next((curve for curve in found if curve.family == "count"), None)]
    ngrams = [curve for curve in dict.fromkeys(below) if curve is not None]
    neural = [curve for curve in found if curve.family == "neural"][:most]
    compared = [
        (curve, ngram, compare_curves(curve.points, ngram.points)) for curve in neural for ngram in ngrams
    ]
    return [(curve, ngram, met) for curve, ngram, met in compared if met is not None]


def reference_curve(found: list[Curve]) -> Curve | None:
    """The curve that others are divided by: the best one of Kneser-Ney, else the best n-gram model's."""
    ngram = [curve for curve in found if curve.family == "count"]
    kneser_ney = (curve for curve in ngram if "kneser" in f"{curve.rows[0].model} {curve.name}".lower())
    return next(kneser_ney, ngram[0] if ngram else None)


def ratios(curve: Curve, below: Curve) -> list[tuple[float, float]]:
    """Training tokens, and the perplexity of one curve divided by the other's, at the sizes both have."""
    base = dict(below.points)
    return [(tokens, value / base[tokens]) for tokens, value in curve.points if tokens in base]
