"""`nextword peers`: our n-gram engine beside KenLM and MITLM, from a text to its test perplexity.

`nextword peers neural` is the comparison of neural training, with options of its own (--help).
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.peers.compare import Say
    from benchmark.peers.measure import Settings

EPILOG = """\
Whole processes take turns: ours; KenLM's lmplz, build_binary and query; MITLM's estimate-ngram. Texts
have one sentence a line, words between blanks. A program that is not found is a row with the reason.
Writes RESULTS_DIR/peers/NAME-DATE/peers.json, with --growth growth.json; nextword report shows them.
Measure on a machine that does nothing else. Programs are looked for in the folders given, in
$NEXTWORD_KENLM and $NEXTWORD_MITLM, beside $NEXTWORD_LMPLZ, and on the PATH.

nextword peers neural compares the training of networks; nextword peers neural --help tells how.
"""
ORDERS, GROWTH_ORDERS = "3,5", "2,3,4,5,6,7"


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["neural"]:
        from benchmark.verbs import peers_neural

        return peers_neural.main(arguments[1:])
    options = _parser().parse_args(arguments)
    from benchmark.peers.measure import measure
    from benchmark.peers.records import without_folders

    settings = _settings(options, shlex.join(["nextword", "peers", *map(without_folders, arguments)]))

    return measured(lambda work, say: measure(settings, work, say), options.work)


def measured(measure: Callable[[Path, Say], object], folder: Path | None) -> int:
    """Measure in a temporary folder below `folder` (None: the system's), aloud; the exit status."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="nextword-peers-") as work:
        try:
            measure(Path(work).resolve(), lambda line: print(line, flush=True))
        except KeyboardInterrupt:
            print("\ninterrupted; what was measured before is recorded", file=sys.stderr)
            return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "nextword peers",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--train", type=Path, metavar="FILE", help="training text")
    add("--test", type=Path, metavar="FILE", help="test text")
    add("--corpus", metavar="NAME", help="texts from this corpus of conf/corpus instead (default: sotu)")
    add("settings", nargs="*", metavar="corpus.KEY=VALUE", help="settings of that corpus")
    add("--name", help="what the text is called in the record (default: its file name up to the dot)")
    add("--orders", help=f"comma-separated (default: {ORDERS}; with --growth {GROWTH_ORDERS})")
    add("--repeats", type=int, default=5, metavar="N", help="runs of each, taking turns (default: 5)")
    add("--memory", metavar="SIZE", help="what lmplz (-S) and ours may sort in (default: lmplz 1G, ours all)")
    add("--threads", type=int, metavar="N", help="threads of ours (default: the cores there are)")
    add("--ours", metavar="COMMAND", help="our command line (default: python -m baselines.ngram)")
    add("--lmplz", type=Path, metavar="FILE", help="KenLM's lmplz; the others are looked for beside it")
    add("--kenlm", type=Path, metavar="FOLDER", help="where lmplz, build_binary and query are")
    add("--mitlm", type=Path, metavar="FOLDER", help="where estimate-ngram is")
    add("--growth", action="store_true", help="ours alone, on beginnings of the training text")
    add("--millions", default="1,2,5,10,20,50,100", help="their tokens, with --growth (default: %(default)s)")
    add("--budget", type=float, metavar="SECONDS", help="begin no point of the growth that would go beyond")
    add("--work", type=Path, metavar="FOLDER", help="for temporary files (default: the system's)")
    add("--results-dir", type=Path, default=Path("results"))
    return parser


def _settings(options: argparse.Namespace, command: str) -> Settings:
    from benchmark.peers.growth import Plan
    from benchmark.peers.measure import Settings

    if (options.train is None) != (options.test is None):
        raise UserError("--train and --test go together: give both, or --corpus NAME")
    if options.train and (options.corpus or options.settings):
        raise UserError("give either --train and --test or --corpus, not both")
    if options.repeats < 1 or (options.threads or 1) < 1:
        raise UserError("--repeats and --threads are whole numbers from 1")
    if options.memory and not re.fullmatch(r"\d+(\.\d+)?[KMG]", options.memory):
        raise UserError(f"--memory={options.memory} is not usable: give a size such as 500M or 1G")
    if options.work and not options.work.is_dir():
        raise UserError(f"--work: there is no folder {options.work}")
    orders = options.orders or (GROWTH_ORDERS if options.growth else ORDERS)
    orders = [int(order) for order in _numbers("--orders", orders, r"[1-9]\d*")]
    millions = [float(size) for size in _numbers("--millions", options.millions, r"\d*\.?\d+")]
    lmplz = options.lmplz or os.environ.get("NEXTWORD_LMPLZ")
    return Settings(
        train=options.train,
        test=options.test,
        corpus=[f"corpus={options.corpus or 'sotu'}", *options.settings],
        name=options.name,
        orders=orders,
        repeats=options.repeats,
        memory=options.memory,
        threads=options.threads or len(os.sched_getaffinity(0)),
        ours=shlex.split(options.ours) if options.ours else [sys.executable, "-m", "baselines.ngram"],
        lmplz=Path(lmplz) if lmplz else None,
        kenlm=options.kenlm,
        mitlm=options.mitlm,
        results_dir=options.results_dir,
        growth=Plan(millions, orders, options.budget) if options.growth else None,
        command=command,
    )


def _numbers(option: str, given: str, pattern: str) -> list[str]:
    parts = [part.strip() for part in given.split(",")]
    wrong = [part for part in parts if not re.fullmatch(pattern, part)]
    if wrong:
        raise UserError(f"{option}={given} is not usable: {wrong[0]!r} is no number from 1; give e.g. 3,5")
    return parts
