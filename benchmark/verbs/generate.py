"""`nextword generate RUN`: the words that a finished run expects next, and text sampled from it."""

from __future__ import annotations

import numpy as np

from benchmark.checkpoint import load_trained
from benchmark.console.options import RUN_HELP, Parser, add_results_dir, number, whole
from benchmark.errors import UserError
from benchmark.generate import Sampling, next_words, sample
from benchmark.record.find import find_run
from benchmark.record.folder import CHECKPOINT
from benchmark.text import one_line


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    run = find_run(options.results_dir, options.run)
    model, vocabulary, config = load_trained(run)

    from benchmark.corpus import tokeniser_of

    tokeniser = tokeniser_of(config["corpus"], run.folder / CHECKPOINT)
    words = tokeniser.tokenise(options.prompt)
    try:
        context = vocabulary.encode(words)
    except KeyError as unseen:
        raise UserError(f"--prompt: {unseen} is not in the vocabulary of {run.result.corpus}") from unseen
    unseen_words = [word for word in words if word not in vocabulary.ids]
    if unseen_words:
        print(f"not in the vocabulary and read as <unk>: {', '.join(unseen_words)}")
    print(f"{run.title}\n")
    for token, probability in next_words(model, context, vocabulary, options.top):
        word = tokeniser.shown(token)
        print(f"  {probability:8.4f}  {word if word == one_line(word).strip() != '' else repr(word)}")
    sampling = Sampling(options.temperature, options.top_k, options.length, options.allow_unknown)
    random = np.random.default_rng(options.seed)
    for _ in range(options.samples):
        drawn = sample(model, context, vocabulary, sampling, random)
        print(f"\n{tokeniser.detokenise([*words, *drawn])}")
    return 0


def _parser() -> Parser:
    parser = Parser("nextword generate", __doc__)
    add = parser.add_argument
    add("run", help=RUN_HELP)
    add("--prompt", default="", help="the text to continue")
    add("--top", type=whole(0), default=10, help="likely next words to list (default: %(default)s)")
    add("--temperature", type=number(0), default=1.0, help="below 1: likelier words; 0: the best")
    add("--top-k", type=whole(0), default=0, help="sample from the K likeliest words only (0: all)")
    add("--length", type=whole(1), default=30, help="most tokens in a text (default: %(default)s)")
    add("--samples", type=whole(0), default=3, help="texts to sample (default: %(default)s)")
    add("--seed", type=whole(0), default=1, help="random seed of the samples (default: %(default)s)")
    add("--allow-unknown", action="store_true", help="allow <unk> to be sampled")
    add_results_dir(parser)
    return parser
