"""`nextword export RUN`: write the model of a finished run, or its scores, in a form for others to use."""

from __future__ import annotations

from pathlib import Path

from benchmark.checkpoint import load_trained
from benchmark.console.options import RUN_HELP, Parser, add_results_dir, file
from benchmark.contract import WritesArpa
from benchmark.errors import UserError
from benchmark.record.compact_scores import COMPACT, write_compact
from benchmark.record.find import find_run
from benchmark.record.folder import RunRecord
from benchmark.record.scores import read_scores


def main(arguments: list[str]) -> int:
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
        help=f"the score of every test target, rounded, as {COMPACT} in the run's folder: small enough to "
        "keep with a record, so that others can compare the run (nextword compare)",
    )
    add_results_dir(parser)
    options = parser.parse(arguments)
    run = find_run(options.results_dir, options.run)
    written = _write_scores(run) if options.scores else _write_arpa(run, options.arpa)
    print(f"{written}: {run.result.label} on {run.result.corpus} ({run.folder.name})")
    return 0


def _write_arpa(run: RunRecord, path: Path) -> Path:
    model, _, _ = load_trained(run)
    if not isinstance(model, WritesArpa):
        raise UserError(f"{run.result.label} is not a backoff model, so an ARPA file cannot hold it")
    model.write_arpa(path)
    return path


def _write_scores(run: RunRecord) -> Path:
    path = run.folder / COMPACT
    write_compact(path, read_scores(run))
    return path
