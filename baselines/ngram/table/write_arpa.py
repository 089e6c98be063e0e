"""A backoff table as an ARPA file, which KenLM, SRILM and IRSTLM can read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import log
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from baselines.ngram.table.backoff import BackoffTable
from benchmark.corpus.marks import END, START, UNKNOWN
from benchmark.errors import UserError
from benchmark.storage.files import atomic_file

#: What the format writes as log10 of zero.
_ZERO = -99.0
_ROUNDING = 1e-5  # how far above 0 that of one may be
_LINES = 1 << 17  # lines formatted at a time
_PACKING = 6  # gzip's default: 9 takes three times as long for a few per cent
_MARKS = frozenset({START, END, UNKNOWN})
_SEPARATOR = re.compile(r"[\0\t\n\v\f\r ]")


def write_arpa(table: BackoffTable, spellings: Sequence[str], path: Path) -> None:
    """Write `table` with word i spelled `spellings[i]`, UTF-8, packed if the path ends in .gz, .bz2 or .xz.

    `<s>` gets its backoff weight and no probability. `<unk>` and `</s>`, which readers expect, are added
    without probability if they are not among the spellings. Raises UserError for a spelling that the format
    cannot hold (empty, or with white space) or that a reader takes for a mark (`<s>`, and `<UNK>`, `<S>` and
    the like: KenLM takes `<UNK>` for `<unk>`), and if the file cannot be written.
    """
    for word in spellings:
        if not word or _SEPARATOR.search(word):
            raise UserError(
                f"an ARPA file cannot hold the word {word!r}: give it another spelling in the text"
            )
        if word.lower() in _MARKS and word not in (UNKNOWN, END):
            raise UserError(
                f"an ARPA file cannot hold the word {word!r}, which readers take for {word.lower()}: give it "
                "another spelling in the text"
            )
    with atomic_file(path) as file, _packed(file, path) as packed:
        text = io.TextIOWrapper(packed, encoding="utf-8", newline="\n")
        _write(table, spellings, text)
        text.flush()
        text.detach()


def _packed(file: IO[bytes], path: Path) -> AbstractContextManager[IO[bytes]]:
    """The file to write text to, which packs it as the path says."""
    pack: dict[str, Callable[[], Any]] = {
        ".gz": lambda: gzip.GzipFile(path.name, "wb", _PACKING, file),
        ".bz2": lambda: bz2.BZ2File(file, "wb"),
        ".xz": lambda: lzma.LZMAFile(file, "wb"),  # noqa: SIM115 (the caller closes it)
    }
    return cast(AbstractContextManager[IO[bytes]], pack.get(path.suffix, lambda: nullcontext(file))())


def _write(table: BackoffTable, spellings: Sequence[str], file: IO[str]) -> None:
    added = [word for word in (UNKNOWN, END) if word not in spellings]
    names = np.array([*spellings, START], dtype=object)
    file.write("\\data\\\n")
    for n, probs in enumerate(table.log_probs, 1):
        file.write(f"ngram {n}={len(probs) + (n == 1) * (1 + len(added))}\n")
    for n in range(1, table.order + 1):
        file.write(f"\n\\{n}-grams:\n")
        if n == 1:
            file.writelines(f"{_ZERO:g}\t{word}\n" for word in added)
        file.writelines(_lines(table, n, names))
    file.write("\n\\end\\\n")


def _lines(table: BackoffTable, n: int, names: np.ndarray) -> Iterator[str]:
    """The section of order n, in strings of many lines."""
    words = [table.words_of(order) for order in range(1, n + 1)]
    contexts = [table.contexts_of(order) for order in range(2, n + 1)]
    template = "%.8g\t" + " ".join(["%s"] * n) + ("\t%.8g\n" if n < table.order else "\n")
    for start in range(0, len(words[-1]), _LINES):
        some = slice(start, start + _LINES)
        columns: list[list[Any]] = [_log10(_at_most_one(table.log_probs[n - 1][some]))]
        if n == 1 and len(columns[0]) < len(words[0][some]):
            columns[0].append(_ZERO)  # of <s>
        columns += _spelled(words, contexts, some, names)
        if n < table.order:
            columns.append(_log10(table.log_backoffs[n - 1][some]))
        yield "".join(map(template.__mod__, zip(*columns, strict=True)))


def _spelled(
    words: list[np.ndarray], contexts: list[np.ndarray], some: slice, names: np.ndarray
) -> list[list[str]]:
    """First words, second words, … of some n-grams, found by following contexts back from the last word."""
    columns = [names[words[-1][some]].tolist()]
    ids: np.ndarray | slice = some
    for last, above in zip(words[-2::-1], contexts[::-1], strict=True):
        ids = above[ids]
        columns.append(names[last[ids]].tolist())
    return columns[::-1]


def _at_most_one(log_probs: np.ndarray) -> np.ndarray:
    """The logarithms without what float32 puts above 0, which readers refuse. Raises UserError for more."""
    if log_probs.max(initial=0) > _ROUNDING:
        raise UserError(
            "an ARPA file cannot hold this model, whose scores exceed 1: they are no probabilities"
        )
    return np.minimum(log_probs, 0)


def _log10(natural: np.ndarray) -> list[float]:
    return np.maximum(natural.astype(np.float64) / log(10), _ZERO).tolist()
