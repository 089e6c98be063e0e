"""`nextword export RUN`: write the model of a finished run, or its scores, in a form for others to use."""

from __future__ import annotations

from pathlib import Path

from benchmark.checkpoint import load_trained
from benchmark.console.options import RUN_HELP, Parser, add_corpora, add_results_dir, file, folder
from benchmark.console.output import say
from benchmark.console.quoting import for_shell
from benchmark.contract import WritesArpa
from benchmark.errors import UserError
from benchmark.record.find import find_run
from benchmark.record.folder import VALID_SCORES, RunRecord
from benchmark.record.scores import read_scores, read_valid_scores
from benchmark.storage.compact_scores import COMPACT, COMPACT_VALID, write_compact


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    run = find_run(options.results_dir, options.run)
    name = run.title
    if options.scores:
        for path in _write_compact_scores(run):
            print(f"{path}: {name}")
    elif options.scores_to:
        from benchmark.compare.events import events_of
        from benchmark.compare.scores_text import write_scores_text
        from benchmark.sweep.recorded_command import corpus_settings

        corpus = events_of(run, options.corpora_dir, options.cache_dir, say)
        settings = write_scores_text(options.scores_to, run, corpus)
        of_corpus = corpus_settings(run.result.command, run.result.corpus)
        command = ["nextword", "run", "model=scores", *of_corpus, *settings]
        print(f"{options.scores_to}: {name}\nread them with: {' '.join(map(for_shell, command))}")
    else:
        _write_arpa(run, options.arpa)
        print(f"{options.arpa}: {name}")
    return 0


def _parser() -> Parser:
    parser = Parser("nextword export", __doc__)
    parser.add_argument("run", help=RUN_HELP)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--arpa",
        type=file,
        metavar="FILE",
        help="the model as an ARPA file: FILE.arpa, or FILE.arpa.gz (or .bz2, .xz) to compress it",
    )
    what.add_argument(
        "--scores",
        action="store_true",
        help=f"the score of every test and validation target, rounded, as {COMPACT} and {COMPACT_VALID} in "
        "the run's folder: small enough to keep with a record, so that others can compare the run",
    )
    what.add_argument(
        "--scores-to",
        type=folder,
        metavar="FOLDER",
        help="the same, exact, as text for other programs: ln p and the token of each target in a line of "
        "valid.txt.xz and test.txt.xz",
    )
    add_results_dir(parser)
    add_corpora(parser, "corpora")
    return parser


def _write_arpa(run: RunRecord, path: Path) -> None:
    model, _, _ = load_trained(run)
    if not isinstance(model, WritesArpa):
        raise UserError(f"{run.result.label} is not a backoff model, so an ARPA file cannot hold it")
    model.write_arpa(path)


def _write_compact_scores(run: RunRecord) -> list[Path]:
    """The files that were written. A run from before validation scores were kept has none of them."""
    written = [run.folder / COMPACT]
    write_compact(written[0], read_scores(run))
    if (run.folder / VALID_SCORES).exists():
        written.append(run.folder / COMPACT_VALID)
        write_compact(written[1], read_valid_scores(run))
    return written
