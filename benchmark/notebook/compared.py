"""A comparison of runs as tables that a notebook shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.arguments import whole
from benchmark.compare.comparison import Comparison
from benchmark.compare.comparison import compare as compare_entries
from benchmark.compare.entries import entries_of, with_all_seeds
from benchmark.compare.of_tasks import compare_task_runs
from benchmark.compare.sections import sentence
from benchmark.compare.targets import most_different
from benchmark.console.output import say
from benchmark.errors import UserError
from benchmark.measure.blocks import blocks_of
from benchmark.notebook.compared_tasks import ComparedTasks
from benchmark.notebook.corpora import corpus
from benchmark.record.find import find_run
from benchmark.report.palette import FAMILY_NAMES
from benchmark.statistics.bootstrap import Estimate

if TYPE_CHECKING:
    from pandas import DataFrame


def compare(
    *names: str | Path,
    results_dir: str | Path = "results",
    all_seeds: bool = False,
    block: int | None = None,
    corpora_dir: str | Path | None = None,
    cache_dir: str | Path | None = None,
) -> Compared | ComparedTasks:
    """How much runs on the same events differ, how sure that is, and where (docs/comparing.md).

    The first run is what the others are compared with. Runs that differ only in their seed are one model;
    `all_seeds` adds the other seeds of each setting. Runs of a task are compared by its measures.
    Intervals are over the documents of the test text, or over blocks of `block` lines; of a task, over its
    items. Raises UserError if the runs cannot be compared, and for a `block` that is none.
    """
    if block is not None:
        whole("block", block, 1)
    found = [find_run(Path(results_dir), str(name), say) for name in names]
    if all_seeds:
        found = with_all_seeds(found, Path(results_dir), say)
    if any(run.result.task is not None for run in found):
        if block is not None:
            raise UserError("block= is for language models: items are drawn in blocks of neighbours")
        return ComparedTasks(compare_task_runs(found))
    entries = entries_of(found)
    text = corpus(found[0].folder, corpora_dir=corpora_dir, cache_dir=cache_dir)
    return Compared(compare_entries(entries, text, blocks_of(text.test, block)))


@dataclass(frozen=True, eq=False)
class Compared:
    """A comparison. Differences are the second model's minus the first's: below zero, the second is better.

    Each number stands beside the ends of its 95% interval, `…_low` and `…_high`.
    """

    comparison: Comparison

    @property
    def models(self) -> DataFrame:
        """Each model, best first: mean loss in `nats`, `perplexity`, and the range of its rank."""
        return _frame(
            {
                "label": one.entry.label,
                "family": FAMILY_NAMES.get(one.entry.row.family, one.entry.row.family),
                "seeds": one.entry.seeds,
                "rank_low": one.ranks[0],
                "rank_high": one.ranks[1],
                **_ends("nats", one.nats),
                **_ends("perplexity", one.perplexity),
            }
            for one in sorted(self.comparison.measured, key=lambda one: one.nats.value)
        )

    @property
    def pairs(self) -> DataFrame:
        """Every pair: the difference in `nats` and in `perplexity`, the `ratio` of the perplexities, `p`, and
        `p_holm`, adjusted for all pairs. Both are NaN
        where the losses are no further apart than rounding brings them."""
        return _frame(
            {
                "first": pair.first.label,
                "second": pair.second.label,
                **_ends("nats", pair.nats),
                **_ends("perplexity", pair.perplexity),
                **_ends("ratio", pair.ratio),
                "p": _known(pair.p),
                "p_holm": _known(pair.p_adjusted),
            }
            for pair in self.comparison.pairs
        )

    @property
    def groups(self) -> DataFrame:
        """Where the others differ from the first, in nats a target: by frequency, by whether the n-gram was
        seen, by position, by distance to the last occurrence. `first` and `second` are mean losses; `share`
        adds up to the whole difference."""
        return _frame(
            {
                "label": pair.second.label,
                **{key: value for key, value in asdict(group).items() if key != "interval"},
                "difference_low": group.interval[0] if group.interval else float("nan"),
                "difference_high": group.interval[1] if group.interval else float("nan"),
            }
            for pair, groups in zip(self.comparison.against_first(), self.comparison.groups, strict=True)
            for group in groups
        )

    def targets(self, most: int = 8) -> DataFrame:
        """The targets at which the others are ahead of the first by most, and behind it, in their context.

        `first` and `second` are the probabilities of the target. Raises UserError if `most` is no whole
        number from 1.
        """
        whole("most", most, 1)
        return _frame(
            {"label": pair.second.label, **asdict(target)}
            for pair in self.comparison.against_first()
            for target in most_different(pair.first, pair.second, self.comparison.corpus, most)
        )

    def __str__(self) -> str:
        return "\n".join(sentence(pair) for pair in self.comparison.against_first())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer in words, and the models."""
        said = "".join(f"<p>{escape(line)}</p>" for line in str(self).splitlines())
        return said + self.models.to_html(index=False, float_format="{:.4g}".format)


def _known(p: float | None) -> float:
    return float("nan") if p is None else p


def _ends(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _frame(rows: Any) -> DataFrame:
    from pandas import DataFrame

    found: Sequence[dict[str, Any]] = list(rows)
    return DataFrame(found)
