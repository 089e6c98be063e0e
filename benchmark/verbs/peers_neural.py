"""`nextword peers neural`: our training and scoring beside the neural examples that people copy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.console.options import Parser, number, positive, whole
from benchmark.errors import UserError
from benchmark.verbs import peers_options

if TYPE_CHECKING:
    from benchmark.peers.neural.plan import NeuralPlan

EPILOG = """\
The peers' code is imported from the folders you name (or from $NEXTWORD_WORD_LANGUAGE_MODEL and
$NEXTWORD_AWD_LSTM), each in a process of its own; one that is not found gets a row with the reason. All
begin with the same weights on the same batches. Only those whose losses over 30 steps agree with ours to
1e-5 are timed, taking turns. These losses, and all scores, are computed in float32 without TF32; the timed
training computes in each --precision, the same for all programs. bfloat16 puts torch's autocast around the
peers' forward pass and loss; float16 does the same, and ours has its recurrent layers in float16, as
autocast has them on CUDA. auto leaves ours its choice for the device, and the peers, in scoring as well,
torch's defaults, with which they were published. With --to-perplexity, the programs are then trained on the
--corpus until they reach that validation perplexity: ours with its recipe (change it by settings such as
model.training.epochs=3), the peers by their main.py as published. The result is written to
RESULTS_DIR/peers/NAME-DATE/neural.json; nextword report shows it. Measure on a machine that does nothing
else.
"""
VERB, OUR_MODULE = "nextword peers neural", "baselines.neural"


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments, intermixed=True)
    from benchmark.peers.neural.measure import measure
    from benchmark.peers.neural.record import NeuralRecord
    from benchmark.peers.neural.table import NeuralPresentation

    plan = _plan(options, peers_options.recorded_command(VERB, arguments))
    presentation = NeuralPresentation()
    return peers_options.carry_out(
        lambda work, say: measure(plan, work, say), NeuralRecord, presentation, options.work
    )


def _parser() -> Parser:
    parser = peers_options.new_parser(VERB, __doc__, EPILOG, OUR_MODULE)
    add = parser.add_argument
    add("--word-language-model", type=Path, metavar="FOLDER", help="word_language_model of pytorch/examples")
    add("--awd-lstm", type=Path, metavar="FOLDER", help="a checkout of salesforce/awd-lstm-lm")
    add("--kinds", default="lstm,rnn,gru", help="networks, comma-separated (default: %(default)s)")
    add("--corpus", metavar="NAME", help="the text: a corpus of conf/corpus, with its vocabulary")
    add(
        "--vocabulary",
        metavar="N,…",
        help="sizes of vocabularies whose texts are drawn by Zipf's law (default: 10000)",
    )
    add(
        "settings",
        nargs="*",
        metavar="KEY=VALUE",
        help="settings of that corpus, or of our run with --to-perplexity",
    )
    add("--threads", default="1", metavar="N,…", help="numbers of CPU threads (default: %(default)s)")
    add("--device", default="cpu", help="as torch names it: cpu, cuda (default: %(default)s)")
    add(
        "--precision",
        default="float32",
        metavar="NAME,…",
        help="arithmetic of training: float32, tf32, bfloat16, float16 for all programs alike, or auto, in "
        "which each has its own defaults (default: %(default)s)",
    )
    add("--layers", type=whole(1), default=2, help="default: %(default)s")
    add("--hidden", type=whole(1), default=200, metavar="N", help="units a layer (default: %(default)s)")
    add("--embedding", type=whole(1), metavar="N", help="size of embeddings (default: that of the layers)")
    add("--untied", action="store_true", help="an output matrix of its own")
    add("--dropout", type=number(0), default=0.0, metavar="P", help="dropout while timed (default: none)")
    add("--batch", type=whole(1), default=20, help="rows side by side (default: %(default)s)")
    add("--unroll", type=whole(1), default=35, help="tokens per step and row (default: %(default)s)")
    add(
        "--rate", type=positive, default=20.0, help="learning rate of gradient descent (default: %(default)s)"
    )
    add("--clip", type=positive, default=0.25, help="largest norm of the gradient (default: %(default)s)")
    add(
        "--steps", type=whole(10), default=60, metavar="N", help="timed steps, in tens (default: %(default)s)"
    )
    add("--rounds", type=whole(1), default=5, metavar="N", help="runs of each program (default: %(default)s)")
    add(
        "--evaluation-tokens",
        type=whole(1),
        default=20_000,
        metavar="N",
        help="tokens to score (default: %(default)s)",
    )
    add(
        "--to-perplexity",
        type=positive,
        metavar="P",
        help="also measure the time to this validation perplexity",
    )
    add(
        "--limit",
        type=positive,
        default=3600.0,
        metavar="SECONDS",
        help="time limit of each program with --to-perplexity (default: 3600)",
    )
    return parser


def _plan(options: argparse.Namespace, command: str) -> NeuralPlan:
    from benchmark.peers.neural.plan import KINDS, ON_CUDA, PRECISIONS, Goal, NeuralPlan
    from benchmark.peers.neural.record import Sizes, Speed

    kinds = _names("--kinds", options.kinds, KINDS)
    precisions = _names("--precision", options.precision, PRECISIONS)
    if not options.device.startswith("cuda") and (wrong := [name for name in precisions if name in ON_CUDA]):
        raise UserError(f"--precision={wrong[0]} is arithmetic of CUDA devices, not of {options.device}")
    _check(options)
    of_corpus = [setting for setting in options.settings if setting.startswith("corpus.")]
    of_run = [setting for setting in options.settings if setting not in of_corpus]
    if of_run and options.to_perplexity is None:
        raise UserError(f"{of_run[0]} is a setting of our run, which needs --to-perplexity")
    if options.corpus is None and (options.to_perplexity is not None or options.settings):
        raise UserError("--to-perplexity and settings of a corpus need --corpus NAME")
    vocabularies = options.vocabulary or ("" if options.corpus else "10000")
    embedding = options.embedding or options.hidden
    return NeuralPlan(
        kinds=kinds,
        corpus=[f"corpus={options.corpus}", *of_corpus] if options.corpus else [],
        vocabularies=_whole_numbers("--vocabulary", vocabularies) if vocabularies else [],
        threads=_whole_numbers("--threads", options.threads),
        precisions=precisions,
        device=options.device,
        sizes=Sizes(
            layers=options.layers,
            embedding_size=embedding,
            hidden_size=options.hidden,
            tied=not options.untied,
            dropout=options.dropout,
            batch=options.batch,
            unroll=options.unroll,
            learning_rate=options.rate,
            clip=options.clip,
        ),
        speed=Speed(steps=options.steps, evaluation_tokens=options.evaluation_tokens),
        rounds=options.rounds,
        goal=None if options.to_perplexity is None else Goal(options.to_perplexity, options.limit, of_run),
        ours=peers_options.our_command(options, OUR_MODULE),
        word_language_model=options.word_language_model,
        awd_lstm=options.awd_lstm,
        name=options.name,
        results_dir=options.results_dir,
        command=command,
    )


def _check(options: argparse.Namespace) -> None:
    """Raises UserError for a number that is out of range."""
    if options.steps % 10:
        raise UserError(f"--steps={options.steps} is not usable: the clock is read every 10 steps; give tens")
    if options.dropout >= 1:
        raise UserError(f"--dropout={options.dropout:g} is not usable: give a share from 0 to below 1")
    if not options.untied and options.embedding not in (None, options.hidden):
        raise UserError("--embedding other than --hidden needs --untied: tied, one matrix serves both ends")


def _names(option: str, given: str, known: Sequence[str]) -> list[str]:
    """The names of a comma-separated option. Raises UserError for one that is not known."""
    names = [name.strip() for name in given.split(",")]
    if wrong := [name for name in names if name not in known]:
        raise UserError(f"{option}={given}: there is no {wrong[0]!r}; give some of {', '.join(known)}")
    return names


def _whole_numbers(option: str, given: str) -> list[int]:
    return [int(part) for part in peers_options.split_numbers(option, given)]
