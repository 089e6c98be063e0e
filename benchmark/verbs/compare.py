"""`nextword compare RUN RUN […]`: how much runs on the same events differ, how sure that is, and where.

The first run is what the others are compared with. Runs that differ only in their seed are one model, unless
there is nothing else to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

from benchmark.record.find import find_run


def main(arguments: list[str]) -> int:
    options = _parser().parse_args([_as_option(argument) for argument in arguments])
    runs = [find_run(options.results_dir, name) for name in options.runs]

    from benchmark.compare.comparison import compare
    from benchmark.compare.entries import entries_of, keep_blocks, with_all_seeds
    from benchmark.compare.events import events_of
    from benchmark.compare.sections import sections_of
    from benchmark.compare.show import as_json, plain, write_csv, write_page
    from benchmark.measure.blocks import blocks_of

    if options.all_seeds:
        runs = with_all_seeds(runs, options.results_dir)
    entries = entries_of(runs)
    corpus = events_of(runs[0], options.corpora_dir, options.cache_dir, _say)
    keep_blocks(entries, corpus)
    comparison = compare(entries, corpus, blocks_of(corpus.test, options.block))
    sections = sections_of(comparison, options.targets)
    if options.json:
        print(json.dumps(as_json(comparison, options.targets), indent=1, ensure_ascii=False))
    else:
        print(plain(sections))
    if options.csv:
        write_csv(options.csv, sections)
        _say(f"the tables: {options.csv}")
    if options.page:
        write_page(options.page, comparison, sections)
        _say(f"the page: {options.page}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nextword compare", description=__doc__)
    add = parser.add_argument
    add(
        "runs", nargs="+", metavar="RUN", help="a run folder, the start of a run id, a model, or CORPUS/MODEL"
    )
    add("--all-seeds", action="store_true", help="take in the other seeds of each run's setting")
    add(
        "--block",
        type=_positive,
        metavar="LINES",
        help="blocks of so many lines (default: documents, or 50 lines)",
    )
    add("--targets", type=_positive, default=8, metavar="N", help="targets to show (default: %(default)s)")
    add("--json", action="store_true", help="print the comparison as JSON")
    add("--csv", type=Path, metavar="FOLDER", help="also write the tables as CSV files")
    add("--page", type=Path, metavar="FILE.html", help="also write a page, one file that loads nothing else")
    add("--results-dir", type=Path, default=Path("results"), help="folder of the runs")
    add(
        "--corpora-dir",
        type=Path,
        default=_folder("NEXTWORD_CORPORA"),
        help="folder with the corpora you have (default: $NEXTWORD_CORPORA)",
    )
    add(
        "--cache-dir",
        type=Path,
        default=_folder("NEXTWORD_CACHE"),
        help="folder of encoded corpora (default: $NEXTWORD_CACHE, or the platform's cache folder)",
    )
    return parser


def _as_option(argument: str) -> str:
    """Folders may also be given in the syntax of `nextword run`."""
    return re.sub(
        r"^(results_dir|corpora_dir|cache_dir)=", lambda m: f"--{m[1].replace('_', '-')}=", argument
    )


def _folder(variable: str) -> Path | None:
    return Path(value) if (value := os.environ.get(variable)) else None


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return value


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
