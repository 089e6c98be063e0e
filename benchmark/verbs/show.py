"""`nextword show RUN`: the results and settings of one run, and the code and machine behind them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmark import text
from benchmark.console.options import RUN_HELP, Parser, add_results_dir
from benchmark.console.terminal import json_text
from benchmark.job import run_title
from benchmark.record.config import FILE
from benchmark.record.find import find_run
from benchmark.storage.reading import or_warn, read_text
from benchmark.task.tasks import reached as reached_in_task

#: Long values that are not shown with the others.
ELSEWHERE = ("published", "traceback", "model_settings", "bucket_edges", "bucket_targets", "bucket_nll")


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
    shown = {key: value for key, value in sorted(asdict(run.result).items()) if key not in ELSEWHERE}
    width = max(map(len, shown))
    result = run.result
    title = run_title(result.label or result.model, result.corpus, result.seed, result.train_share)
    reached = reached_in_task(result.task, result.test_measures)
    if result.test_perplexity:
        reached = f"test perplexity {text.perplexity(result.test_perplexity)}"
    print(f"{title}: {', '.join(filter(None, (result.status, reached)))}\n{run.folder}")
    for key, value in shown.items():
        print(f"  {key:{width}}  {_text(value)}")
    config = or_warn(lambda: read_text(run.folder / FILE), "")
    if config:
        print("\n" + config, end="")
    if run.result.traceback:
        print("\n" + run.result.traceback, end="")
    return 0


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return str(value)
