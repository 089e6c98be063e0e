"""`nextword peers`: our n-gram engine beside KenLM and MITLM, from a text to its test perplexity.

`nextword peers neural` compares neural training, and `nextword peers latency` the time of one next token.
They have options of their own (--help).
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.console.options import Parser, number, whole
from benchmark.environment import LMPLZ
from benchmark.errors import UserError
from benchmark.verbs import peers_options

if TYPE_CHECKING:
    from benchmark.peers.ngram.measure import NgramPlan

EPILOG = """\
Whole processes take turns: ours; KenLM's lmplz, build_binary and query; MITLM's estimate-ngram. Texts
have one sentence per line, with words separated by blanks. A program that is not found gets a row with
the reason. Programs are looked for in the folders given, in $NEXTWORD_KENLM and $NEXTWORD_MITLM, beside
$NEXTWORD_LMPLZ, and on the PATH. The result is written to RESULTS_DIR/peers/NAME-DATE/ngram.json, or
growth.json with --growth; nextword report shows it. Measure on a machine that does nothing else.
"""
VERB, OUR_MODULE = "nextword peers", "baselines.ngram"
ORDERS, GROWTH_ORDERS = "3,5", "2,3,4,5,6,7"


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    from benchmark.peers.ngram.measure import measure
    from benchmark.peers.ngram.record import NgramRecord
    from benchmark.peers.ngram.table import NgramPresentation

    plan = _plan(options, peers_options.recorded_command(VERB, arguments))
    presentation = None if plan.growth else NgramPresentation()
    return peers_options.carry_out(
        lambda work, say: measure(plan, work, say), NgramRecord, presentation, options.work
    )


def _parser() -> Parser:
    parser = peers_options.new_parser(VERB, __doc__, EPILOG, OUR_MODULE)
    add = parser.add_argument
    add("--train", type=Path, metavar="FILE", help="training text")
    add("--test", type=Path, metavar="FILE", help="test text")
    add("--corpus", metavar="NAME", help="a corpus of conf/corpus to take the texts from (default: sotu)")
    add("settings", nargs="*", metavar="corpus.KEY=VALUE", help="settings of that corpus")
    add("--orders", help=f"comma-separated (default: {ORDERS}; with --growth {GROWTH_ORDERS})")
    add(
        "--repeats",
        type=whole(1),
        default=5,
        metavar="N",
        help="runs of each program, taking turns (default: 5)",
    )
    add(
        "--memory",
        metavar="SIZE",
        help="memory for lmplz (-S) and ours to sort in (default: 1G for lmplz, no limit for ours)",
    )
    add("--threads", type=whole(1), metavar="N", help="threads of ours (default: one per core)")
    add("--lmplz", type=Path, metavar="FILE", help="KenLM's lmplz; the others are looked for beside it")
    add("--kenlm", type=Path, metavar="FOLDER", help="where lmplz, build_binary and query are")
    add("--mitlm", type=Path, metavar="FOLDER", help="where estimate-ngram is")
    add("--growth", action="store_true", help="measure ours alone, on beginnings of the training text")
    add(
        "--millions",
        default="1,2,5,10,20,50,100",
        help="their lengths in millions of tokens (default: %(default)s)",
    )
    add(
        "--budget",
        type=number(0),
        metavar="SECONDS",
        help="with --growth, begin no run that would exceed this time",
    )
    return parser


def _plan(options: argparse.Namespace, command: str) -> NgramPlan:
    from benchmark.peers.ngram.growth import GrowthPlan
    from benchmark.peers.ngram.measure import NgramPlan

    if (options.train is None) != (options.test is None):
        raise UserError("--train and --test go together: give both, or --corpus NAME")
    if options.train and (options.corpus or options.settings):
        raise UserError("give either --train and --test or --corpus, not both")
    if options.memory and not re.fullmatch(r"\d+(\.\d+)?[KMG]", options.memory):
        raise UserError(f"--memory={options.memory} is not usable: give a size such as 500M or 1G")
    default = GROWTH_ORDERS if options.growth else ORDERS
    orders = default if options.orders is None else options.orders
    millions = [
        float(size)
        for size in peers_options.split_numbers("--millions", options.millions, r"(?=.*[1-9])\d*\.?\d+")
    ]
    lmplz = options.lmplz or LMPLZ.value
    return NgramPlan(
        train=options.train,
        test=options.test,
        corpus=[f"corpus={options.corpus or 'sotu'}", *options.settings],
        name=options.name,
        orders=[int(order) for order in peers_options.split_numbers("--orders", orders)],
        rounds=options.repeats,
        memory=options.memory,
        threads=options.threads or len(os.sched_getaffinity(0)),
        ours=peers_options.our_command(options, OUR_MODULE),
        lmplz=lmplz,
        kenlm=options.kenlm,
        mitlm=options.mitlm,
        results_dir=options.results_dir,
        growth=GrowthPlan(millions, options.budget) if options.growth else None,
        command=command,
    )
