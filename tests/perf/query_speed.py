"""How fast our n-gram models score and how large they are, side by side with KenLM's `query`.

    python tests/perf/query_speed.py [TRAIN TEST] [--orders 3 5] [--repeat 15] [--kenlm FOLDER]

One sentence a line, words between blanks; without files the Penn Treebank of $NEXTWORD_CORPORA. FOLDER
holds KenLM's programs lmplz, build_binary and query (default: that of $NEXTWORD_LMPLZ). Each scores the same
text with the same model (lmplz's, ours estimated from the same text), one thread, loaded before: `query`'s
time is that on the text less that on an empty one. It reads words, ours reads ids. Processor time,
interleaved, median of the repeats; `time` is relative to `query` with probing tables. Last, one p(w | four
words) asked for from Python, ours and by the kenlm module.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from ngram_speed import parser_of_texts

from baselines.ngram.standalone.evaluation import scored
from nextword import NgramModel

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

    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        train, test = (plain(text, scratch / text.name) for text in (options.train, options.test))
        print(f"{options.test.name} after {options.train.name}")
        print("order  model               perplexity   M tokens/s   time        MB  bytes/n-gram")
        for order in options.orders:
            report(order, train, test, options, scratch)
        one_word(scratch, test)


#: Our layouts: what becomes of an estimated model.
LAYOUTS: dict[str, Callable[[NgramModel], NgramModel]] = {
    "ours": lambda model: model,
    "ours, indexed": lambda model: model.indexed(),
    "ours, compact": lambda model: model.compacted(),
    "ours, 8 bits": lambda model: model.quantised(8, 8),
    "ours, 8 bits, compact": lambda model: model.quantised(8, 8).compacted(),
}


def report(order: int, train: Path, test: Path, options: argparse.Namespace, scratch: Path) -> None:
    """A row for each way to hold the model of one order."""
    estimated = NgramModel.estimate(train, order)
    models = {}
    for name, changed in LAYOUTS.items():
        changed(estimated).save(scratch / name)
        models[name] = NgramModel(scratch / name)
    stream = models["ours"]._stream(test, "refuse")
    programs = build(order, train, options, scratch)
    seconds: dict[str, list[float]] = {name: [] for name in (*models, *programs)}
    perplexities = {}
    for _ in range(options.repeat):
        for name, model in models.items():
            start = time.process_time()
            scores = scored(model._index or model._table, stream)
            seconds[name].append(time.process_time() - start)
            perplexities[name] = float(np.exp(-scores.mean(dtype=np.float64)))
        for name, binary in programs.items():
            empty, _ = query(options.kenlm, binary, Path(os.devnull))
            whole, perplexities[name] = query(options.kenlm, binary, test)
            seconds[name].append(whole - empty)

    held = {name: model.nbytes for name, model in models.items()}
    held |= {name: binary.stat().st_size for name, binary in programs.items()}
    probing = median(seconds["query, probing"])
    for name, taken in seconds.items():
        print(
            f"{order:5}  {name:21} {perplexities[name]:8.2f}  {len(stream) / median(taken) / 1e6:11.2f}"
            f"  {median(taken) / probing:5.2f}  {held[name] / 1e6:8.1f}"
            f"  {held[name] / sum(estimated.ngrams):12.2f}",
            flush=True,
        )


def one_word(scratch: Path, test: Path) -> None:
    """The time of one p(w | four words), with the models of the last order."""
    import kenlm

    lines = [line.split() for line in test.read_text(encoding="utf-8").splitlines()]
    asked = [(words[i], words[i - 4 : i]) for words in lines for i in range(4, len(words))]
    order = np.random.default_rng(1).permutation(len(asked))[:20_000]
    theirs = kenlm.Model(str(scratch / "query, probing.bin"))
    one, two = kenlm.State(), kenlm.State()

    def by_kenlm(word: str, context: list[str]) -> float:
        states = [one, two]
        theirs.NullContextWrite(one)
        for before in context:
            theirs.BaseScore(states[0], before, states[1])
            states.reverse()
        return theirs.BaseScore(states[0], word, states[1])

    asks = {name: NgramModel(scratch / name).log10_prob for name in ("ours", "ours, compact")}
    print("one p(w | four words)      median      99th percentile")
    for name, ask in {**asks, "kenlm module, probing": by_kenlm}.items():
        for _ in range(2):  # the first pass warms up
            times = []
            for word, context in (asked[place] for place in order.tolist()):
                began = time.perf_counter()
                ask(word, context)
                times.append(time.perf_counter() - began)
        found = np.percentile(np.array(times) * 1e6, [50, 99])
        print(f"       {name:21} {found[0]:7.1f} µs  {found[1]:7.1f} µs", flush=True)


def build(order: int, train: Path, options: argparse.Namespace, scratch: Path) -> dict[str, Path]:
    """lmplz's model of the training text in each of KenLM's forms."""
    arpa, binaries = scratch / "model.arpa", {}
    run([options.kenlm / "lmplz", "-o", str(order), "-S", "1G", "--discount_fallback"], train, arpa)
    for name, arguments in BINARIES.items():
        binaries[name] = scratch / f"{name}.bin"
        run([options.kenlm / "build_binary", *arguments, arpa, binaries[name]], Path(os.devnull))
    return binaries


def plain(text: Path, copy: Path) -> Path:
    """A copy of a text whose words include none that KenLM reserves."""
    words = text.read_text(encoding="utf-8")
    for mark in ("unk", "s", "/s"):
        words = words.replace(f"<{mark}>", f"[{mark}]")
    copy.write_text(words, encoding="utf-8")
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
