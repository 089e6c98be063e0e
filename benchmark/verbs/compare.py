"""`nextword compare RUN RUN […]`: how much runs on the same events differ, how sure that is, and where.

The first run is what the others are compared with. Runs that differ only in their seed are one model, unless
there is nothing else to compare.
"""

from __future__ import annotations

import sys

from benchmark.console.options import RUN_HELP, Parser, add_corpora, add_results_dir, file, folder, whole
from benchmark.console.terminal import json_text
from benchmark.record.find import find_run


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
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
        print(json_text(as_json(comparison, options.targets)))
    else:
        print(plain(sections))
    if options.csv:
        write_csv(options.csv, sections)
        _say(f"the tables: {options.csv}")
    if options.page:
        write_page(options.page, comparison, sections)
        _say(f"the page: {options.page}")
    return 0


def _parser() -> Parser:
    parser = Parser("nextword compare", __doc__)
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN", help=RUN_HELP)
    add("--all-seeds", action="store_true", help="take in the other seeds of each run's setting")
    add(
        "--block",
        type=whole(1),
        metavar="LINES",
        help="blocks of so many lines (default: documents, or 50 lines)",
    )
    add("--targets", type=whole(1), default=8, metavar="N", help="targets to show (default: %(default)s)")
    add("--json", action="store_true", help="print the comparison as JSON")
    add("--csv", type=folder, metavar="FOLDER", help="also write the tables as CSV files")
    add("--page", type=file, metavar="FILE.html", help="also write a page, one file that loads nothing else")
    add_results_dir(parser)
    add_corpora(parser, "corpora")
    return parser


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
