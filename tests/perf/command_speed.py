"""How fast a model in another process answers: the protocol itself, and kenlm there beside kenlm here.

    python tests/perf/command_speed.py [TRAIN TEST] [--repeat 7] [--batches 100 10000]

One sentence a line, words between blanks; without files the Penn Treebank of $NEXTWORD_CORPORA. The protocol
is timed with the unigram model in C++ of `examples/commands`, which `c++` compiles. The others score with one
ARPA file, of our Kneser-Ney 5-gram. Processor time of both processes, interleaved, median of the repeats.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from ngram_speed import encoded, parser_of_texts

from baselines.ngram.external.kenlm import KenLM
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.write_arpa import write_arpa
from benchmark.build import build_model
from benchmark.contract import RunLog, TokenStream

EXAMPLES = Path(__file__).parents[2] / "examples" / "commands"
#: Distributions that are asked for at once.
ROWS = 50


def main() -> None:
    parser = parser_of_texts(__doc__ or "")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--batches", nargs="+", type=int, default=[100, 10_000])
    options = parser.parse_args()
    train, test = encoded(options.train, options.test)
    with tempfile.TemporaryDirectory() as scratch:
        report(train, test, options.repeat, options.batches, Path(scratch))


def report(train: TokenStream, test: TokenStream, repeat: int, batches: list[int], folder: Path) -> None:
    program = folder / "unigram"
    subprocess.run(["c++", "-O2", "-std=c++17", "-o", program, EXAMPLES / "unigram.cpp"], check=True)
    ours, here = KneserNey(order=5), KenLM(order=5, lmplz=None)
    for model in (ours, here):
        model.fit(train, test, RunLog())
    write_arpa(ours.table, train.vocabulary.tokens, folder / "model.arpa")
    unigram = asked(train, program)
    models: dict[str, Any] = {
        "kenlm here": here,
        "kenlm there": asked(train, sys.executable, EXAMPLES / "kenlm_arpa.py", folder / "model.arpa"),
        **{f"unigram, {batch:,} words at once": asked(train, program, batch=batch) for batch in batches},
    }
    rates: dict[str, list[float]] = {name: [] for name in models}
    rows: list[float] = []
    for _ in range(repeat):
        for name, model in models.items():
            begun = seconds(model)
            model.log_probs(test)
            rates[name].append(len(test) / (seconds(model) - begun))
        begun = seconds(unigram)
        unigram.next_log_probs([test.ids[:place] for place in range(ROWS)])
        rows.append(ROWS / (seconds(unigram) - begun))
    print(f"{len(test):,} tokens of {len(train.vocabulary):,} words; k tokens/s, median (lowest to highest)")
    for name, each in rates.items():
        low, middle, high = min(each) / 1e3, median(each) / 1e3, max(each) / 1e3
        print(f"{name:32}{middle:8.1f}  ({low:.1f} to {high:.1f})")
    ratios = np.array(rates["kenlm here"]) / np.array(rates["kenlm there"])
    spread = f"({ratios.min():.2f} to {ratios.max():.2f})"
    print(f"kenlm here ÷ there, of each round: {np.median(ratios):.2f} {spread}")
    print(f"unigram: {median(rows):.0f} distributions/s")


def seconds(model: Any) -> float:
    """The processor's time so far: of this process, and of the one that is asked, if any."""
    if isinstance(model, KenLM):
        return time.process_time()
    fields = Path(f"/proc/{model._dialogue._process._child.pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(train: TokenStream, *command: object, **settings: Any) -> Any:
    """A model in another process, fitted."""
    words = [str(word) for word in command]
    target = "baselines.command.model.Command"
    model = build_model({"_target_": target, "command": words, "kind": "count", **settings})
    model.fit(train, train, RunLog())
    return model


if __name__ == "__main__":
    main()
