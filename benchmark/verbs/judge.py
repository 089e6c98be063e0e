"""`nextword judge RUN…`: judge finished runs by BLiMP's minimal pairs and LAMBADA's last words.

The judgements are kept in the run's folder, and the report shows them.
"""

from __future__ import annotations

import time

from benchmark.console.options import OneOf, Parser
from benchmark.console.output import say
from benchmark.judge import TITLES
from benchmark.record.find import find_run
from benchmark.record.progress import Progress
from benchmark.verbs.finished_runs import runs_parser
from benchmark.verbs.progress_line import ProgressLine


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    runs = [find_run(options.results_dir, name) for name in options.runs]

    from benchmark.judge.judge import Material, judge_run, outstanding
    from benchmark.judge.record import read_judgements
    from benchmark.judge.show import plain

    tasks = [options.only] if options.only else list(TITLES)
    material = Material(options.corpora_dir, options.cache_dir, say=say)
    for run in runs:
        name = run.title
        known = None if options.again else read_judgements(run)
        wanted = outstanding(known, tasks)
        if known is None or wanted:
            known = judge_run(run, wanted, material, watch=_Watch)
            print(name)
        else:
            print(f"{name} is judged already; --again judges it anew")
        print(f"\n{plain(known, normalised=run.result.normalised)}\n", flush=True)
    return 0


def _parser() -> Parser:
    again = "judge runs that are judged already, too"
    parser = runs_parser("judge", __doc__, again=again, data="data")
    parser.add_argument(
        "--only",
        type=OneOf(TITLES),
        metavar="TASK",
        help=f"judge by this task only: {' or '.join(TITLES)} (default: by both)",
    )
    return parser


class _Watch:
    """Shows how much of a task is done."""

    def __init__(self, title: str) -> None:
        self._title, self._begun, self._line = title, time.perf_counter(), ProgressLine()

    def __call__(self, done: int, total: int) -> None:
        self._line.show(self._title, Progress(done, total, time.perf_counter() - self._begun))
