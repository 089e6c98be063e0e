"""`nextword export RUN --arpa FILE`: write the model of a finished run in a format that other tools read."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.checkpoint import load_trained
from benchmark.contract import WritesArpa
from benchmark.errors import UserError
from benchmark.record.find import find_run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("nextword export", description=__doc__)
    parser.add_argument("run", help="a run folder, the start of a run id, a model, or CORPUS/MODEL")
    parser.add_argument(
        "--arpa",
        type=Path,
        required=True,
        metavar="FILE",
        help="FILE.arpa, or FILE.arpa.gz to compress it",
    )
    parser.add_argument("--results-dir", type=Path, default=Path("results"))
    options = parser.parse_args(arguments)
    run = find_run(options.results_dir, options.run)
    model, _, _ = load_trained(run)
    if not isinstance(model, WritesArpa):
        raise UserError(f"{run.result.label} is not a backoff model, so an ARPA file cannot hold it")
    model.write_arpa(options.arpa)
    print(f"{options.arpa}: {run.result.label} on {run.result.corpus} ({run.folder.name})")
    return 0
