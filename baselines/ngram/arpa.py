"""ARPA files: the text format that n-gram tools exchange backoff models in.

One line an n-gram, `log10 p*  words  log10 b`, tab-separated, order by order (SRILM's
ngram-format(5) defines it). Read by KenLM, SRILM and IRSTLM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log
from pathlib import Path

import numpy as np

from baselines.ngram.backoff import BackoffTable
from baselines.ngram.keys import contexts_of, last_words
from benchmark.errors import UserError

START = "<s>"
#: log10 of what the format writes for zero.
_ZERO = -99.0
_LINES = 1 << 17  # lines formed at a time
_SEPARATOR = re.compile(r"[\0\t\n\v\f\r ]")


def write_arpa(table: BackoffTable, spellings: Sequence[str], path: Path) -> None:
    """Write `table` with word i spelled `spellings[i]`, UTF-8.

    `<s>` gets its backoff weight and no probability. `<unk>` and `</s>`, which readers expect, are added
    without probability where they are not among the spellings. Raises UserError for a spelling that the
    format cannot hold: empty, with a blank in it, or `<s>`.
    """
    for word in spellings:
        if not word or word == START or _SEPARATOR.search(word):
            raise UserError(f"an ARPA file cannot hold the word {word!r}: give it another spelling")
    added = [word for word in ("<unk>", "</s>") if word not in spellings]
    names = np.array([*spellings, START], dtype=object)
    with path.open("w", encoding="utf-8", newline="\n") as file:
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
    """The section of order n, many lines a string."""
    log10_probs = table.log_probs[n - 1] / log(10)
    if n == 1:
        log10_probs = np.append(log10_probs, _ZERO)
    ending = "\t%.8g\n" if n < table.order else "\n"
    template = "%.8g\t" + " ".join(["%s"] * n) + ending
    for start in range(0, len(log10_probs), _LINES):
        some = slice(start, start + _LINES)
        columns = [log10_probs[some].tolist(), *_columns(table, n, some, names)]
        if n < table.order:
            columns.append((table.log_backoffs[n - 1][some] / log(10)).tolist())
        yield "".join(map(template.__mod__, zip(*columns, strict=True)))


def _columns(table: BackoffTable, n: int, some: slice, names: np.ndarray) -> list[list[str]]:
    """First words, second words, … of some n-grams, following contexts down from the last word."""
    columns: list[list[str]] = []
    ids = np.arange(len(names))[some] if n == 1 else table.keys[n - 2][some]
    for order in range(n, 1, -1):
        columns.append(names[last_words(ids, table.words)].tolist())
        contexts = contexts_of(ids, table.words)
        ids = contexts if order == 2 else table.keys[order - 3][contexts]
    columns.append(names[ids].tolist())
    return columns[::-1]
