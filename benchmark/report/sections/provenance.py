"""Where every number comes from: the run's command, commit, machine and arithmetic."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.record.folder import RunRecord
from benchmark.record.outdated import Outdated, outdated
from benchmark.record.result import Result
from benchmark.report.arithmetic import computed
from benchmark.report.blocks import Block, Definitions, Fold, Section
from benchmark.report.context import Context, letter
from benchmark.report.fields import Field, cells_of, columns_of, number_field, run_measure_field, text_field
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow
from benchmark.storage.reading import or_empty, read_json_object

ORDER = 100
#: Beyond this many runs, the rest are in the CSV only, those of the best rows last.
MOST = 300


@dataclass(frozen=True)
class Run:
    """A run of a row. `environment` is the letter of the environment it was made in; `outdated` says what
    made it, if not what is installed now."""

    row: Row
    result: Result
    environment: str
    outdated: Outdated | None


FIELDS: tuple[Field[Run], ...] = (
    text_field("corpus", "Corpus", lambda run: run.row.corpus_title, "data"),
    text_field("label", "Model", lambda run: run.row.label),
    Field(Column("seed", "Seed", "right"), lambda run: _seed(run.result)),
    run_measure_field(TEST_PERPLEXITY, lambda run: run.result, "data"),
    text_field("command", "Command that repeats it", lambda run: run.result.command, mono=True),
    text_field("run_id", "Run", lambda run: run.result.run_id, mono=True),
    text_field("commit", "Commit", lambda run: _commit(run.result), mono=True),
    text_field("outdated", "Source", lambda run: run.outdated or "present", "more"),
    text_field("environment", "Made on", lambda run: run.environment or None),
    text_field("computed", "Computed with", lambda run: computed(run.result), "more"),
    number_field("threads", "Threads", lambda run: run.result.threads, text.amount, "data"),
    text_field("train_device", "Training device", lambda run: run.result.train_device, "data"),
    text_field("train_dtype", "Training arithmetic", lambda run: run.result.train_dtype, "data"),
    number_field("train_batch", "Training batch", lambda run: run.result.train_batch, text.amount, "data"),
    text_field("score_device", "Scoring device", lambda run: run.result.score_device, "data"),
    text_field("score_dtype", "Scoring arithmetic", lambda run: run.result.score_dtype, "data"),
    number_field("score_batch", "Scoring batch", lambda run: run.result.score_batch, text.amount, "data"),
    Field(Column("started", "Started", level="more"), lambda run: _started(run.result)),
    text_field("version", "nextword", lambda run: run.result.version, "data"),
)


def build(context: Context) -> Section | None:
    environments = {id(run): _environment(run) for row in _rows(context) for run in row.runs}
    letters = {key: letter(i) for i, key in enumerate(sorted({e for e in environments.values() if e}))}
    groups: dict[tuple[str, str], list[TableRow]] = defaultdict(list)
    makers: Counter[Outdated | None] = Counter()
    ranks = {row.number: row.rank or 0 for group in context.ranked_groups for row in group.rows}
    for row in sorted(
        _rows(context), key=lambda row: (row.corpus, ranks.get(row.number, math.inf), row.number)
    ):
        for run in row.runs:
            item = Run(row, run.result, letters.get(environments[id(run)], ""), outdated(run.result))
            makers[item.outdated] += 1
            groups[row.corpus_title, row.corpus].append(
                TableRow(cells_of(FIELDS, item), row.number, row.family)
            )
    titled = tuple(Group(tuple(rows), title, corpus=corpus) for (title, corpus), rows in groups.items())
    caption = f"Every run behind this report: {text.plural(len(environments), 'run')}." + _earlier(makers)
    table = Table("provenance", caption, columns_of(FIELDS), titled, head=1, sortable=True, most=MOST)
    blocks: list[Block] = [table]
    used = Counter(environments.values())
    for key, name in letters.items():
        items = tuple(sorted(json.loads(key).items()))
        blocks.append(Fold(f"Made on {name}: {text.plural(used[key], 'run')}", (Definitions(items),)))
    return Section("provenance", "Provenance", (Fold("Every run, and how to repeat it", tuple(blocks)),))


def _earlier(makers: Counter[Outdated | None]) -> str:
    """How many runs what is installed now did not make, of those that each has made."""
    said = [f"{text.amount(number)} by {maker}" for maker, number in sorted(makers.items(), key=str) if maker]
    return f" Of these {', '.join(said)}; nextword run --rerun outdated repeats those." if said else ""


def _seed(result: Result) -> Cell:
    return Cell(text.NONE if result.seed is None else str(result.seed), result.seed)


def _started(result: Result) -> Cell:
    """Shown as `2025-06-01 10:00`; the CSV has the ISO time."""
    return Cell(
        text.clean(result.started or text.NONE).replace("T", " ")[:16], text.clean(result.started or "")
    )


def _commit(result: Result) -> str | None:
    changed = " + changes" if result.commit_dirty else ""
    return f"{result.commit[:10]}{changed}" if result.commit else None


def _environment(run: RunRecord) -> str:
    """Machine and versions from `environment.json`, as sorted JSON; empty where the file is missing."""
    path = run.folder / "environment.json"
    data = or_empty(lambda: read_json_object(path))
    if not data:
        return ""
    shown = {
        text.clean(key).replace("_", " ").capitalize(): _flat_text(value)
        for key, value in data.items()
        if not str(key).startswith("commit") and value is not None
    }
    return json.dumps(shown, sort_keys=True, ensure_ascii=False)


def _flat_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{text.clean(key)} {text.clean(item)}" for key, item in sorted(value.items()))
    return text.clean(value)


def _rows(context: Context) -> list[Row]:
    """The rows of language models and those of tasks."""
    return [*context.rows, *context.of_tasks]
