"""`nextword peers neural`: our training and scoring beside the neural examples that people copy."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import UserError
from benchmark.verbs.peers import measured

if TYPE_CHECKING:
    from benchmark.peers.neural.settings import Settings

EPILOG = """\
The peers' code is imported from the folders you name (or $NEXTWORD_WORD_LANGUAGE_MODEL,
$NEXTWORD_AWD_LSTM), each run in a process of its own; one that is not found is a row with the reason.
All begin with the same weights on the same batches, and only those whose losses over 30 steps agree with
ours to 1e-5 are timed, in turns. With --to-perplexity, then: ours with its recipe (change it by settings
such as model.training.epochs=3) and theirs by their main.py as published, on the --corpus.
Writes RESULTS_DIR/peers/NAME-DATE/neural.json; nextword report shows it. Measure on a machine that does
nothing else.
"""


def main(arguments: list[str]) -> int:
    options = _parser().parse_intermixed_args(arguments)
    from benchmark.peers.neural.measure import measure
    from benchmark.peers.records import without_folders

    command = shlex.join(["nextword", "peers", "neural", *map(without_folders, arguments)])
    settings = _settings(options, command)

    return measured(lambda work, say: measure(settings, work, say), options.work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "nextword peers neural",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--word-language-model", type=Path, metavar="FOLDER", help="word_language_model of pytorch/examples")
    add("--awd-lstm", type=Path, metavar="FOLDER", help="a checkout of salesforce/awd-lstm-lm")
    add("--kinds", default="lstm,rnn,gru", help="networks, comma-separated (default: %(default)s)")
    add("--corpus", metavar="NAME", help="the text: a corpus of conf/corpus, with its vocabulary")
    add("--vocabulary", metavar="N,…", help="texts drawn by Zipf's law, of so many words (default: 10000)")
    add("settings", nargs="*", metavar="KEY=VALUE", help="settings of that corpus; of our model, to the goal")
    add("--threads", default="1", metavar="N,…", help="numbers of CPU threads (default: %(default)s)")
    add("--device", default="cpu", help="as torch names it: cpu, cuda (default: %(default)s)")
    add("--precision", default="float32", help="of ours, while timed: tf32, bfloat16 (default: %(default)s)")
    add("--layers", type=int, default=2)
    add("--hidden", type=int, default=200, metavar="N", help="units a layer (default: %(default)s)")
    add("--embedding", type=int, metavar="N", help="size of embeddings (default: that of the layers)")
    add("--untied", action="store_true", help="an output matrix of its own")
    add("--dropout", type=float, default=0.0, metavar="P", help="while timed (default: none)")
    add("--batch", type=int, default=20)
    add("--unroll", type=int, default=35)
    add("--rate", type=float, default=20.0, help="learning rate of gradient descent (default: %(default)s)")
    add("--clip", type=float, default=0.25, help="largest norm of the gradient (default: %(default)s)")
    add("--steps", type=int, default=60, metavar="N", help="timed steps, in tens (default: %(default)s)")
    add("--rounds", type=int, default=5, metavar="N", help="runs of each, in turns (default: %(default)s)")
    add("--evaluation-tokens", type=int, default=20_000, metavar="N", help="scored (default: %(default)s)")
    add("--to-perplexity", type=float, metavar="P", help="then: time to this validation perplexity")
    add("--limit", type=float, default=3600.0, metavar="SECONDS", help="of each, on the way (default: 3600)")
    add("--ours", metavar="COMMAND", help="our command line (default: python -m baselines.neural)")
    add("--name", help="what the comparison is called in the record (default: after its texts)")
    add("--work", type=Path, metavar="FOLDER", help="for temporary files (default: the system's)")
    add("--results-dir", type=Path, default=Path("results"))
    return parser


def _settings(options: argparse.Namespace, command: str) -> Settings:
    from benchmark.peers.neural.settings import KINDS, PRECISIONS, Goal, Settings, Sizes, Speed

    kinds = [kind.strip() for kind in options.kinds.split(",")]
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise UserError(f"--kinds={options.kinds}: there is no {wrong[0]!r}; give some of {', '.join(KINDS)}")
    if options.precision not in PRECISIONS:
        raise UserError(f"--precision={options.precision}: give one of {', '.join(PRECISIONS)}")
    _check(options)
    of_corpus = [setting for setting in options.settings if setting.startswith("corpus.")]
    of_run = [setting for setting in options.settings if setting not in of_corpus]
    if of_run and options.to_perplexity is None:
        raise UserError(f"{of_run[0]} is a setting of our run, which there is with --to-perplexity only")
    if options.corpus is None and (options.to_perplexity is not None or options.settings):
        raise UserError("--to-perplexity and settings of a corpus need --corpus NAME")
    vocabularies = options.vocabulary or ("" if options.corpus else "10000")
    embedding = options.embedding or options.hidden
    return Settings(
        kinds=kinds,
        corpus=[f"corpus={options.corpus}", *of_corpus] if options.corpus else [],
        vocabularies=_numbers("--vocabulary", vocabularies) if vocabularies else [],
        threads=_numbers("--threads", options.threads),
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
        speed=Speed(options.steps, options.rounds, options.evaluation_tokens, options.precision),
        goal=None if options.to_perplexity is None else Goal(options.to_perplexity, options.limit, of_run),
        ours=shlex.split(options.ours) if options.ours else [sys.executable, "-m", "baselines.neural"],
        word_language_model=options.word_language_model,
        awd_lstm=options.awd_lstm,
        name=options.name,
        results_dir=options.results_dir,
        command=command,
    )


def _check(options: argparse.Namespace) -> None:
    """Raise UserError for a number that cannot be."""
    for name in ("layers", "hidden", "embedding", "batch", "unroll", "rounds", "evaluation_tokens"):
        if (value := getattr(options, name)) is not None and value < 1:
            raise UserError(f"--{name.replace('_', '-')}={value} is not usable: give a whole number from 1")
    if options.steps < 10 or options.steps % 10:
        raise UserError(f"--steps={options.steps} is not usable: the clock is read every 10 steps; give tens")
    if not 0 <= options.dropout < 1:
        raise UserError(f"--dropout={options.dropout:g} is not usable: give a share from 0 to below 1")
    for name in ("rate", "clip", "to_perplexity", "limit"):
        if (value := getattr(options, name)) is not None and not value > 0:
            raise UserError(f"--{name.replace('_', '-')}={value:g} is not usable: give a number above 0")
    if not options.untied and options.embedding not in (None, options.hidden):
        raise UserError("--embedding other than --hidden needs --untied: tied, one matrix serves both ends")
    if options.work and not options.work.is_dir():
        raise UserError(f"--work: there is no folder {options.work}")


def _numbers(option: str, given: str) -> list[int]:
    parts = [part.strip() for part in given.split(",")]
    if wrong := [part for part in parts if not part.isdecimal() or int(part) < 1]:
        raise UserError(f"{option}={given} is not usable: {wrong[0]!r} is no whole number from 1")
    return [int(part) for part in parts]
