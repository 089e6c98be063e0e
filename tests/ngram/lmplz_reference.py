"""KenLM's estimator beside ours: the same lines, every n-gram compared."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import pytest
from ngram_texts import Lines, stream_of, vocabulary_of, with_ends

from baselines.ngram.arpa.match_vocabulary import match_vocabulary
from baselines.ngram.arpa.read import read_arpa
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.unpacked import UnpackedOrder, unpack
from benchmark.contract import RunLog, TokenStream
from benchmark.corpus import END, UNKNOWN
from benchmark.sweep.compose import collect

LMPLZ = shutil.which(os.environ.get("NEXTWORD_LMPLZ", "lmplz")) or ""
NEEDED = "needs lmplz on the PATH, or its path in NEXTWORD_LMPLZ"
#: What lmplz refuses in a text, and what stands for it.
RESERVED = {UNKNOWN: "<rare>", "<s>": "<begin>", END: "<end>"}


@dataclass(frozen=True)
class Apart:
    """How far two models are apart: n-grams of only one of them, largest differences in log10."""

    ngrams: int
    unshared: int
    log10_probs: float
    log10_backoffs: float


def stream_for_lmplz(lines: Lines) -> TokenStream:
    """The lines over their words and an `<unk>` that never occurs."""
    tokens = with_ends([[RESERVED.get(word, word) for word in line] for line in lines])
    return stream_of(tokens, vocabulary_of(tokens, UNKNOWN))


#: Each corpus's training split, every word kept, one sentence a line.
CORPORA = {
    "ptb": ["corpus=ptb"],
    "brown": ["corpus=brown", "corpus.end_of_line=true", "corpus.vocabulary.min_count=1"],
    "reuters": ["corpus=reuters", "corpus.vocabulary.size=null"],
}


def corpus_for_lmplz(name: str, folder: Path) -> TokenStream:
    """The training split of a corpus of NEXTWORD_CORPORA, encoded in `folder`; skips without it."""
    corpora = os.environ.get("NEXTWORD_CORPORA")
    if not corpora:
        pytest.skip("needs corpora in NEXTWORD_CORPORA")
    places = [f"corpora_dir={corpora}", f"cache_dir={folder / 'cache'}"]
    (job,) = collect([*CORPORA[name], "corpus.expect=null", *places])
    return stream_for_lmplz(lines_of(job.open_corpus(lambda _: None).train))


def lines_of(stream: TokenStream) -> Lines:
    """The words of each line, without its `</s>`."""
    names = np.array(stream.vocabulary.tokens, dtype=object)
    places = zip(stream.lines, stream.lines[1:] - 1, strict=False)
    return [names[stream.ids[start:stop]].tolist() for start, stop in places]


def run_lmplz(stream: TokenStream, order: int, folder: Path, *options: str) -> Path:
    """The ARPA file of lmplz with `options` on the stream's lines."""
    names = np.array(stream.vocabulary.tokens, dtype=object)
    names[stream.vocabulary.end] = "\n"
    (folder / "text").write_text(" ".join(names[stream.ids]), encoding="utf-8")
    arpa = folder / "theirs.arpa"
    command = [LMPLZ, "-o", str(order), "-S", "1G", "-T", f"{folder}/", "--discount_fallback", *options]
    command += ["--text", str(folder / "text"), "--arpa", str(arpa)]
    subprocess.run(command, check=True, capture_output=True)
    return arpa


def by_lmplz(stream: TokenStream, order: int, folder: Path, *options: str) -> list[UnpackedOrder]:
    arpa = run_lmplz(stream, order, folder, *options)
    return match_vocabulary(read_arpa(arpa), stream.vocabulary).orders


def by_us(stream: TokenStream, order: int) -> list[UnpackedOrder]:
    model = KneserNey(order=order, conventions="kenlm")
    model.fit(stream, stream, RunLog())
    return unpack(model.table)


def apart(ours: Sequence[UnpackedOrder], theirs: Sequence[UnpackedOrder]) -> Apart:
    """n-grams by their words; of the shared ones, differences of p* (not of `<s>`) and b."""
    assert len(ours) == len(theirs)
    assert not any(order.implied.any() for order in theirs)
    probs = backoffs = 0.0
    if any(map(_differ, ours, theirs)):
        ours_listed, theirs_listed = (_words(model) for model in (ours, theirs))
        return Apart(len(ours_listed), len(ours_listed ^ theirs_listed), np.nan, np.nan)
    for a, b in zip(ours, theirs, strict=True):
        events = a.last_words < len(ours[0]) - 1
        probs = max(probs, _farthest(a.log_probs[events], b.log_probs[events]))
        backoffs = max(backoffs, _farthest(a.log_backoffs, b.log_backoffs))
    return Apart(sum(map(len, ours)) - 1, 0, probs, backoffs)


def _differ(a: UnpackedOrder, b: UnpackedOrder) -> bool:
    return not (np.array_equal(a.contexts, b.contexts) and np.array_equal(a.last_words, b.last_words))


def _farthest(a: np.ndarray, b: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):
        difference = np.where(a == b, 0, np.abs(a - b))  # two zeros (−∞) agree
    return float(difference.max(initial=0)) / log(10)


def _words(model: Sequence[UnpackedOrder]) -> set[tuple[int, ...]]:
    found, above = set(), [()]
    for order in model:
        above = [
            (*above[context], word)
            for context, word in zip(order.contexts.tolist(), order.last_words.tolist(), strict=True)
        ]
        found.update(above)
    return found
