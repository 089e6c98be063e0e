"""`nextword judge RUN…`: judge finished runs by BLiMP's minimal pairs and LAMBADA's last words.

The judgements are kept in the run's folder, and the report shows them.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

from benchmark.judge import TITLES
from benchmark.record.find import find_run
from benchmark.record.progress import Progress, Throttle


def main(arguments: list[str]) -> int:
    options = _parser().parse_args([_as_option(argument) for argument in arguments])
    runs = [find_run(options.results_dir, name) for name in options.runs]

    from benchmark.judge.judge import Material, judge_run, outstanding
    from benchmark.judge.record import read_judgements
    from benchmark.judge.show import plain

    tasks = [options.only] if options.only else list(TITLES)
    material = Material(options.corpora_dir, options.cache_dir, say=_say)
    for run in runs:
        name = f"{run.result.label} on {run.result.corpus} ({run.folder.name})"
        known = None if options.again else read_judgements(run)
        wanted = outstanding(known, tasks)
        if known is None or wanted:
            known = judge_run(run, wanted, material, watch=_Progress)
            print(name)
        else:
            print(f"{name} is judged already; --again judges it anew")
        print(f"\n{plain(known, normalised=run.result.normalised)}\n", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nextword judge", description=__doc__)
    add = parser.add_argument
    add(
        "runs", nargs="+", metavar="RUN", help="a run folder, the start of a run id, a model, or CORPUS/MODEL"
    )
    add("--only", choices=list(TITLES), help="judge by this task only (default: by both)")
    add("--again", action="store_true", help="judge runs that are judged already, too")
    add("--results-dir", type=Path, default=Path("results"), help="folder of the runs")
    add(
        "--corpora-dir",
        type=Path,
        default=_folder("NEXTWORD_CORPORA"),
        help="folder with the data you have (default: $NEXTWORD_CORPORA)",
    )
    add(
        "--cache-dir",
        type=Path,
        default=_folder("NEXTWORD_CACHE"),
        help="folder for downloads (default: $NEXTWORD_CACHE, or the platform's cache folder)",
    )
    return parser


def _as_option(argument: str) -> str:
    """Folders may also be given in the syntax of `nextword run`."""
    return re.sub(
        r"^(results_dir|corpora_dir|cache_dir)=", lambda m: f"--{m[1].replace('_', '-')}=", argument
    )


def _folder(variable: str) -> Path | None:
    return Path(value) if (value := os.environ.get(variable)) else None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class _Progress:
    """Shows how much of a task is done: on a terminal in one line, elsewhere now and then."""

    def __init__(self, title: str) -> None:
        self._title, self._begun, self._throttle = title, time.perf_counter(), Throttle()

    def __call__(self, done: int, total: int) -> None:
        progress = Progress(done, total, time.perf_counter() - self._begun)
        line = f"{self._title}: {progress.described()}"
        if sys.stderr.isatty():
            end = "\r\x1b[K" if done == total else ""
            print(f"\r\x1b[K{line}", end=end, file=sys.stderr, flush=True)
        elif self._throttle.due():
            _say(line)
