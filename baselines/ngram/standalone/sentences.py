"""Sentences from a file, a pipe or any iterable, as ids of words.

Input: text with a sentence on each line and words between spaces; or strings or lists of words, one for each
sentence, which are read once and may be more than memory holds.

Output: a `TokenStream` with `</s>` after each sentence, whose vocabulary is that of the text or a given one.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from baselines.ngram.sorting.storage import MemoryColumn
from baselines.ngram.sorting.threads import thread_count
from benchmark.corpus.document import FileDocument, Span, pieces
from benchmark.corpus.marks import MarkRule
from benchmark.corpus.stream import TokenStream
from benchmark.corpus.token_numbering import WordTokens
from benchmark.corpus.vocabulary import END, UNKNOWN, Vocabulary
from benchmark.corpus.word_numbering import MULTIPLIERS, HashCollision
from benchmark.errors import UserError

#: One sentence: its words between spaces, or one by one.
Sentence = str | Sequence[str]
#: A file of sentences (`-` is standard input; .gz, .bz2 and .xz are unpacked), or sentences.
Source = str | Path | Iterable[Sentence]

_SEPARATORS = frozenset("\t\n\v\f\r ")
_LINES = 1 << 12  # sentences joined at a time
_UNPACKED: dict[str, Callable[[IO[bytes]], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def training_stream(source: Source, rule: MarkRule, words: Iterable[str] | None = None) -> TokenStream:
    """The sentences over their own vocabulary, most frequent words first, with `</s>` and `<unk>`.

    With `words`, the vocabulary is these, `</s>` and `<unk>`, and any other word counts as `<unk>`. `rule`
    says what becomes of marks in the text. Raises UserError for a source that cannot be read or is empty.
    """
    text = _numbered(source, rule)
    if not len(text.numbers):
        raise UserError(f"{text.name}: there are no sentences to learn from")
    if words is None:
        counts = dict(zip(text.types, text.counts.tolist(), strict=True))
    else:
        known = dict.fromkeys(words, 0)
        _check_words(known)
        counts = {END: 0, UNKNOWN: 0, **known}
        for word, count in zip(text.types, text.counts.tolist(), strict=True):
            counts[word if word in counts else UNKNOWN] += count
    counts.setdefault(UNKNOWN, 0)
    ranked = sorted(counts, key=counts.__getitem__, reverse=True)
    return text.over(Vocabulary(tuple(ranked), np.array([counts[word] for word in ranked], dtype=np.int64)))


def scoring_stream(source: Source, rule: MarkRule, vocabulary: Vocabulary) -> TokenStream:
    """The sentences over a vocabulary that has `<unk>`. Raises UserError for a source that cannot be read."""
    return _numbered(source, rule).over(vocabulary)


def words_of(sentence: Sentence) -> list[str]:
    """The words of a sentence. Raises UserError for a word that a text could not hold."""
    if isinstance(sentence, str):
        return [
            word.decode() for word in sentence.encode().split()
        ]  # as in a text: at ASCII white space only
    words = list(sentence)
    _check_words(words)
    return words


def _check_words(words: Iterable[str]) -> None:
    for word in words:
        if not isinstance(word, str):
            raise UserError(f"{word!r} is no word: give text")
        if not word or not _SEPARATORS.isdisjoint(word):
            raise UserError(f"{word!r} is no word: it is empty or has white space in it")


@dataclass(frozen=True)
class _Numbered:
    """A text as numbers of its types, in the order in which they first occur; type 0 is `</s>`."""

    name: str
    numbers: np.ndarray  # int32 [tokens]
    types: list[str]
    counts: np.ndarray  # int64 [types]

    def over(self, vocabulary: Vocabulary) -> TokenStream:
        """The text as ids of a vocabulary with `<unk>` and `</s>`."""
        unknown = vocabulary.ids[UNKNOWN]
        ids = np.array([vocabulary.ids.get(word, unknown) for word in self.types], dtype=np.uint32)
        ids[0] = vocabulary.ids[END]
        return TokenStream.from_ids(ids.take(self.numbers), vocabulary)


def _numbered(source: Source, rule: MarkRule) -> _Numbered:
    document = _text(source)
    for multiplier in MULTIPLIERS:
        try:
            return _number(document, rule, WordTokens(end_of_line=True, multiplier=multiplier))
        except HashCollision:  # two words have the same hash: hash again
            if not document.again:
                raise UserError(
                    f"{document.name} would have to be read again: give a file or a list"
                ) from None
    raise HashCollision


def _number(document: _Text, rule: MarkRule, words: WordTokens) -> _Numbered:
    numbers, counts = MemoryColumn(), np.zeros(1, dtype=np.int64)
    with ThreadPoolExecutor(thread_count()) as pool:
        for piece in words.split(pieces([Span(document)], rule=rule), pool.map):
            numbers.append(piece.numbers)
            seen = np.bincount(piece.numbers, minlength=len(counts))
            seen[: len(counts)] += counts
            counts = seen
    return _Numbered(document.name, numbers.finish(), words.types(), counts)


@dataclass(frozen=True)
class _Text:
    """A document; `again` tells whether it can be read more than once."""

    name: str
    opened: Callable[[], IO[bytes]]
    again: bool

    def open(self) -> IO[bytes]:
        return self.opened()

    def digest(self) -> str:
        raise NotImplementedError("only a corpus of the harness is identified by its text")

    def tags(self) -> None:
        """The words of a text have no known tags."""


def _text(source: Source) -> _Text:
    if isinstance(source, (str, Path)):
        path = Path(source)
        if str(path) == "-":
            return _Text("standard input", lambda: cast("IO[bytes]", _Standard()), again=False)
        return _Text(str(path), lambda: _opened(path), again=path.is_file())
    return _Text(
        "the sentences",
        lambda: cast("IO[bytes]", _Joined(iter(source))),
        again=not isinstance(source, Iterator),
    )


def _opened(path: Path) -> IO[bytes]:
    file = FileDocument(path).open()
    unpack = _UNPACKED.get(path.suffix)
    return cast("IO[bytes]", _Unpacked(unpack(file))) if unpack else file


class _Unpacked(io.RawIOBase):
    """The content of a packed file. Its faults are OSErrors, as those of other files are."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except (EOFError, lzma.LZMAError, zlib.error) as error:
            raise OSError(f"it is damaged or cut short ({error})") from error

    def close(self) -> None:
        self._file.close()
        super().close()


class _Standard(io.RawIOBase):
    """Standard input, which stays open."""

    def read(self, size: int = -1) -> bytes:
        return sys.stdin.buffer.read(size)


class _Joined(io.RawIOBase):
    """Sentences joined to lines while they are read."""

    def __init__(self, sentences: Iterator[Sentence]) -> None:
        self._sentences, self._number = sentences, 0

    def read(self, size: int = -1) -> bytes:
        """The next lines, whatever `size` is; nothing at the end."""
        lines = []
        for sentence in islice(self._sentences, _LINES):
            self._number += 1
            lines.append(self._line(sentence))
        return b"".join(lines)

    def _line(self, sentence: Sentence) -> bytes:
        try:
            line = sentence if isinstance(sentence, str) else " ".join(words_of(sentence))
            if "\n" in line:
                raise UserError("it has a line break in it: give one sentence at a time")
            return line.encode() + b"\n"
        except UserError as error:
            raise UserError(f"sentence {self._number:,}: {error}") from None
        except UnicodeEncodeError as error:
            raise UserError(f"sentence {self._number:,}: it has half a character ({error.reason})") from None
