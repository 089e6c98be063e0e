"""How fast our n-gram models score and how large they are, side by side with KenLM's `query`.

    python tests/perf/query_speed.py [TRAIN TEST] [--orders 3 5] [--repeat 15] [--kenlm FOLDER]

One sentence a line, words between blanks; without files the Penn Treebank of $NEXTWORD_CORPORA. FOLDER
holds KenLM's programs lmplz, build_binary and query (default: that of $NEXTWORD_LMPLZ). Each scores the same
text with the same model (lmplz's, ours fitted to the same text), one thread, loaded before: `query`'s time
is that on the text less that on an empty one. It reads words, ours reads ids. Processor time,
interleaved, median of the repeats; `time` is relative to ours.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from ngram_speed import encoded, parser_of_texts

from baselines.ngram.compact.quantised import Quantised
from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog, TokenStream

#: What build_binary is told, by what the table calls it.
BINARIES = {
    "query, probing": ["probing"],
    "query, trie": ["-a", "64", "trie"],
    "query, trie, 8 bits": ["-q", "8", "-b", "8", "-a", "64", "trie"],
}


def main() -> None:
    parser = parser_of_texts(__doc__ or "")
    parser.add_argument("--orders", nargs="+", type=int, default=[3, 5])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--kenlm", type=Path, default=Path(os.environ.get("NEXTWORD_LMPLZ", "lmplz")).parent)
    options = parser.parse_args()

    train, test = encoded(options.train, options.test)
    print(
        f"{options.test.name}: {len(test):,} tokens after {len(train):,}, of {len(train.vocabulary):,} words"
    )
    print("order  model               perplexity   M tokens/s   time        MB  bytes/n-gram")
    with tempfile.TemporaryDirectory() as scratch:
        for order in options.orders:
            report(order, train, test, options, Path(scratch))


def report(
    order: int, train: TokenStream, test: TokenStream, options: argparse.Namespace, scratch: Path
) -> None:
    """A row for each way to hold the model of one order."""
    models: dict[str, BackoffModel] = {
        "ours": KneserNey(order=order),
        "ours, 8 bits": Quantised(of=KneserNey(order=order), probability_bits=8, backoff_bits=8),
    }
    for name, model in models.items():
        model.fit(train, test, RunLog())
        (scratch / name).mkdir(exist_ok=True)
        model.save(scratch / name)
        models[name] = type(model).load(scratch / name, train.vocabulary)
    programs = build(order, options, scratch)
    text = plain(options.test, scratch / "test.txt")
    seconds: dict[str, list[float]] = {name: [] for name in (*models, *programs)}
    perplexities = {}
    for _ in range(options.repeat):
        for name, model in models.items():
            start = time.process_time()
            scores = model.log_probs(test)
            seconds[name].append(time.process_time() - start)
            perplexities[name] = float(np.exp(-scores.mean(dtype=np.float64)))
        for name, binary in programs.items():
            empty, _ = query(options.kenlm, binary, Path(os.devnull))
            whole, perplexities[name] = query(options.kenlm, binary, text)
            seconds[name].append(whole - empty)

    held = {name: model.size().bytes_in_memory or 0 for name, model in models.items()}
    held |= {name: binary.stat().st_size for name, binary in programs.items()}
    entries = models["ours"].size().entries or 1
    fastest = median(seconds["ours"])
    for name, taken in seconds.items():
        print(
            f"{order:5}  {name:19} {perplexities[name]:10.2f}  {len(test) / median(taken) / 1e6:11.2f}"
            f"  {median(taken) / fastest:5.2f}  {held[name] / 1e6:8.1f}  {held[name] / entries:12.2f}",
            flush=True,
        )


def build(order: int, options: argparse.Namespace, scratch: Path) -> dict[str, Path]:
    """lmplz's model of the training text in each of KenLM's forms."""
    arpa, binaries = scratch / "model.arpa", {}
    text = plain(options.train, scratch / "train.txt")
    run([options.kenlm / "lmplz", "-o", str(order), "-S", "1G", "--discount_fallback"], text, arpa)
    for name, arguments in BINARIES.items():
        binaries[name] = scratch / f"{name}.bin"
        run([options.kenlm / "build_binary", *arguments, arpa, binaries[name]], Path(os.devnull))
    return binaries


def plain(text: Path, copy: Path) -> Path:
    """A copy of a text whose words include none that KenLM reserves."""
    copy.write_text(text.read_text(encoding="utf-8").replace("<unk>", "<UNK>"), encoding="utf-8")
    return copy


def query(kenlm: Path, binary: Path, text: Path) -> tuple[float, float]:
    """Processor seconds, loading included, and perplexity."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = run([kenlm / "query", "-v", "summary", binary], text)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"including OOVs:\s*(\S+)", said)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, float(found[1]) if found else np.nan


def run(command: list[str | Path], text: Path, output: Path | None = None) -> str:
    with text.open("rb") as stdin, (output or Path(os.devnull)).open("wb") as stdout:
        done = subprocess.run(
            command,
            stdin=stdin,
            stdout=stdout if output else subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=True,
        )
    return (done.stdout or b"").decode()


if __name__ == "__main__":
    main()
