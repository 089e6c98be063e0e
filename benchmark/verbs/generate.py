"""`nextword generate RUN`: what a finished run expects next, and how it goes on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.checkpoint import load_trained
from benchmark.errors import UserError
from benchmark.generate import Sampling, next_words, sample
from benchmark.record.find import find_run


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    run = find_run(options.results_dir, options.run)
    model, vocabulary, config = load_trained(run)

    from benchmark.corpus import tokeniser_of

    tokeniser = tokeniser_of(config["corpus"])
    words = tokeniser.tokenise(options.prompt)
    try:
        context = vocabulary.encode(words)
    except KeyError as unseen:
        raise UserError(f"--prompt: {unseen} is not in the vocabulary of {run.result.corpus}") from unseen
    unseen_words = [word for word in words if word not in vocabulary.ids]
    if unseen_words:
        print(f"not in the vocabulary, read as <unk>: {', '.join(unseen_words)}")
    print(f"{run.result.label} on {run.result.corpus} ({run.folder.name})\n")
    for word, probability in next_words(model, context, vocabulary, options.top):
        print(
            f"  {probability:8.4f}  {word!r}" if len(word.strip()) == 0 else f"  {probability:8.4f}  {word}"
        )
    sampling = Sampling(options.temperature, options.top_k, options.length, options.allow_unknown)
    random = np.random.default_rng(options.seed)
    for _ in range(options.samples):
        drawn = sample(model, context, vocabulary, sampling, random)
        print(f"\n{tokeniser.detokenise([*words, *drawn])}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nextword generate", description=__doc__)
    parser.add_argument("run", help="a run folder, the beginning of a run id, a model, or corpus/model")
    parser.add_argument("--prompt", default="", help="the words to go on from")
    parser.add_argument("--top", type=_number(int, 0), default=10, help="rows of the next-word table")
    parser.add_argument("--temperature", type=_number(float, 0), default=1.0, help="0: always the likeliest")
    parser.add_argument("--top-k", type=_number(int, 0), default=0, help="draw from the k likeliest (0: all)")
    parser.add_argument("--length", type=_number(int, 1), default=30, help="most tokens a continuation has")
    parser.add_argument("--samples", type=_number(int, 0), default=3, help="continuations to draw")
    parser.add_argument("--seed", type=_number(int, 0), default=1)
    parser.add_argument("--allow-unknown", action="store_true", help="let <unk> be drawn")
    parser.add_argument("--results-dir", type=Path, default=Path("results"))
    return parser


def _number(kind: type, least: float) -> Any:
    def number(text: str) -> Any:
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is below {least}")
        return value

    return number
