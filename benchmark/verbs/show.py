"""`nextword show RUN`: the results and settings of one run, and the code and machine behind them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmark import text
from benchmark.console.options import RUN_HELP, Parser, add_results_dir
from benchmark.console.terminal import Column, json_text, table
from benchmark.job import run_title
from benchmark.record.config import FILE
from benchmark.record.find import find_run
from benchmark.record.folder import RunRecord
from benchmark.storage.reading import or_warn, read_text
from benchmark.task.tasks import TASKS
from benchmark.task.tasks import reached as reached_in_task

#: Long values that are not shown with the others.
ELSEWHERE = (
    "test_measures",
    "valid_measures",
    "published",
    "traceback",
    "model_settings",
    "bucket_edges",
    "bucket_targets",
    "bucket_nll",
)


def main(arguments: list[str]) -> int:
    parser = Parser("nextword show", __doc__)
    parser.add_argument("run", help=RUN_HELP)
    add_results_dir(parser)
    parser.add_argument("--json", action="store_true", help="print the record as JSON")
    options = parser.parse(arguments)
    run = find_run(options.results_dir, options.run)
    if options.json:
        print(json_text(run.result.to_json()))
        return 0
    result = run.result
    shown = {key: value for key, value in sorted(asdict(result).items()) if key not in ELSEWHERE}
    if result.task is not None:  # the many figures of language models alone are left out
        shown = {key: value for key, value in shown.items() if value not in (None, [], {})}
    width = max(map(len, shown))
    title = run_title(result.label or result.model, result.corpus, result.seed, result.train_share)
    reached = reached_in_task(result.task, result.test_measures)
    if result.test_perplexity and result.normalised:
        reached = f"test perplexity {text.perplexity(result.test_perplexity)}"
    print(f"{title}: {', '.join(filter(None, (result.status, reached)))}\n{text.one_line(run.folder)}")
    if result.task is not None:
        print(f"\n{_measures(run)}\n")
    for key, value in shown.items():
        print(f"  {key:{width}}  {_text(value)}")
    config = or_warn(lambda: read_text(run.folder / FILE), "")
    if config:
        print("\n" + config, end="")
    if run.result.traceback:
        print("\n" + run.result.traceback, end="")
    return 0


def _measures(run: RunRecord) -> str:
    """The measures of a run of a task as a table: on the test items with 95% intervals, and on validation
    items."""
    from benchmark.report.group_runs import group_runs
    from benchmark.report.task_groups import drawn, measure_of

    (row,) = group_runs([run])
    task = TASKS.get(run.result.task or "")
    lines, measures = [], task.measures if task else ()
    for measure in measures:
        losses = drawn([row], measure)
        ends = losses.interval(row) if losses else None
        interval = text.NONE if ends is None else " to ".join(map(measure.text, ends))
        test, valid = (measure.text(measure_of(row, measure, split)) for split in ("test", "valid"))
        lines.append((measure.title, test, interval, valid))
    of_test, of_valid = run.result.test_measures, run.result.valid_measures
    for key in dict.fromkeys([*of_test, *of_valid]):  # those that are no means of items, such as calibration
        if key not in {measure.key for measure in measures}:
            test, valid = (text.three_decimals(found.get(key)) for found in (of_test, of_valid))
            lines.append((key.replace("_", " ").capitalize(), test, text.NONE, valid))
    heads = ("Test", "95% interval", "Validation")
    return table([Column("Measure", folds=True), *(Column(head, right=True) for head in heads)], lines)


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return text.one_line(value)
