"""`nextword compare RUN RUN […]`: how much runs on the same events differ, how sure that is, and where.

The first run is what the others are compared with. Runs that differ only in their seed are one model, unless
there is nothing else to compare. With --adds: what each run adds to the best mixture of the others.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmark.console.options import RUN_HELP, Parser, add_corpora, add_results_dir, file, folder, whole
from benchmark.console.output import say
from benchmark.console.terminal import json_text
from benchmark.errors import UserError
from benchmark.record.find import find_run
from benchmark.record.folder import RunRecord

if TYPE_CHECKING:
    from benchmark.report.blocks import Section

#: Targets that are shown where no number is given.
SHOWN = 8


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    runs = [find_run(options.results_dir, name) for name in options.runs]

    from benchmark.compare.entries import with_all_seeds

    if options.all_seeds:
        runs = with_all_seeds(runs, options.results_dir, say)
    if any(run.result.task is not None for run in runs):
        return _of_tasks(runs, options)
    return _additions(runs, options) if options.adds else _comparison(runs, options)


def _of_tasks(runs: list[RunRecord], options: Namespace) -> int:
    """Runs of a task have measures of items in place of losses of targets."""
    from benchmark.compare.of_tasks import compare_task_runs
    from benchmark.compare.of_tasks_shown import as_json, sections

    if options.adds:
        raise UserError("--adds is for language models: answers to items are not mixed")
    if options.block:
        raise UserError("--block is for language models: items are drawn in blocks of neighbours")
    if options.targets:
        raise UserError("--targets is for language models: answers.jsonl in a run's folder has every answer")
    compared = compare_task_runs(runs)
    labels = " and ".join(row.label for row in compared.rows)
    heading = f"{labels} on {compared.rows[0].corpus_title}"
    _show(sections(compared), heading, lambda: as_json(compared), options)
    return 0


def _comparison(runs: list[RunRecord], options: Namespace) -> int:
    from benchmark.compare.comparison import compare
    from benchmark.compare.entries import entries_of, keep_blocks
    from benchmark.compare.events import events_of
    from benchmark.compare.sections import sections_of
    from benchmark.compare.show import as_json
    from benchmark.measure.blocks import blocks_of

    entries = entries_of(runs)
    corpus = events_of(runs[0], options.corpora_dir, options.cache_dir, say)
    keep_blocks(entries, corpus)
    comparison = compare(entries, corpus, blocks_of(corpus.test, options.block))
    shown = options.targets or SHOWN
    sections = sections_of(comparison, shown)
    labels = " and ".join(entry.label for entry in entries)
    _show(sections, f"{labels} on {corpus.title}", lambda: as_json(comparison, shown), options)
    return 0


def _additions(runs: list[RunRecord], options: Namespace) -> int:
    """One run is set against all others of the results folder; several, against each other."""
    from benchmark.compare.additions import others_like, together
    from benchmark.compare.additions_shown import addition_sections, additions_json
    from benchmark.compare.events import events_of
    from benchmark.measure.blocks import blocks_of

    if options.targets:
        raise UserError("--targets is for differences: leave it out, or leave out --adds")
    runs = list({run.folder.resolve(): run for run in runs}.values())
    others = others_like(runs[0], options.results_dir) if len(runs) == 1 else []
    corpus = events_of(runs[0], options.corpora_dir, options.cache_dir, say)
    found = together(runs, others, blocks_of(corpus.test, options.block))
    sections = addition_sections(found, corpus)
    _show(sections, f"What each model adds on {corpus.title}", lambda: additions_json(found), options)
    return 0


def _show(
    sections: list[Section], heading: str, as_json: Callable[[], dict[str, Any]], options: Namespace
) -> None:
    from benchmark.compare.show import plain, write_csv, write_page

    print(json_text(as_json()) if options.json else plain(sections))
    if options.csv:
        write_csv(options.csv, sections)
        say(f"the tables: {options.csv}")
    if options.page:
        write_page(options.page, heading, sections)
        say(f"the page: {options.page}")


def _parser() -> Parser:
    parser = Parser("nextword compare", __doc__)
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN", help=RUN_HELP)
    add(
        "--adds",
        action="store_true",
        help="what each run adds to the best mixture of the others; of one run, to that of all others on the "
        "same text",
    )
    add("--all-seeds", action="store_true", help="take in the other seeds of each run's setting")
    add(
        "--block",
        type=whole(1),
        metavar="LINES",
        help="blocks of so many lines (default: documents, or 50 lines)",
    )
    add("--targets", type=whole(1), metavar="N", help=f"targets to show (default: {SHOWN})")
    add("--json", action="store_true", help="print the comparison as JSON")
    add("--csv", type=folder, metavar="FOLDER", help="also write the tables as CSV files")
    add("--page", type=file, metavar="FILE.html", help="also write a page, one file that loads nothing else")
    add_results_dir(parser)
    add_corpora(parser, "corpora")
    return parser
