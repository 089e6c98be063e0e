"""What `nextword report` and `nextword status` cost over many runs.

    python tests/perf/report_speed.py [--runs 100 300 1000] [--repeat 1] [--keep FOLDER]

Makes results folders of so many made-up runs over five corpora (`tests/report/many_runs.py`) and times each
verb on them in a process of its own: seconds by the clock, processor seconds (user and system, those of
helper processes included), peak resident memory of the largest process, and the size of what was written.
The best of the repeats; nothing is asserted, a machine's speed is its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))

from many_runs import write_many

#: Runs a verb and says what it and its children used; the numbers come last, so the verb may print.
MEASURED = """
import resource, runpy, sys
sys.argv = ["nextword", *sys.argv[1:]]
try:
    runpy.run_module("benchmark", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print()
print(sum(used.ru_utime + used.ru_stime for used in (own, children)), max(own.ru_maxrss, children.ru_maxrss))
"""


class Cost(NamedTuple):
    """What one process took: seconds, processor seconds, peak resident kilobytes."""

    wall: float
    processor: float
    peak: int


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", nargs="+", type=int, default=[100, 300, 1000])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where the results folders are made and left")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(" runs  verb     wall s user+sys s  peak MB  page kB  .md kB")
    with tempfile.TemporaryDirectory() as scratch:
        for runs in options.runs:
            results = (options.keep or Path(scratch)) / f"{runs}_runs"
            if not results.exists():
                write_many(results, runs)
            for verb, arguments in (
                ("status", [f"results_dir={results}"]),
                ("report", ["--results-dir", str(results)]),
            ):
                best = min(measured([verb, *arguments]) for _ in range(options.repeat))
                print(line(runs, verb, best, results / "report"), flush=True)


def measured(arguments: list[str]) -> Cost:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - start
    processor, peak = done.stdout.splitlines()[-1].split()
    return Cost(wall, float(processor), int(peak))


def line(runs: int, verb: str, cost: Cost, report: Path) -> str:
    sizes = ""
    if verb == "report":
        page, text = ((report / name).stat().st_size / 1000 for name in ("index.html", "report.md"))
        sizes = f" {page:8.0f} {text:7.0f}"
    return f"{runs:5}  {verb:7} {cost.wall:7.1f} {cost.processor:10.1f} {cost.peak / 1000:8.0f}{sizes}"


if __name__ == "__main__":
    main()
