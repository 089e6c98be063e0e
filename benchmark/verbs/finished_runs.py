"""The options of verbs that compute something more for finished runs, and need data for it."""

from __future__ import annotations

from benchmark.console.options import RUN_HELP, Parser, add_corpora, add_results_dir


def runs_parser(verb: str, description: str | None, *, again: str, data: str) -> Parser:
    """A parser of runs, of `--again` with its help, and of the folders of runs and `data`."""
    parser = Parser(f"nextword {verb}", description)
    parser.add_argument("runs", nargs="+", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--again", action="store_true", help=again)
    add_results_dir(parser)
    add_corpora(parser, data)
    return parser
