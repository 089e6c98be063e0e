"""A comparison of runs of a task as tables that a notebook shows."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from benchmark.compare.of_tasks import Measured, TaskComparison
from benchmark.compare.of_tasks_shown import sentences
from benchmark.report.task_groups import FAMILIES

if TYPE_CHECKING:
    from pandas import DataFrame

_UNKNOWN = (float("nan"), float("nan"))


@dataclass(frozen=True, eq=False)
class ComparedTasks:
    """A comparison of runs of a task. Differences are the second row's measure minus the first's.

    Each number stands beside the ends of its 95% interval, `…_low` and `…_high`; they are NaN where the runs
    keep no losses of items.
    """

    comparison: TaskComparison

    @property
    def models(self) -> DataFrame:
        """Each row in the order in which it was named, with every measure under its key."""
        from pandas import DataFrame

        return DataFrame(
            {
                "label": row.label,
                "family": FAMILIES.get(row.family, row.family),
                "seeds": len(row.runs),
                **{
                    key: value
                    for each in self.comparison.measured
                    if each.row is row
                    for key, value in _ends(each.measure.key, each.value, each.interval).items()
                },
            }
            for row in self.comparison.rows
        )

    @property
    def pairs(self) -> DataFrame:
        """The first row with each other one, by every measure: the `difference`, whether `higher_is_better`,
        and `p_holm`, adjusted for all differences of the measure."""
        from pandas import DataFrame

        first = self.comparison.rows[0]
        return DataFrame(
            {"first": first.label, **_pair(each)}
            for each in self.comparison.measured
            if each.row is not first
        )

    def __str__(self) -> str:
        return "\n".join(sentences(self.comparison))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer in words, and the rows."""
        said = "".join(f"<p>{escape(line)}</p>" for line in str(self).splitlines())
        return said + self.models.to_html(index=False, float_format="{:.4g}".format)


def _pair(each: Measured) -> dict[str, object]:
    found = each.difference
    ends = (found.shown.low, found.shown.high) if found else None
    return {
        "second": each.row.label,
        "measure": each.measure.key,
        "higher_is_better": each.measure.higher_is_better,
        **_ends("difference", found.shown.value if found else None, ends),
        "p_holm": found.p if found and found.p is not None else float("nan"),
    }


def _ends(name: str, value: float | None, ends: tuple[float, float] | None) -> dict[str, float]:
    low, high = ends or _UNKNOWN
    return {name: float("nan") if value is None else value, f"{name}_low": low, f"{name}_high": high}
