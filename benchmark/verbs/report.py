"""`nextword report`: build tables, figures and a web page from the finished runs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("nextword report", description=__doc__)
    parser.add_argument("--results-dir", type=Path, default=Path("results"), help="folder of the runs")
    parser.add_argument("--out", type=Path, help="folder to write to (default: RESULTS_DIR/report)")
    parser.add_argument("--table", action="store_true", help="print the comparison table and write nothing")
    # folders may also be given in the syntax of `nextword run`
    spelt = [re.sub(r"^(results_dir|out)=", lambda m: f"--{m[1].replace('_', '-')}=", a) for a in arguments]
    options = parser.parse_args(spelt)

    from benchmark.record.folder import read_runs
    from benchmark.report import build_report, comparison_table

    def say(line: str) -> None:
        print(line, flush=True)

    if options.table:
        say(comparison_table(read_runs(options.results_dir)))
        return 0
    out = options.out or options.results_dir / "report"
    build_report(options.results_dir, out, say=say, show=say)
    say(f"\nthe page: {out / 'index.html'}")
    return 0
